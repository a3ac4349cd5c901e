"""`dynacli completion`: prints the completion script for a shell."""

import click

from dynacli.commands.run import Run
from dynacli.environment import program

# Each script passes the arguments to `dynacli __complete` and uses its output unchanged: the shell expands nothing in
# it, so `*` in a description stays `*`. If there are no candidates, the shell offers files; after `@` it always does.
# A baked tool puts its own name instead of `dynacli`.
_SCRIPTS = {
    "bash": r"""_dynacli_complete() {
    local rest="${COMP_LINE:0:COMP_POINT}" line last breaks='' head='' quoted='' char i
    local -a words=()
    # COMP_WORDS is split at every character of COMP_WORDBREAKS, `:` and `=` among them;
    # what stands together on the line is one word again.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        line="${rest#"${rest%%[![:space:]]*}"}"
        if [[ ${#words[@]} -eq 0 || "$line" != "$rest" ]]; then
            words+=('')
        fi
        # The last one ends at the cursor.
        last="${COMP_WORDS[i]}"
        ((i == COMP_CWORD)) && last="$line"
        rest="${line#"$last"}"
        words[${#words[@]}-1]+="$last"
    done
    last="${words[${#words[@]}-1]}"
    for ((i = 0; i < ${#words[@]}; i++)); do
        # Quotes go, and `~` is the home directory; nothing else of a word is expanded.
        line="${words[i]//[\"\'\\]/}"
        [[ "$line" == '~/'* && $i -lt $((${#words[@]} - 1)) ]] && line="$HOME/${line#'~/'}"
        words[i]="$line"
    done
    # Readline replaces only what follows the last of its word breaks, unless they are quoted.
    for char in ':' '='; do
        [[ "$COMP_WORDBREAKS" == *"$char"* ]] && breaks+="$char"
    done
    line="${words[${#words[@]}-1]}"
    if [[ "$last" == [\"\']* ]]; then
        quoted=1
    elif [[ -n "$breaks" ]]; then
        head="${line%"${line##*[$breaks]}"}"
    fi
    COMPREPLY=()
    last="${line##*=}"
    if [[ "$last" == @* ]]; then
        last="${last#@}"
        while IFS= read -r line; do
            [[ -d "${line/#'~/'/$HOME/}" ]] && line="$line/"
            COMPREPLY+=("@$line")
        done < <(compgen -f -- "$last")
        [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == */ ]] && compopt -o nospace
        return 0
    fi
    while IFS= read -r line; do
        line="${line#"$head"}"
        # Brackets of an array's index would be a pattern.
        [[ "$line" == *'['* && -z "$quoted" ]] && printf -v line '%q' "$line"
        COMPREPLY+=("$line")
    done < <(command "${words[0]}" __complete bash "${words[@]:1}" 2>/dev/null </dev/null)
    # A file follows `har=`.
    [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == *= ]] && compopt -o nospace
    return 0
}
complete -o default -F _dynacli_complete dynacli
""",
    "zsh": r"""#compdef dynacli
_dynacli() {
    local line word description
    local -a described asked
    # Quotes go, and `~` is the home directory; the last word ends at the cursor.
    asked=("${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}")
    asked[1,-2]=("${(@)asked[1,-2]/#\~\//$HOME/}")
    if [[ "$PREFIX" == (|*=)@* ]]; then
        compset -P '*@'
        _files
        return
    fi
    while IFS= read -r line; do
        # `_describe` separates the word from its description by a colon.
        word="${line%%$'\t'*}" description=""
        [[ "$line" == *$'\t'* ]] && description="${line#*$'\t'}"
        described+=("${word//:/\\:}${description:+:$description}")
    done < <(command "${asked[1]}" __complete zsh "${(@)asked[2,-1]}" 2>/dev/null </dev/null)
    if (( ${#described} )); then
        _describe -V dynacli described
    else
        _files
    fi
}
if [[ "$funcstack[1]" == _dynacli ]]; then
    _dynacli "$@"
else
    compdef _dynacli dynacli
fi
""",
    "fish": r"""function __dynacli_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    # `~` is the home directory.
    set words (string replace -r -- '^~/' "$HOME/" $words)
    if string match -qr -- '^(.*=)?@' "$current"
        set -l head (string replace -r -- '@.*' '@' "$current")
        set -l path (string replace -r -- '^[^@]*@' '' "$current")
        for file in (__fish_complete_path "$path")
            printf '%s%s\n' $head $file
        end
        return
    end
    set -l asked (string unescape -- "$current"; or printf '%s\n' "$current")
    set -l found (command $words[1] __complete fish $words[2..-1] "$asked" 2>/dev/null </dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path "$current"
    end
end
complete -c dynacli -f -a '(__dynacli_complete)'
""",
    # Windows PowerShell drops empty arguments and quotes when it starts a program, and decodes its output with the code
    # page of the console. So the arguments are sent in Base64, and the output is JSON in ASCII.
    "powershell": r"""Register-ArgumentCompleter -Native -CommandName dynacli -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $result = [System.Management.Automation.CompletionResult]
    $quoted = {
        param($text)
        if ($text -cmatch '^[A-Za-z0-9_+./:=-]+\z') { return $text }
        "'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($text) + "'"
    }
    # Quotes go; nothing else of a word is expanded. The last one ends at the cursor.
    $words = @(
        foreach ($element in $commandAst.CommandElements) {
            $extent = $element.Extent
            if ($extent.StartOffset -ge $cursorPosition) { break }
            $end = $extent.EndOffset
            if ($end -gt $cursorPosition) {
                $extent.Text.Substring(0, $cursorPosition - $extent.StartOffset) -replace '^[''"]'
            } elseif ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) {
                $element.Value
            } else {
                $extent.Text -replace '^"|"$'
            }
        }
        if ($end -lt $cursorPosition) { '' }
    )
    if ($words[-1] -match '^((?:[^@]*=)?@)((?:.*[/\\])?)([^/\\]*)$') {
        $start, $folder, $name = $Matches[1..3]
        $place = if ($folder) { $folder } else { '.' }
        foreach ($file in Get-ChildItem -LiteralPath $place -ErrorAction SilentlyContinue) {
            if ($file.Name.StartsWith($name, [StringComparison]::OrdinalIgnoreCase)) {
                $path = $folder + $file.Name + $(if ($file.PSIsContainer) { '/' })
                $result::new((& $quoted "$start$path"), $path, 'ProviderItem', $path)
            }
        }
        return
    }
    $program, $words = $words
    $asked = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes(($words -join "`0")))
    foreach ($found in (& $program __complete powershell $asked 2>$null | ConvertFrom-Json)) {
        $about = if ($found.about) { $found.about } else { $found.word }
        $result::new((& $quoted $found.word), $found.word, 'ParameterValue', $about)
    }
}
""",
}


@click.pass_obj
def write_script(run: Run, shell: str) -> None:
    """Run `completion`."""
    run.env.stdout.write(_SCRIPTS[shell].replace("dynacli", program().name))
