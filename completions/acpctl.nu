# nushell completion for acpctl
#
# Asks the program itself: acpctl __complete WORDS... prints one candidate for each line, with a tab and a
# description where there is one, then ":" and a number whose bit 2 (4) means that no file names are wanted.
# Load it from config.nu: source acpctl.nu. A completer for other programs that is set before it stays.

let acpctl_other_completer = $env.config.completions.external.completer?

$env.config.completions.external.enable = true
$env.config.completions.external.completer = {|spans: list<string>|
    if ($spans.0 | path basename) == 'acpctl' {
        # Words come as they were typed, with their quotes.
        let words = $spans | skip 1 | each { |word| $word | str trim --char '"' | str trim --char "'" | str trim --char '`' }
        let answer = ^$spans.0 __complete ...$words | complete
        let lines = $answer.stdout | lines
        # Candidates for --flag=value come without the flag.
        let current = $words | last
        let flag = if ($current =~ '^-[^=]*=') { ($current | split row '=' | first) + '=' } else { '' }
        let found = $lines
            | where { |line| $line != '' and not ($line | str starts-with ':') }
            | each { |line|
                let parts = $line | split row --number 2 (char tab)
                # A word with other characters is quoted, so that it stays one word and is not run.
                let word = $flag + $parts.0
                let value = if $word =~ '^[A-Za-z0-9_@%+=:,./-]+$' { $word } else {
                    '"' + ($word | str replace --all '\' '\\' | str replace --all '"' '\"') + '"'
                }
                { value: $value, description: ($parts | get --optional 1 | default '') }
            }
        let directive = $lines | where { |line| $line | str starts-with ':' } | get --optional 0 | default ':0' | str substring 1.. | into int
        # null lets nushell offer file names.
        if ($found | is-empty) and ($directive | bits and 4) == 0 { null } else { $found }
    } else if $acpctl_other_completer != null {
        do $acpctl_other_completer $spans
    }
}
