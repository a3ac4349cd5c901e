"""The options of dynacli's verbs, for completion.

The commands have the same options, but importing them would import click; a test compares the two.
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
    "HISTORY_VERBS",
    "INPUTS",
    "ROOT",
    "STANDARD",
    "SWITCH",
    "VERB_NAMES",
    "VERB_OPTIONS",
    "Option",
    "Options",
]


class Option(NamedTuple):
    """An option, for completion.

    Args:
        values: The values that it takes; empty where it takes any.
        takes_value: Whether the word behind it is its value.
        is_optional: Whether that word is its value only if it is one of `values`.
        is_listed: Whether the option is a candidate.
        description: The description beside the candidate.
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

FORMAT = Option(("auto", "json", "yaml", "table", "csv", "tsv", "ndjson", "lines", "gron", "raw", "text"))
STANDARD: Options = {
    "--output": FORMAT,
    "-o": FORMAT._replace(is_listed=False),
    "--all": Option(("pages", "keyset"), is_optional=True),
    "--max-items": ANY,
    "--wait": ANY,
    "--wait-timeout": ANY,
    "--wait-interval": ANY,
    "--follow": ANY,
    "--filter": ANY,
    "-f": UNLISTED,
    "--columns": ANY,
    "--include": SWITCH,
    "-i": SWITCH._replace(is_listed=False),
    "--resume": SWITCH,
    "--remote-name": SWITCH,
    "-O": SWITCH._replace(is_listed=False),
    "--progress": Option(("auto", "off")),
    "--validate": Option(("off", "warn", "strict", "exact")),
    "--report": Option(("json", "junit", "sarif", "github")),
    "--dry-run": Option(("http", "json", "curl", "python", "har"), is_optional=True),
    "--show-secrets": SWITCH,
    "--server": ANY,
    "--server-var": ANY,
    "--header": ANY,
    "-H": UNLISTED,
    "--profile": ANY,
    "--timeout": ANY,
    "--retries": ANY,
    "--retry-unsafe": SWITCH,
    "--rate": ANY,
    "--accept-origin": ANY,
    "--allow-ref": ANY,
    "--refresh": SWITCH,
    "--offline": SWITCH,
    "--verbose": SWITCH,
    "--no-fail": SWITCH,
    "--yes": SWITCH,
    "--no-input": SWITCH,
    "--no-pager": SWITCH,
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
    "--write": SWITCH,
    "--har": ANY,
    "--learn": ANY,
    "--shard": ANY,
}
BATCH: Options = {"--parallel": ANY, "--stop-on-error": SWITCH, "--resume": ANY, "--shard": ANY}
OF_CALLS = frozenset(
    (
        *("--output", "-o", "--filter", "-f", "--columns", "--include", "-i", "--all", "--max-items"),
        *("--report", "--dry-run", "--show-secrets", "--retry-unsafe", "--no-fail"),
        *("--resume", "--remote-name", "-O", "--progress"),
        *("--wait", "--wait-timeout", "--wait-interval", "--follow"),
    )
)
"""The standard options that `api add` refuses."""
_OF_BATCHES = frozenset(
    (
        "--output",
        "-o",
        "--filter",
        "-f",
        "--columns",
        "--dry-run",
        "--retry-unsafe",
        "--no-fail",
        "--progress",
    )
)
"""Those of them that `batch` takes."""
VERB_OPTIONS: Mapping[str, Options] = {
    "batch": {
        **{flag: option for flag, option in STANDARD.items() if flag not in OF_CALLS - _OF_BATCHES},
        **BATCH,
        "--dry-run": SWITCH,
    },
    "changes": {"--since": ANY, "--until": ANY, "--breaking": SWITCH, "--texts": SWITCH, **STANDARD},
    "check": {
        **CHECK,
        **{flag: option for flag, option in DEMO_OPTIONS.items() if flag not in STANDARD},
        **STANDARD,
    },
    "completion": HELP_ONLY,
    "describe": STANDARD,
    "doctor": STANDARD,
    "document": {"--bundled": SWITCH, "--resolved": SWITCH, **STANDARD},
    "help": HELP_ONLY,
    "ignore": {"--pointer": ANY, "--reason": ANY, "--status": ANY, "--where": ANY, **STANDARD},
    "operations": {"--tag": ANY, **STANDARD},
    "serve": {"--port": ANY, **BEHAVIOUR, **STANDARD},
}
API_VERBS: Mapping[str, Options] = {
    "add": {
        "--overlay": ANY,
        "--refresh-after": ANY,
        "--no-discovery": SWITCH,
        **{flag: option for flag, option in STANDARD.items() if flag not in OF_CALLS},
    },
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
HISTORY_VERBS: Mapping[str, Options] = {
    "clear": STANDARD,
    "list": {"--failed": SWITCH, "--since": ANY, **STANDARD},
    "show": {"--as": Option(("curl", "har", "http")), **STANDARD},
}
"""The commands of `dynacli history`, with `list` for the one that has no name."""
GROUPS = ("api", "cache", DEMO, "edit", "history", "read", "replay", "request")
VERB_NAMES = tuple(sorted((*GROUPS, *(verb for verb in VERB_OPTIONS if verb != "serve"))))
