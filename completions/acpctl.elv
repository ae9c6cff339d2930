# elvish completion for acpctl
#
# Asks the program itself: acpctl __complete WORDS... prints one candidate for each line, with a tab and a
# description where there is one, then ":" and a number whose bit 2 (4) means that no file names are wanted.

use math
use str

set edit:completion:arg-completer[acpctl] = {|program @words|
    var current = $words[-1]
    var lines = []
    try {
        set lines = [((external $program) __complete $@words 2>/dev/null | from-lines)]
    } catch {
        nop
    }
    # Candidates for --flag=value come without the flag.
    var flag = ''
    if (and (str:has-prefix $current '-') (str:contains $current '=')) {
        set flag = (str:join '' [[(str:split &max=2 '=' $current)][0] '='])
    }
    var directive = 0
    var found = $false
    for line $lines {
        if (str:has-prefix $line ':') {
            set directive = $line[1..]
        } elif (not-eq $line '') {
            var parts = [(str:split &max=2 "\t" $line)]
            set found = $true
            if (== (count $parts) 2) {
                edit:complex-candidate $flag$parts[0] &display=$parts[0]' ('$parts[1]')'
            } else {
                edit:complex-candidate $flag$parts[0]
            }
        }
    }
    if (and (not $found) (== 0 (% (math:floor (/ $directive 4)) 2))) {
        edit:complete-filename $@words
    }
}
