"""The only place of dynacli that writes to the terminal.

Standard output carries data, byte for byte where it is a pipe; everything else goes to standard error.
Text from outside (documents, answers, headers) passes `terminal.visible` before a terminal sees it.

Nothing is imported here: `--help` needs `terminal` and `markdown` alone, and a start is counted
in milliseconds.
"""
