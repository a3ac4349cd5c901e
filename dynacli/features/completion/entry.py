"""The entry of this feature in the table of commands."""

from dynacli.options.command import ALONE, MANAGE, Argument, Command

COMMANDS = (
    Command(
        "completion",
        section=MANAGE,
        runs="features.completion.command:write_script",
        help="Print the completion script for a shell",
        about=(
            'Bash: add `eval "$(dynacli completion bash)"` to `~/.bashrc`.\n\n'
            'Zsh: add `eval "$(dynacli completion zsh)"` to `~/.zshrc`, after `compinit`.\n\n'
            "Fish: run `dynacli completion fish > ~/.config/fish/completions/dynacli.fish`.\n\n"
            "PowerShell: add `dynacli completion powershell | Out-String | Invoke-Expression` to the file `$PROFILE`."
        ),
        examples=("dynacli completion bash", "dynacli completion fish"),
        arguments=(Argument("shell", values=("bash", "zsh", "fish", "powershell")),),
        is_plain=True,
        of_tool=ALONE,
    ),
)
