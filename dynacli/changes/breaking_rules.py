"""The rules that tell whether a change breaks a client.

They are few on purpose. A change that no rule is about has no verdict: whether it breaks a client depends on what
the client does, and the document does not tell.
"""

from typing import NamedTuple

__all__ = ["RULES", "Rule"]


class Rule(NamedTuple):
    """A rule about changes.

    Args:
        is_breaking: Whether the changes break a client; otherwise they surely do not.
        sentence: The rule in words, for help and the manual.
    """

    is_breaking: bool
    sentence: str


_BREAKING = {
    "operation-gone": "An operation is removed, or has another method or path.",
    "request-needs-more": (
        "A request must have a parameter, a body or a property that it did not need, and no default stands"
        " for it."
    ),
    "request-allows-less": (
        "A value that a request could have is refused: its type, null, a listed value, an alternative, a"
        " media type, a wider limit, a property that is not described."
    ),
    "request-written-otherwise": "A parameter is written in another style, or goes to another place.",
    "answer-promises-less": (
        "What every answer had need not come: a status of success, a media type, a required property or"
        " header."
    ),
    "answer-holds-other": "A value of an answer can be of a type that it was not, or null.",
    "credentials-rejected": (
        "Credentials that sufficed do not: more is asked for, or they are sent otherwise."
    ),
    "webhook-gone": "A webhook or a callback is not sent any more.",
}
_HARMLESS = {
    "request-needs-less": "A request may leave out what it needed, or may have something in addition.",
    "request-allows-more": "A request may have values that were refused.",
    "answer-promises-more": "An answer has something in addition, or always has what it sometimes had.",
    "answer-holds-less": "An answer has fewer of the values that it could have.",
    "credentials-accepted": "All credentials that sufficed still do.",
    "same-on-the-wire": (
        "What is sent and what comes are the same: a deprecation, a text, a version, a server more, the name"
        " of a path parameter."
    ),
}

RULES = {
    **{name: Rule(is_breaking=True, sentence=sentence) for name, sentence in _BREAKING.items()},
    **{name: Rule(is_breaking=False, sentence=sentence) for name, sentence in _HARMLESS.items()},
}
