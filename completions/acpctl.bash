# bash completion for acpctl
#
# Asks the program itself: acpctl __complete WORDS... prints one candidate for each line, with a tab and a
# description where there is one, then ":" and a number whose bit 2 (4) means that no file names are wanted.

# Sets words to the line up to the cursor, with what bash splits at = and : joined again.
__acpctl_words() {
    local line=${COMP_LINE:0:COMP_POINT} word gap i
    words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        gap=${line%%[![:space:]]*}
        line=${line#"$gap"}
        word=${word:0:${#line}}
        line=${line:${#word}}
        if [[ -z $gap && ${#words[@]} -gt 0 ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
    done
}

# Prints a word without the quotes and backslashes of the shell; nothing in it is expanded.
__acpctl_unquoted() {
    local word=$1 plain='' quote='' c i
    for ((i = 0; i < ${#word}; i++)); do
        c=${word:i:1}
        if [[ $c == '\' && $quote != "'" ]]; then
            ((i++))
            plain+=${word:i:1}
        elif [[ -n $quote && $c == "$quote" ]]; then
            quote=''
        elif [[ -z $quote && ($c == "'" || $c == '"') ]]; then
            quote=$c
        else
            plain+=$c
        fi
    done
    printf '%s' "$plain"
}

_acpctl() {
    local -a words asked names texts
    local current head='' tail lines line name text directive=0 i list='' wide room
    __acpctl_words
    asked=()
    for ((i = 1; i < ${#words[@]}; i++)); do
        asked+=("$(__acpctl_unquoted "${words[i]}")")
    done
    current=${words[${#words[@]} - 1]}
    lines=$("${words[0]}" __complete "${asked[@]}" 2>/dev/null) || return 0

    # Readline replaces only what follows the last = or : of the word.
    tail=${current##*[:=]}
    if [[ $current == *[:=]* && $COMP_WORDBREAKS == *:* && $COMP_WORDBREAKS == *=* ]]; then
        head=${current%"$tail"}
    fi
    # Candidates for --flag=value come without the flag.
    local flag=''
    [[ $current == -*=* ]] && flag=${current%%=*}=

    names=() texts=()
    while IFS= read -r line; do
        if [[ $line == :* ]]; then
            directive=${line#:}
            continue
        fi
        [[ -n $line ]] || continue
        name=${line%%$'\t'*}
        text=''
        [[ $line == *$'\t'* ]] && text=${line#*$'\t'}
        if [[ $current == [\'\"]* ]]; then
            # Inside quotes only what needs none is safe to insert.
            [[ $(printf '%q' "$name") == "$name" ]] || continue
        else
            printf -v name '%q' "$name"
        fi
        name=$flag$name
        names+=("${name#"$head"}")
        texts+=("$text")
    done <<<"$lines"

    ((directive & 4)) && compopt +o default 2>/dev/null
    ((directive & 2)) && compopt -o nospace 2>/dev/null
    # Descriptions are for the list alone: what is inserted must not hold them.
    [[ $COMP_TYPE == 63 || $COMP_TYPE == 33 || $COMP_TYPE == 64 ]] && ((${#names[@]} > 1)) && list=yes
    COMPREPLY=()
    for ((i = 0; i < ${#names[@]}; i++)); do
        if [[ -n $list && -n ${texts[i]} ]]; then
            text="${names[i]}  (${texts[i]})"
            # Letters beyond ASCII may take two columns.
            wide=${text//[[:ascii:]]/}
            room=$((${COLUMNS:-80} - 1 - ${#wide}))
            COMPREPLY+=("${text:0:$((room > 1 ? room : 1))}")
        else
            COMPREPLY+=("${names[i]}")
        fi
    done
    return 0
}

complete -o default -F _acpctl acpctl
