"""The command lines of a tool that is bound to one API: where the API stands in them, which nobody types."""

from dynacli.environment import program

__all__ = ["TOOL_VERBS", "bound_words", "is_of_other_apis"]

_BEFORE_API = frozenset(
    {
        *(
            "batch",
            "changes",
            "check",
            "describe",
            "document",
            "doctor",
            "explore",
            "export",
            "ignore",
            "judge",
            "mcp",
        ),
        *("mock", "operations", "proxy", "search", "skill"),
    }
)
_BEFORE_CALL = frozenset({"edit", "read", "request"})
_WITHOUT_API = frozenset({"cache", "completion", "config", "help", "history", "import", "replay"})
_GROUPS = {
    "api": frozenset({"history", "pin", "refresh", "rollback", "set", "show", "unpin"}),
    "auth": frozenset({"explain", "login", "logout", "token"}),
    "policy": frozenset({"explain"}),
}
"""Group → its commands that are about one API."""

TOOL_VERBS = frozenset({*_BEFORE_API, *_BEFORE_CALL, *_WITHOUT_API, *_GROUPS})
"""The verbs of a tool; the others of dynacli are about more than one API."""


def bound_words(words: list[str]) -> list[str]:
    """Return the words of dynacli for those of a tool: `describe X` is `describe API X`, and `X` is `API X`.

    The API may be named all the same, so that an operation can be called that has the name of a verb.

    Args:
        words: Those behind the options before the first one; at least one.
    """
    api, (word, *rest) = program().api, words
    if word == api or word in _WITHOUT_API:
        return words
    if word in _GROUPS:
        return [word, rest[0], api, *rest[1:]] if rest and rest[0] in _GROUPS[word] else words
    if word in _BEFORE_CALL:
        return words if not rest or rest[0] in {"-h", "--help"} else [word, api, *rest]
    return [word, api, *rest] if word in _BEFORE_API else [api, *words]


def is_of_other_apis(group: str, name: str) -> bool:
    """Return whether a command of a group is about any other API than that of the tool."""
    return group == "api" and name not in _GROUPS["api"]
