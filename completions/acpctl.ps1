# powershell completion for acpctl
#
# Asks the program itself: acpctl __complete WORDS... prints one candidate for each line, with a tab and a
# description where there is one, then ":" and a number whose bit 2 (4) means that no file names are wanted.

Register-ArgumentCompleter -Native -CommandName 'acpctl' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $asked = @()
    foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {
        if ($element.Extent.StartOffset -ge $cursorPosition) { break }
        if ($element.Extent.EndOffset -ge $cursorPosition) { break }
        $asked += if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) {
            $element.Value
        } else {
            $element.Extent.Text
        }
    }
    # An empty argument is lost on the way to a program in older versions, unless it is quoted twice.
    $current = if ($wordToComplete -ne '') { $wordToComplete }
        elseif ($PSVersionTable.PSVersion -ge [version]'7.3') { '' }
        else { '""' }
    $program = $commandAst.CommandElements[0].Extent.Text
    $lines = @(& $program __complete @asked $current 2>$null)

    # Candidates for --flag=value come without the flag.
    $flag = if ($wordToComplete -match '^(-[^=]*=)') { $Matches[1] } else { '' }
    $directive = 0
    $found = @()
    foreach ($line in $lines) {
        if ($line.StartsWith(':')) { $directive = [int]$line.Substring(1); continue }
        $name, $text = $line -split "`t", 2
        if (-not $name) { continue }
        if (-not $text) { $text = $name }
        $insert = $flag + $name
        if ($insert -match '[^\w@%+=:,./-]') { $insert = "'" + $insert.Replace("'", "''") + "'" }
        $found += [System.Management.Automation.CompletionResult]::new($insert, $name, 'ParameterValue', $text)
    }
    if ($found.Count -gt 0) { return $found }
    # One empty result keeps file names away.
    if ($directive -band 4) { return '' }
}
