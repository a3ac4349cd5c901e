"""The options of dynacli's own verbs as completion knows them.

They are those of the commands, which would bring click along; a test holds the two against each other.
"""

from collections.abc import Mapping
from typing import NamedTuple

from dynacli.library.configuration.configuration import DEMO

__all__ = [
    "ANY",
    "API_VERBS",
    "CACHE_VERBS",
    "DEMO_OPTIONS",
    "EXAMPLE",
    "HELP_ONLY",
    "HERE",
    "INPUTS",
    "ROOT",
    "STANDARD",
    "VERB_OPTIONS",
    "Option",
    "Options",
]


class Option(NamedTuple):
    """An option as far as completion cares.

    Args:
        values: What may stand behind it; empty where that is anything.
        takes_value: Whether the word behind it is its value.
        is_optional: Whether it is so only for one of `values`.
        is_listed: Whether it is a candidate itself.
    """

    values: tuple[str, ...] = ()
    takes_value: bool = True
    is_optional: bool = False
    is_listed: bool = True
    description: str = ""


Options = Mapping[str, Option]
SWITCH = Option(takes_value=False)
ANY = Option()
UNLISTED = Option(is_listed=False)

# The tables of `dynacli.commands`, which would bring click along; a test holds them against each other.
FORMAT = Option(("auto", "json", "yaml", "raw", "text"))
STANDARD: Options = {
    "--output": FORMAT,
    "-o": FORMAT._replace(is_listed=False),
    "--validate": Option(("off", "warn", "strict", "exact")),
    "--report": Option(("json", "junit", "sarif", "github")),
    "--dry-run": Option(("http", "json", "curl"), is_optional=True),
    "--show-secrets": SWITCH,
    "--server": ANY,
    "--server-var": ANY,
    "--header": ANY,
    "-H": UNLISTED,
    "--profile": ANY,
    "--timeout": ANY,
    "--accept-origin": ANY,
    "--allow-ref": ANY,
    "--refresh": SWITCH,
    "--offline": SWITCH,
    "--verbose": SWITCH,
    "--no-fail": SWITCH,
    "--yes": SWITCH,
    "--no-input": SWITCH,
    "--error-format": Option(("text", "json")),
    "--debug": SWITCH,
    "--help": SWITCH,
}
EXAMPLE: Options = {"--example": SWITCH}
INPUTS: Options = {"--body": ANY, "--set": ANY, "--content-type": ANY, "--editor": SWITCH, **EXAMPLE}
ROOT: Options = {**INPUTS, **STANDARD, "--version": SWITCH}
BEHAVIOUR: Options = {"--next": SWITCH, "--misbehave": ANY}
DEMO_OPTIONS: Options = {"--role": Option(("viewer", "editor", "admin", "owner")), **BEHAVIOUR, **STANDARD}
HELP_ONLY: Options = {"--help": SWITCH}
CHECK: Options = {
    "--operation": ANY,
    "--only": ANY,
    "--tag": ANY,
    "--set": ANY,
    "--most": ANY,
    "--parallel": ANY,
    "--rate": ANY,
    "--write": SWITCH,
    "--har": ANY,
    "--learn": ANY,
}
VERB_OPTIONS: Mapping[str, Options] = {
    "changes": {"--since": ANY, "--until": ANY, "--breaking": SWITCH, "--texts": SWITCH, **STANDARD},
    "check": {
        **CHECK,
        **{name: one for name, one in DEMO_OPTIONS.items() if name not in STANDARD},
        **STANDARD,
    },
    "completion": HELP_ONLY,
    "describe": STANDARD,
    "doctor": STANDARD,
    "document": {"--bundled": SWITCH, "--resolved": SWITCH, **STANDARD},
    "help": HELP_ONLY,
    "operations": {"--tag": ANY, **STANDARD},
    "serve": {"--port": ANY, **BEHAVIOUR, **STANDARD},
}
API_VERBS: Mapping[str, Options] = {
    "add": {"--overlay": ANY, "--refresh-after": ANY, "--no-discovery": SWITCH, **STANDARD},
    "history": STANDARD,
    "list": STANDARD,
    "pin": STANDARD,
    "refresh": {"--accept": SWITCH, **STANDARD},
    "remove": STANDARD,
    "rename": STANDARD,
    "rollback": STANDARD,
    "show": STANDARD,
    "unpin": STANDARD,
}
CACHE_VERBS: Mapping[str, Options] = {"clear": {"--history": SWITCH, **STANDARD}, "info": STANDARD}
HERE = tuple(sorted(("api", "cache", DEMO, *(verb for verb in VERB_OPTIONS if verb != "serve"))))
