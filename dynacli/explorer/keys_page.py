"""The page that says what the keys of the explorer do."""

from typing import Final

__all__ = ["KEYS"]

KEYS: Final = """\
F1        this page                  F2, /     search the operations
F3        the request                F4        the answer
F5, ^S    send                       Esc       cancel the call, or back
F6        body as form or as text    F7        fill in an example
F8        give an empty text         F12, ^O   about the input
F9, ^Y    copy the command line      F10, ^Q   leave

Tab, Shift-Tab and the arrows move; Enter opens, chooses and closes.
In the answer p, t, r, h, v and y show its views: pretty, table, raw,
headers, verdict and the history of calls; / finds a text, n and N go
to the next place and back; s saves the answer, c copies what is shown;
l signs in.
What was copied is printed on leaving, too. The mouse works as well.\
"""
