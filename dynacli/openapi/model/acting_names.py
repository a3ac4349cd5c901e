"""Reads that do more than read: `GET /restart`, `GET /irc/stop`, `GET /sessions/logout`, `GET /testemail`.

The summary decides first, then the segments of the path, then the operation id. `GET /sync/status` and `/start-times`
are facts about something, and what begins with "get" or "list" reads.
"""

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from dynacli.openapi.model.field_names import ID_ENDINGS, owner_name, plain_name, singular, words_of
from dynacli.openapi.model.operation import Operation, OperationSummary
from dynacli.openapi.model.path_templates import parameter_names

_HEAVY = frozenset(
    {
        *("delete", "destroy", "drop", "erase", "flush", "kill", "purge", "remove", "truncate", "wipe"),
        *("poweroff", "reboot", "reload", "reset", "restart", "shutdown", "terminate", "uninstall"),
        *("logoff", "logout", "revoke", "signoff", "signout", "unsubscribe"),
    }
)
"""Verbs that count wherever they are in a name: a call would do harm, and they hardly ever name a thing."""
_HEAVY_PAIRS = frozenset(
    {("log", "off"), ("log", "out"), ("power", "off"), ("shut", "down"), ("sign", "off"), ("sign", "out")}
)
_THINGS = frozenset({"poll", "run", "scan", "start", "stop", "sync", "test"})
"""Verbs that also name a thing: `/scan/{scan_id}` and `/stop-areas` read it."""
_COMMANDS = _HEAVY | {
    *("abort", "activate", "cancel", "cleanup", "clear", "deactivate", "disable", "dispatch", "enable"),
    *("execute", "invoke", "notify", "pause", "prune", "reconnect", "reindex", "rescan", "resend", "resume"),
    *("resync", "send", "start", "stop", "synchronise", "synchronize", "trigger"),
}
_VERBS = _COMMANDS | _THINGS
_MODIFYING = _THINGS | {"cleanup", "notify", "pause", "resume", "send", "trigger"}
"""Verbs that also stand before a noun: `send-settings`."""
_READING = frozenset(
    {
        *("browse", "check", "checks", "compare", "count", "describe", "display", "download", "downloads"),
        *("export", "fetch", "fetches", "find", "finds", "get", "gets", "inspect", "list", "lists", "load"),
        *("lookup", "obtain", "preview", "print", "query", "read", "reads", "retrieve", "retrieves"),
        *("return", "returns", "search", "show", "shows", "view", "views", "whether"),
    }
)
_FACTS = frozenset(
    {
        *(
            "count",
            "counts",
            "date",
            "dates",
            "form",
            "info",
            "jobs",
            "limit",
            "limits",
            "metrics",
            "options",
        ),
        *("page", "permission", "permissions", "policies", "policy", "progress", "rate", "reason", "reasons"),
        *("result", "results", "schedule", "schedules", "state", "status", "statuses", "time", "times"),
    }
)
"""Last words of names that speak of a fact, whatever verb stands before them: `restart-count`, `sync/status`."""
_MODIFIED = _FACTS | {
    *("config", "configs", "configuration", "details", "history", "list", "mode", "preferences", "settings"),
    *("statistics", "stats", "summary", "template", "templates", "type", "types", "url", "version", "words"),
}
"""The same for verbs that also stand before a noun."""
_OBJECTS = frozenset(
    {
        *(
            "alarm",
            "alert",
            "alerts",
            "all",
            "channel",
            "connection",
            "email",
            "emails",
            "everything",
            "hook",
        ),
        *("job", "library", "mail", "mails", "message", "messages", "notification", "notifications"),
        *("notifier", "now", "scan", "server", "service", "sms", "smtp", "sync", "task", "webhook"),
    }
)
"""What verbs act upon that also name a thing: `test-alert`, and `testemail` in one word."""
_DETERMINERS = frozenset(["a", "all", "an", "any", "each", "every", "one", "the", "these", "this", "your"])
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_LABEL = re.compile(r"^\W*\[[^\]]*\]")
_PREFIX = re.compile(r"api|rest|v[0-9.]*")
"""Segments at the beginning of a path that say nothing of an operation."""
_LONGEST_FACT = 4
"""Words up to which a summary without an article is a title and not a sentence."""


def acting_word(operation: OperationSummary | Operation) -> str:
    """Return the word that says that a GET or HEAD does more than read; empty if none does.

    The names of path parameters do not count, because they speak of a value.
    """
    path = operation.path.partition("?")[0].partition("#")[0]
    segments = list(filter(None, (words_of(_PLACEHOLDER.sub("", segment)) for segment in path.split("/"))))
    while segments and _PREFIX.fullmatch("".join(segments[0])):
        segments = segments[1:]
    summary = words_of(_LABEL.sub("", operation.summary).partition(". ")[0])
    name = words_of(operation.operation_id)
    # Generated summaries and ids repeat the method and the path: `get_irc_stop` does not say that it reads.
    repeated = {"get", "head", "api", *(word for words in segments for word in words)}
    if _reads(summary[:1]) and not repeated.issuperset(summary):
        return ""
    found = _verb_of_sentence(summary)
    if found or _is_title_of_fact(summary) or (_reads(name[:2]) and not repeated.issuperset(name)):
        return found
    is_read = _reads((*name[:2], *summary[:1]))
    found = _verb_of_path(path, segments, is_read=is_read)
    if found or is_read or (segments and segments[-1][-1] in _FACTS):
        return found
    # An id of one word may be what the operation reads: `run` for `/runs/{id}`.
    found = "" if not name[1:] and _THINGS.issuperset(name) else _verb_of_name(name)
    return found or next(filter(None, map(_heavy_verb, [name, *reversed(segments)])), "")


def _reads(words: Sequence[str]) -> bool:
    return not _READING.isdisjoint(words)


def _is_title_of_fact(summary: Sequence[str]) -> bool:
    """Return whether a summary is a title such as "Sync status"."""
    is_title = 1 < len(summary) <= _LONGEST_FACT and _DETERMINERS.isdisjoint(summary)
    return is_title and summary[-1] in _facts_of(summary[0])


def _facts_of(verb: str) -> Collection[str]:
    return _MODIFIED if verb in _MODIFYING else _FACTS


def _verb_of_sentence(words: Sequence[str]) -> str:
    """Return the verb that a summary begins with: "Send a test alert", "Logs out the user", "Triggers a scan"."""
    if len(words) < 2:  # one word may as well be a thing
        return ""
    has_article = words[1] in _DETERMINERS
    base = words[0].removesuffix("s")
    if (base, words[1]) in _HEAVY_PAIRS:
        return f"{base}-{words[1]}"
    if words[0] in _VERBS:
        return words[0] if has_article else _verb_of_name(words)
    return base if base in _VERBS and (has_article or base not in _MODIFYING or base == "send") else ""


def _verb_of_name(words: Sequence[str]) -> str:
    """Return the verb of a name that is a command: `stop-irc`, `send-test-email`, `testemail`; empty if it is none."""
    if not words:
        return ""
    first, last = words[0], words[-1]
    if len(words) == 1:
        return first if first in _VERBS else _verb_of_compound(first)
    if last in _facts_of(first):
        return ""
    if first in _THINGS and last not in _OBJECTS and singular(last) != last:
        return ""
    is_command = first in _VERBS and (first not in {"poll", "run", "scan", "test"} or last in _OBJECTS)
    if is_command or (last in _VERBS and words[-2] in _OBJECTS):
        return first if is_command else last
    return ""


def _verb_of_compound(word: str) -> str:
    """Return the verb of two words in one: `testemail`, `sendmail`."""
    return next(
        (verb for verb in sorted(_VERBS) if word.startswith(verb) and word.removeprefix(verb) in _OBJECTS), ""
    )


def _verb_of_path(path: str, segments: Sequence[Sequence[str]], *, is_read: bool) -> str:
    """Return the verb in a path.

    Args:
        path: The path without its query.
        segments: The words of its segments, without parameters.
        is_read: Whether the name or the summary says that it reads, in words that may only repeat the path.
    """
    if not segments:
        return ""
    last = segments[-1]
    verb = _verb_of_name(last)
    if [verb] == last and verb in _THINGS:
        behind = parameter_names(path.rpartition("/")[2]) if path.endswith("}") else []
        is_item = bool(behind) and _names_item(behind[0], verb)
        # `/test` alone is a toy's page, and `/connection/test` a test.
        is_thing = verb not in {"start", "stop"} and (is_read or (verb == "test" and len(segments) == 1))
        return "" if is_item or is_thing else verb
    if verb or last[-1] in _MODIFIED:
        return verb
    is_list = singular(last[-1]) != last[-1]
    # In `/send/mail` the verb stands above what it acts upon, and `/stop/{stop_id}/departures` is of a thing.
    for segment, following in reversed(list(pairwise(filter(None, path.split("/"))))):
        word = plain_name(segment)
        if "{" not in segment + following and word in (_HEAVY if is_list else _COMMANDS):
            return word
    return ""


def _names_item(parameter: str, noun: str) -> bool:
    return owner_name(parameter) == noun or plain_name(parameter) in (*ID_ENDINGS, noun)


def _heavy_verb(words: Sequence[str]) -> str:
    if words and words[-1] in _FACTS:
        return ""
    for word, following in pairwise([*words, ""]):
        if word in _HEAVY:
            return word
        if (word, following) in _HEAVY_PAIRS:
            return f"{word}-{following}"
    return ""
