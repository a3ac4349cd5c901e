"""`dynacli completion`: the script that teaches a shell to complete dynacli's words."""

import click

from dynacli.commands.run import Run
from dynacli.commands.verb import Verb

__all__ = ["command"]

# Each script hands the words to `dynacli __complete` and takes its lines as they are:
# nothing of them is evaluated or expanded, so `*` in a description stays `*`.
_SCRIPTS = {
    "bash": r"""_dynacli_complete() {
    local IFS=$'\n' cur line
    local -a words
    # COMP_WORDBREAKS splits words at `:` and `=`; the line itself is taken apart at spaces instead.
    read -r -d '' -a words < <(printf '%s' "${COMP_LINE:0:COMP_POINT}" | tr -s ' ' '\n'; printf '\0')
    cur="${COMP_LINE:0:COMP_POINT}"
    case "$cur" in *' ') words+=('') ;; esac
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(command "${words[0]}" __complete bash "${words[@]:1}" 2>/dev/null)
    # Readline replaces what is behind the last `:` or `=` only.
    local last="${words[${#words[@]}-1]}"
    if [[ "$last" == *[:=]* && "$COMP_WORDBREAKS" == *:* ]]; then
        local prefix="${last%"${last##*[:=]}"}" i
        for i in "${!COMPREPLY[@]}"; do
            COMPREPLY[i]="${COMPREPLY[i]#"$prefix"}"
        done
    fi
    [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == */ ]] && compopt -o nospace
    return 0
}
complete -o default -F _dynacli_complete dynacli
""",
    "zsh": r"""#compdef dynacli
_dynacli() {
    local line
    local -a described
    while IFS= read -r line; do
        # `_describe` separates the word from its description by a colon.
        local word="${line%%$'\t'*}" told=""
        [[ "$line" == *$'\t'* ]] && told="${line#*$'\t'}"
        described+=("${word//:/\\:}${told:+:$told}")
    done < <(command ${words[1]} __complete zsh "${(@)words[2,CURRENT]}" 2>/dev/null)
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
    command $words[1] __complete fish $words[2..-1] "$current" 2>/dev/null
end
complete -c dynacli -f -a '(__dynacli_complete)'
complete -c dynacli -n 'string match -q -- "*@*" (commandline -ct)' -F
""",
}


def _completion(ctx: click.Context, shell: str) -> None:
    run: Run = ctx.obj
    run.env.stdout.write(_SCRIPTS[shell])


command = Verb(
    "completion",
    params=[click.Argument(["shell"], type=click.Choice(tuple(_SCRIPTS)))],
    callback=click.pass_context(_completion),
    help="Print the completion script for a shell.\n\n"
    'Bash: add `eval "$(dynacli completion bash)"` to ~/.bashrc. '
    'Zsh: add `eval "$(dynacli completion zsh)"` to ~/.zshrc, behind `compinit`. '
    "Fish: `dynacli completion fish > ~/.config/fish/completions/dynacli.fish`.",
)
