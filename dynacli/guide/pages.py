"""The manual: one Markdown page for each topic of `dynacli help TOPIC`, in groups."""

import os
import re
from collections.abc import Iterator, Mapping

from dynacli.environment import invocation, program
from dynacli.errors import DynacliError
from dynacli.options.command_table import feature
from dynacli.options.standard_options import setting_variables

ERRORS = "errors"
"""The topic with a section for each kind of error, which `errors KIND` prints."""

TOPIC_GROUPS = {
    "Get started": (
        "getting-started",
        "search",
        "inputs",
        "input-details",
        "output",
        "output-details",
        "pages",
        "auth",
        "errors",
        "names",
        "resources",
    ),
    "Make calls": (
        *("servers", "waiting", "downloads", "retries", "cache", "batch", "sync", "sql", "sqlite-files"),
        *("plan", "workflow", "history", "aliases", "import", "explore", "completion"),
    ),
    "Agents and programs": ("agents", "mcp", "proxy-sign", "policy", "python", "stubs", "json"),
    "Publish an API": (
        *(
            "publish",
            "overlays",
            "check",
            "check-details",
            "validate",
            "validate-details",
            "finding-rules",
            "diff",
            "mock",
        ),
        *("proxy", "proxy-limits", "changes", "change-kinds", "pytest", "export", "bake"),
    ),
    "Documents and credentials": (
        *("document", "discovery", "learn", "refreshing", "trust", "auth-config", "oauth", "project-file"),
    ),
    "Look up": ("config", "environment", "glossary"),
}
"""Heading → topics in the order in which people read them, as on the website."""

_WAYS = {
    "getting-started": "In a hurry: your first calls",
    "agents": "For agents: find, call, read less, stay safe",
    "publish": "For those who publish an API",
}
"""Topic → what people who are new here look for."""

MOVED = {"document-limits": "document", "exit-codes": "errors", "promises": "trust"}
"""Former topic → the page that has its content now."""

_DIRECTORY = os.path.dirname(os.path.abspath(__file__))
_FEATURES = os.path.join(os.path.dirname(_DIRECTORY), "features")

_TABLE = re.compile(r"^<!-- table: ([a-z-]+) -->$", re.MULTILINE)
"""A marker that is replaced by a table made from the code, so that the page cannot miss a row."""
_OF_DYNACLI_ALONE = frozenset(
    {"bake", "discovery", "getting-started", "project-file", "publish", "pytest", "python"}
)
"""The pages that a tool of one API does not have."""
_VERB = (
    r"(?:api (?:history|pin|refresh|rollback|set|show|unpin)|auth (?:explain|login|logout|token)|policy explain|batch"
    r"|changes|check|describe|diff|document|doctor|edit|explore|export|ignore|mcp|mock|operations|proxy|read|request"
    r"|search|skill|validate)"
)
_WITHOUT_API = r"(?:api|auth|cache|completion|config|help|history|import|plan|policy|replay)"
_API = r"(?:\[API\]|[A-Za-z0-9./:_-]*[A-Za-z0-9_])"
_OPERATION = r"(?= (?:(?:[a-z]+ )?[a-z]+-[a-z-]+|\[?OPERATION|\[?TAG|[A-Z]{3,} '?/)|`)"
_LINES = (
    # A command, and the API after it.
    (rf"\bdynacli ({_VERB})(?: {_API}(?=[ `\n|)]))?", r"{name} \1"),
    (rf"\bdynacli ({_WITHOUT_API})\b", r"{name} \1"),
    # A call.
    (rf"\bdynacli (?!{_WITHOUT_API}\b){_API}{_OPERATION}", "{name}"),
    (r"(?m)^(Usage: .*?)(?: (?:\[?API\]?(?:\.\.\.)?|\[?APIS\]?(?:\.\.\.)?|NAME))(?=[ \n]|$)", r"\1"),
    (rf"`({_VERB}) (?:API|NAME)\b", r"`\1"),
    (r"\[apis\.[a-zA-Z]+", "[apis.{api}"),
    (r"\bdynacli\b(?!\.[a-z]|://|-openapi\b)", "{name}"),
)


def topics() -> list[tuple[str, str]]:
    """Return (topic, title) of every page, sorted by topic."""
    found = []
    for topic, path in _paths().items():
        with open(path, encoding="utf-8") as file:
            found.append((topic, as_of_program(file.readline().lstrip("# ").strip())))
    return found


def grouped_topics(*more: tuple[str, str]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the heading of each group, and the (topic, title) of its pages.

    The first group has three ways into the manual. The last one also has what no group names, such as `more`.
    """
    titles = dict([*topics(), *more])
    yield "Start here", [(topic, text) for topic, text in _WAYS.items() if topic in titles]
    groups = {title: [topic for topic in names if topic in titles] for title, names in TOPIC_GROUPS.items()}
    named = {topic for names in groups.values() for topic in names}
    groups[list(groups)[-1]] += sorted(titles.keys() - named)
    for title, names in groups.items():
        yield title, [(topic, titles[topic]) for topic in names]


def topic_names() -> list[str]:
    """Return the sorted topics, without reading the pages."""
    return list(_paths())


def _paths() -> dict[str, str]:
    """Return topic → file of its page, sorted by topic. Pages are in this folder and in the folders of features."""
    with os.scandir(_FEATURES) as entries:
        directories = [_DIRECTORY, *(entry.path for entry in entries if entry.is_dir())]
    found = sorted(
        (os.path.splitext(name)[0], os.path.join(directory, name))
        for directory in directories
        for name in os.listdir(directory)
        if name.endswith(".md")
    )
    left_out = _OF_DYNACLI_ALONE if program().api else frozenset()
    return {topic: path for topic, path in found if topic not in left_out}


def error_kinds() -> dict[str, type[DynacliError]]:
    """Return the kind of an error, as in `--error-format json`, → its class."""
    return {
        error.kind: error
        for error in DynacliError.__subclasses__()
        if error.__module__ == DynacliError.__module__
    }


def page(topic: str) -> str | None:
    """Return the Markdown of a topic, or of `errors KIND`; None if the topic is unknown."""
    name, _, kind = topic.partition(" ")
    if name == ERRORS and kind in error_kinds():
        return _error_page(kind)
    path = _paths().get(MOVED.get(topic, topic))
    if path is None:
        return None
    with open(path, encoding="utf-8") as file:
        return as_of_program(_TABLE.sub(lambda match: _made_table(match[1]), file.read()))


def section_of(topic: str, end: str) -> str:
    """Return a section of a page with its heading: the first one whose heading has this end; empty if none has."""
    found = re.search(rf"(?ms)^## [^\n]*{re.escape(end)}$.*?(?=^## |\Z)", page(topic) or "")
    return found[0] if found else ""


def _error_page(kind: str) -> str:
    """Return the page about a kind of error: its section of `help errors`."""
    heading, _, text = section_of(ERRORS, f"`{kind}`").partition("\n")
    return f"# {heading.lstrip('# ')}\n{text}\nAll errors and exit codes: `{invocation('help')} {ERRORS}`.\n"


def _made_table(name: str) -> str:
    """Return the Markdown of a table that is made from the code."""
    if name == "finding-rules":
        from dynacli.validation.finding_rules import RULE_GROUPS

        return "\n\n".join(
            f"## {subject}\n\n{_table_rows('rule', 'kept if', rules)}"
            for subject, rules in RULE_GROUPS.items()
        )
    if name == "change-kinds":
        kinds = feature("changes.change_records").KINDS
        return _table_rows("kind", "what changed", {name: kind.meaning for name, kind in kinds.items()})
    is_breaking = {"breaking-rules": True, "harmless-rules": False}[name]
    all_rules = feature("changes.comparison").CHANGE_RULES
    rules = {name: rule.sentence for name, rule in all_rules.items() if rule.is_breaking == is_breaking}
    return _table_rows("rule", "a client can fail" if is_breaking else "no client fails", rules)


def _table_rows(left: str, right: str, rows: Mapping[str, str]) -> str:
    return "\n".join(
        [f"| {left} | {right} |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in rows.items())]
    )


def as_of_program(text: str) -> str:
    """Return a text of the manual adapted to the running program, which may be a tool made by `bake`.

    A tool has its own name, its commands do not name the API, and its variables begin with its name.
    """
    runs = program()
    if not runs.api:
        return text
    for pattern, new in _LINES:
        text = re.sub(pattern, new.format(name=runs.name, api=runs.api), text)
    own = "|".join(name.removeprefix(f"{runs.prefix}_") for name in setting_variables())
    text = re.sub(rf"\bDYNACLI_({own})\b", rf"{runs.prefix}_\1", text)
    return re.sub(r"\bDYNACLI_(?:<API>|[A-Z]+)_", f"{runs.prefix}_", text).replace(
        "DYNACLI_", f"{runs.prefix}_"
    )
