"""The options of dynacli's verbs, for completion.

The commands have the same options, but importing them would import click; a test compares the two.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from dynacli.library.configuration.configuration import DEMO
from dynacli.model.operation import EACH, of_first_items

__all__ = [
    "ANY",
    "API_VERBS",
    "AUTH_VERBS",
    "CACHE_VERBS",
    "CONFIG_VERBS",
    "DEMO_OPTIONS",
    "EXAMPLE",
    "HELP_ONLY",
    "HISTORY_VERBS",
    "IMPORT_VERBS",
    "INPUTS",
    "POLICY_VERBS",
    "ROOT",
    "STANDARD",
    "SWITCH",
    "VERB_NAMES",
    "VERB_OPTIONS",
    "Option",
    "Options",
    "spelled",
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


def spelled(name: str, option: Option) -> Iterator[tuple[str, Option]]:
    """Yield the flags of an option; that with brackets, which shells want in quotes, is for those who begin it so."""
    yield f"--{of_first_items(name)}", option
    if EACH in name:
        yield f"--{name.replace(EACH, '[0]')}", option._replace(is_listed=False)


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
    "--auth": ANY,
    "--timeout": ANY,
    "--retries": ANY,
    "--retry-unsafe": SWITCH,
    "--retry-status": ANY,
    "--rate": ANY,
    "--accept-origin": ANY,
    "--allow-ref": ANY,
    "--allow-files": SWITCH,
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
    "--skip": ANY,
    "--set": ANY,
    "--most": ANY,
    "--parallel": ANY,
    "--write": SWITCH,
    "--probe": SWITCH,
    "--har": ANY,
    "--learn": ANY,
    "--shard": ANY,
}
JUDGE: Options = {"--learn": ANY}
BATCH: Options = {"--parallel": ANY, "--stop-on-error": SWITCH, "--resume": ANY, "--shard": ANY}


def _standard(*flags: str) -> Options:
    """Return the standard options of some flags, and those of every run."""
    wanted = {*_OF_EVERY_RUN, *flags}
    return {flag: option for flag, option in STANDARD.items() if flag in wanted}


_OF_EVERY_RUN = [
    "--offline",
    "--verbose",
    "--yes",
    "--no-input",
    "--no-pager",
    "--error-format",
    "--debug",
    "--help",
]
_LISTING = ["--output", "-o", "--filter", "-f", "--columns"]
_OPENING = ["--profile", "--allow-ref", "--refresh"]
_CALLING = (
    *("--validate", "--server", "--server-var", "--header", "-H", "--timeout", "--retries", "--rate"),
    *("--accept-origin", "--auth"),
)
RUNNING = _standard()
LISTING = _standard(*_LISTING)
OPENING = _standard(*_OPENING)
LISTING_OF_DOCUMENT = _standard(*_LISTING, *_OPENING)
CALLING = _standard(*_OPENING, *_CALLING)
MANY_CALLS: Options = {
    **_standard(*_LISTING, *_OPENING, *_CALLING, "--no-fail", "--progress"),
    "--dry-run": SWITCH,
}
VERB_OPTIONS: Mapping[str, Options] = {
    "bake": {
        "--api": ANY,
        "--only": ANY,
        "--except": ANY,
        "--name-style": Option(("usual", "short")),
        "--package": SWITCH,
        "--before": ANY,
        "--after": ANY,
        "--out": ANY,
        **OPENING,
    },
    "batch": {
        **BATCH,
        **MANY_CALLS,
        **_standard("--retry-unsafe", "--retry-status", "--dry-run", "--show-secrets"),
    },
    "changes": {
        "--since": ANY,
        "--until": ANY,
        "--breaking": SWITCH,
        "--texts": SWITCH,
        **LISTING_OF_DOCUMENT,
    },
    "check": {
        **CHECK,
        **{flag: option for flag, option in DEMO_OPTIONS.items() if flag not in STANDARD},
        **MANY_CALLS,
        **_standard("--report"),
    },
    "completion": HELP_ONLY,
    "describe": {"--card": SWITCH, "--depth": ANY, "--all": SWITCH, "--like": ANY, **LISTING_OF_DOCUMENT},
    "doctor": LISTING_OF_DOCUMENT,
    "document": {
        "--bundled": SWITCH,
        "--resolved": SWITCH,
        "--only": ANY,
        "--version": Option(("3.0", "3.1")),
        **LISTING_OF_DOCUMENT,
    },
    "explore": {**CALLING, **_standard("--retry-unsafe", "--retry-status")},
    "export": {
        "--to": Option(("postman", "insomnia", "bruno", "har", "hurl", "markdown", "html")),
        "--only": ANY,
        "--out": ANY,
        **OPENING,
        **_standard("--server", "--server-var"),
    },
    "help": HELP_ONLY,
    "ignore": {"--pointer": ANY, "--reason": ANY, "--status": ANY, "--where": ANY, **OPENING},
    "judge": {
        **JUDGE,
        **LISTING_OF_DOCUMENT,
        **_standard("--validate", "--server", "--server-var", "--no-fail", "--report", "--progress"),
    },
    "mcp": {
        "--write": SWITCH,
        "--http": ANY,
        "--token": ANY,
        "--max-bytes": ANY,
        **_standard("--profile", "--validate", "--timeout", "--retries", "--rate"),
    },
    "mock": {
        "--port": ANY,
        "--host": ANY,
        "--dynamic": SWITCH,
        "--ignore-examples": SWITCH,
        "--no-cors": SWITCH,
        **LISTING_OF_DOCUMENT,
        **_standard("--validate"),
    },
    "operations": {
        "--tag": ANY,
        "--method": Option(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "QUERY")),
        "--graph": Option(("mermaid", "dot")),
        **LISTING_OF_DOCUMENT,
    },
    "proxy": {
        "--port": ANY,
        "--host": ANY,
        "--upstream": ANY,
        "--preserve-host": SWITCH,
        **JUDGE,
        **BEHAVIOUR,
        **LISTING_OF_DOCUMENT,
        **_standard("--validate", "--server", "--server-var", "--accept-origin", "--timeout"),
        **_standard("--no-fail", "--report", "--yes"),
    },
    "search": {"--api": ANY, **LISTING_OF_DOCUMENT},
    "skill": {"--out": ANY, **OPENING},
    "serve": {"--port": ANY, **BEHAVIOUR, **RUNNING},
}
API_VERBS: Mapping[str, Options] = {
    "add": {"--overlay": ANY, "--refresh-after": ANY, "--no-discovery": SWITCH, "--ca": ANY, **CALLING},
    "catalog": {"--out": ANY, **LISTING_OF_DOCUMENT},
    "history": LISTING,
    "list": LISTING,
    "pin": OPENING,
    "refresh": {"--accept": SWITCH, **OPENING, **_standard("--header", "-H")},
    "remove": RUNNING,
    "rename": RUNNING,
    "rollback": RUNNING,
    "set": _standard("--profile"),
    "show": LISTING_OF_DOCUMENT,
    "unpin": RUNNING,
}
AUTH_VERBS: Mapping[str, Options] = {
    "explain": {**LISTING_OF_DOCUMENT, **_standard("--server", "--server-var", "--accept-origin", "--auth")},
    "login": {
        "--scheme": ANY,
        "--name": ANY,
        "--operation": ANY,
        "--token-at": ANY,
        "--refresh-operation": ANY,
        "--refresh-token-at": ANY,
        "--with-token": SWITCH,
        "--store": Option(("keyring", "file")),
        "--device": SWITCH,
        "--no-browser": SWITCH,
        **dict.fromkeys(("--client-id", "--scope", "--callback-host", "--callback-port"), ANY),
        **OPENING,
        **_standard("--server", "--server-var", "--accept-origin"),
    },
    "logout": {"--scheme": ANY, **RUNNING, **_standard("--profile")},
    "status": LISTING,
    "token": {"--scheme": ANY, **RUNNING, **_standard("--profile")},
}
CACHE_VERBS: Mapping[str, Options] = {"clear": {"--history": SWITCH, **RUNNING}, "info": LISTING}
HISTORY_VERBS: Mapping[str, Options] = {
    "clear": RUNNING,
    "export": {
        "--as": Option(("har", "hurl", "postman")),
        "--failed": SWITCH,
        "--since": ANY,
        "--out": ANY,
        **RUNNING,
    },
    "list": {"--failed": SWITCH, "--since": ANY, **LISTING},
    "show": {"--as": Option(("curl", "har", "http")), **LISTING},
}
"""The commands of `dynacli history`, with `list` for the one that has no name."""
CONFIG_VERBS: Mapping[str, Options] = {"edit": RUNNING, "get": LISTING, "path": RUNNING, "set": RUNNING}
IMPORT_VERBS: Mapping[str, Options] = {
    verb: {"--api": ANY, **LISTING_OF_DOCUMENT} for verb in ("curl", "har")
}
POLICY_VERBS: Mapping[str, Options] = {"explain": {**LISTING_OF_DOCUMENT, **_standard("--header", "-H")}}
GROUPS = (
    "api",
    "auth",
    "cache",
    "config",
    DEMO,
    "edit",
    "history",
    "import",
    "policy",
    "read",
    "replay",
    "request",
)
VERB_NAMES = tuple(sorted((*GROUPS, *(verb for verb in VERB_OPTIONS if verb != "serve"))))
