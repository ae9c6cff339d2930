# fish completion for acpctl
#
# Asks the program itself: acpctl __complete WORDS... prints one candidate for each line, with a tab and a
# description where there is one, then ":" and a number whose bit 2 (4) means that no file names are wanted.

# Asks once for each Tab; false where file names are wanted instead.
function __acpctl_ask
    set -l asked (commandline -opc)
    set -l program $asked[1]
    set -e asked[1]
    set -l current (commandline -ct | string unescape 2>/dev/null; or commandline -ct)
    set -l lines ($program __complete $asked "$current" 2>/dev/null)
    set -g __acpctl_candidates
    test (count $lines) -gt 0; or return 1
    set -l directive (string replace -r '^:' '' -- $lines[-1])
    set -e lines[-1]
    # Candidates for --flag=value come without the flag.
    set -l flag (string match -r -- '^-[^=]*=' "$current")
    for line in $lines
        set -a __acpctl_candidates "$flag$line"
    end
    test (count $__acpctl_candidates) -gt 0; or test (math "bitand($directive, 4)") -ne 0
end

complete -c acpctl -e
complete -c acpctl -n __acpctl_ask -f -a '$__acpctl_candidates'
