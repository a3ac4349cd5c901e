"""Finds GET operations that are not read-only by their names: `GET /restart`, `GET /deletePad`.

The summary, the name and the path decide. A GET is read-only if none of them has a verb for a change.
No list of verbs is complete, so an unknown term counts as a verb for a change if it is used like a verb: before
an article, or before a singular noun. It does not count if another text has a verb for reading. It does not count
either if its ending, a parameter, a tag, or a plural in the path shows that it is a noun.
"""

import os
import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote

from dynacli.http.semantics import SAFE_METHODS
from dynacli.openapi.model.field_names import ID_ENDINGS, owner_name, plain_name, singular, words_of_name
from dynacli.openapi.model.operation import Operation, OperationSummary
from dynacli.openapi.model.path_templates import parameter_names

_READING = frozenset(
    {
        *("analyse", "analyze", "browse", "calculate", "check", "collect", "compare", "compute"),
        *("contain", "convert", "count", "decode", "describe", "diff", "display", "download", "echo"),
        *("encode", "enumerate", "estimate", "examine", "explain", "explore", "export", "fetch", "find"),
        *("get", "give", "has", "head", "inspect", "is", "list", "locate", "look", "lookup", "obtain"),
        *("paginate", "parse", "peek", "ping", "preview", "provide", "query", "read", "render"),
        *("respond", "retrieve", "return", "search", "see", "serve", "show", "simulate", "stream"),
        *("summarize", "tail", "transform", "translate", "validate", "view", "watch", "whether"),
        *("whoami",),
    }
)
"""Verbs for reading."""
_THINGS = frozenset({"poll", "run", "scan", "start", "stop", "sync", "test"})
"""Verbs that are also nouns: `/scan/{scan_id}` and `/stop-areas` are read-only."""
_MODIFYING = _THINGS | {
    *("autoscale", "backup", "cleanup", "deploy", "drop", "dump", "fork", "import", "invite", "launch"),
    *("lock", "login", "logout", "merge", "notify", "pause", "pull", "push", "reboot", "refresh"),
    *("reload", "restart", "resume", "retry", "send", "transfer", "trigger", "update", "upgrade"),
    *("upload",),
}
"""Verbs that are also part of a noun: `send-settings`, `restart-count`, `update-schedule`."""
_MADE_OF_VERB = re.compile(r"(?:re|un|de|bulk)-?(.+)")
_VERB_FORM = re.compile(r"[a-z]{3,}(?:ify|ize|yze)")
"""Endings that only verbs have: `vaporize`."""
_PAIRS = frozenset(
    {("log", "off"), ("log", "out"), ("power", "off"), ("shut", "down"), ("sign", "off"), ("sign", "out")}
    | {("log", "in"), ("sign", "in"), ("power", "on"), ("roll", "back"), ("turn", "off"), ("turn", "on")}
)
"""Verbs with a particle."""
_FACTS = frozenset(
    {
        *("count", "counts", "date", "dates", "form", "health", "info", "jobs", "limit", "limits"),
        *("metrics", "options", "page", "permission", "permissions", "policies", "policy", "progress"),
        *("rate", "reason", "reasons", "result", "results", "schedule", "schedules", "state", "status"),
        *("statuses", "time", "times"),
    }
)
"""Nouns that, after one of the `_MODIFYING` verbs, show that a name is a noun: `restart-count`."""
_MODIFIED = _FACTS | {
    *("config", "configs", "configuration", "details", "history", "list", "mode", "preferences"),
    *("settings", "statistics", "stats", "summary", "template", "templates", "type", "types", "url"),
    *("version", "words"),
}
"""The same, with nouns for settings and other data: `send-settings`."""
_OBJECTS = frozenset(
    {
        *("alarm", "alert", "alerts", "all", "channel", "connection", "email", "emails", "everything"),
        *("hook", "job", "library", "mail", "mails", "message", "messages", "notification"),
        *("notifications", "notifier", "now", "scan", "server", "service", "sms", "smtp", "sync", "task"),
        *("webhook",),
    }
)
"""Nouns after which one of the `_MODIFYING` verbs stays a verb: `test-alert`, also unseparated in `testemail`."""
_NOUNS = _MODIFIED | {
    *("about", "account", "active", "activity", "address", "admin", "advanced", "age", "agent", "alias"),
    *("anything", "api", "app", "array", "article", "asset", "attribute", "audit", "auth", "author"),
    *("available", "average", "bad", "balance", "basic", "best", "big", "billing", "binary", "blank"),
    *("board", "body", "book", "boolean", "branch", "broken", "bucket", "budget", "busy", "cache"),
    *("calendar", "card", "cart", "catalog", "category", "channel", "chat", "child", "children", "city"),
    *("client", "cluster", "code", "cold", "color", "comment", "common", "company", "contact", "content"),
    *("context", "cookie", "country", "csv", "currency", "current", "custom", "customer", "daily"),
    *("dashboard", "data", "database", "dataset", "deep", "default", "detail", "device", "diagnostic"),
    *("directory", "discovery", "doc", "document", "domain", "double", "dummy", "email", "error", "even"),
    *("event", "example", "exception", "extra", "fake", "family", "fast", "feature", "feed", "field"),
    *("file", "first", "flat", "float", "folder", "forecast", "full", "game", "general", "global"),
    *("good", "graph", "group", "guild", "header", "healthcheck", "heartbeat", "help", "hidden", "home"),
    *("host", "hot", "html", "huge", "icon", "image", "index", "input", "instance", "integer", "invalid"),
    *("inventory", "invoice", "issue", "item", "job", "jpeg", "json", "key", "label", "language"),
    *("large", "last", "latest", "lazy", "library", "license", "link", "location", "log", "long", "map"),
    *("markdown", "market", "matrix", "max", "maximal", "me", "median", "member", "menu", "message"),
    *("meta", "metadata", "method", "metric", "min", "minimal", "missing", "mixed", "model", "module"),
    *("my", "name", "nested", "new", "news", "next", "node", "normal", "note", "number", "oauth"),
    *("object", "odd", "old", "openapi", "optional", "order", "org", "owner", "package", "pad", "param"),
    *("parent", "path", "pdf", "people", "person", "pet", "phone", "photo", "plain", "plan", "player"),
    *("plugin", "png", "pod", "post", "previous", "price", "private", "product", "profile", "project"),
    *("property", "proxy", "public", "queue", "quota", "random", "ranking", "raw", "real", "recent"),
    *("recursive", "region", "registry", "repo", "report", "repository", "request", "resource"),
    *("response", "role", "room", "root", "route", "rule", "sample", "schema", "score", "secret", "self"),
    *("server", "service", "session", "setting", "short", "simple", "single", "site", "size", "slow"),
    *("small", "snapshot", "source", "space", "spec", "special", "standard", "stat", "statistic"),
    *("storage", "store", "strange", "string", "support", "system", "table", "tag", "task", "team"),
    *("telemetry", "temperature", "tenant", "text", "thread", "tier", "timeline", "tiny", "title"),
    *("token", "top", "topic", "total", "trace", "transaction", "tree", "unique", "unit", "unknown"),
    *("usage", "user", "username", "valid", "value", "vehicle", "video", "visible", "volume", "wallet"),
    *("weather", "webhook", "website", "wide", "wiki", "workflow", "workspace", "worst", "wrong", "xml"),
    *("yaml", "year", "zone"),
}
"""Nouns and adjectives that may begin a name, without an ending that shows it: `user-profile`, `slow-call`."""
_ORDERS = frozenset(
    {
        *("block", "charge", "email", "follow", "like", "log", "order", "post", "queue", "report"),
        *("request", "schedule", "share", "store", "tag", "vote"),
    }
)
"""Nouns that become verbs before a singular noun: `/order` and `order-pizza`."""
_OF_ITEMS = frozenset(
    {
        *("ack", "archive", "beep", "blink", "bounce", "buzz", "call", "claim", "click", "compact"),
        *("copy", "cycle", "dial", "discharge", "drop", "duplicate", "escalate", "fire", "flash"),
        *("follow", "fork", "grant", "hangup", "hold", "land", "lift", "like", "lock", "mark"),
        *("open", "park", "patch", "pick", "pin", "play", "press", "print", "process", "pump"),
        *("rate", "record", "release", "repair", "reserve", "resolve", "return", "review", "ring"),
        *("scale", "seal", "seek", "ship", "sign", "snapshot", "split", "star", "stash", "takeoff"),
        *("touch", "trash", "turn", "use", "vacuum", "verify", "void", "vote", "watch", "zip"),
    }
)
"""Verbs of one item, if they are the whole segment after a parameter: `/doors/{id}/open`."""
_GENERATED = frozenset({"get", "head", "list", "retrieve"})
"""Endings of operation ids that generators make from a method and a path."""
_NOUN_FORM = re.compile(
    r".*[^aeiou]ed|.*(?:ance|ence|graph|ics|ing|ism|ity|ment|ness|ology|ship|sion|tion|ture|ware|z)|.?|.*[0-9].*"
)
"""Pattern of nouns and participles: `healthz`, `indexing`, `location`, `deleted`, `ipv6`."""
_DETERMINERS = frozenset(
    {
        *("a", "all", "an", "any", "each", "every", "more", "no", "one", "other", "same", "some", "the"),
        *("these", "this", "your"),
    }
)
_LINKING = frozenset(
    {"about", "as", "at", "by", "for", "from", "in", "of", "on", "per", "that", "to", "with"}
)
NAMED_METHODS = frozenset({"GET", "HEAD"})
"""Safe methods that some servers also use for changes; OPTIONS is not among them."""
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_LABEL = re.compile(r"^\W*\[[^\]]*\]")
_PREFIX = re.compile(r"api|rest|v[0-9.]*")
"""Pattern of segments at the beginning of a path that do not describe the operation."""


class _Verb(NamedTuple):
    """The verb of a text.

    Args:
        word: The verb, or a term that may be a verb; empty for a noun.
        reads: Whether it is a verb for reading.
        is_known: Whether it is certainly a verb.
    """

    word: str = ""
    reads: bool = False
    is_known: bool = True


_NOUN = _Verb()


def is_reading(
    operation: OperationSummary | Operation, method: str = "", *, is_documented: bool = True
) -> bool:
    """Return whether a call is read-only: its method is safe, and a GET or HEAD has no verb for a change.

    Args:
        method: The method of the call; empty for the method of the operation.
        is_documented: As in `acting_word`.
    """
    method = method or operation.method.upper()
    return method in SAFE_METHODS and not (
        method in NAMED_METHODS and acting_word(operation, is_documented=is_documented)
    )


def acting_word(operation: OperationSummary | Operation, *, is_documented: bool = True) -> str:
    """Return the verb that shows that a GET or HEAD may change data; empty if it is read-only.

    The names of path parameters do not count, because they describe a value.

    Args:
        is_documented: Whether the path is a template. If not, an unknown term in the path may be a value.
    """
    path = unquote(operation.path.partition("?")[0].partition("#")[0])
    segments = list(
        filter(None, (words_of_name(_PLACEHOLDER.sub("", segment)) for segment in path.split("/")))
    )
    while segments and _PREFIX.fullmatch("".join(segments[0])):
        segments = segments[1:]
    summary = words_of_name(_LABEL.sub("", operation.summary).partition(". ")[0])
    name = _own_words(words_of_name(operation.operation_id), path)
    nouns = _nouns_beside(path, operation.tags)
    of_summary, of_name = _verb_of_sentence(summary, nouns), _verb_of_name(name, nouns)
    # Generated summaries and ids repeat the method and the path: `get` in `get_irc_stop` proves nothing.
    repeated = {"get", "head", "api", *_DETERMINERS, *_LINKING}
    repeated.update(text for words in segments for word in words for text in (word, singular(word)))
    texts_that_read = [
        words
        for verb, words in ((of_summary, summary), (of_name, name))
        if verb.reads and not repeated.issuperset(words)
    ]
    # The object of a verb for reading is a noun in the path, too: "Get the stop words" of `/stop-words`.
    read_words = {word for words in texts_that_read for word in words[1:]}
    is_read = of_summary.reads or of_name.reads or (bool(segments) and segments[-1][0] in _READING)
    is_lenient = is_read or not segments or not is_documented
    if of_name.word in read_words & _MODIFYING:
        of_name = _NOUN
    of_path = _verb_of_path(path, segments, nouns, is_read=is_read)
    if of_path.word in read_words or len(texts_that_read) > 1:
        of_path = _NOUN
    for verb in (of_summary, of_name, of_path):
        if verb.word and not verb.reads and (verb.is_known or not is_lenient):
            return verb.word
    return ""


def _own_words(name: list[str], path: str) -> list[str]:
    """Return an operation id, split, without the method and the path that a generator adds.

    FastAPI makes `stop_irc_irc_stop_get` of `stop_irc`, and Springfox makes `padUsingGET` of `pad`. Django REST
    framework makes `irc_stop_retrieve` of the path alone.
    """
    if name[-2:] == ["using", "get"]:
        return name[:-2]
    if name[-1:] and name[-1] in _GENERATED:
        added = words_of_name(path)
        if added and name[-1 - len(added) : -1] == added:
            return name[: -1 - len(added)] or added
        if set(added).issuperset(name[:-1]):
            return name[:-1]
    return name


def _nouns_beside(path: str, tags: Iterable[str]) -> set[str]:
    """Return the nouns that tags, parameters and plurals in the path show."""
    nouns = {singular(word) for tag in tags for word in words_of_name(tag)}
    nouns.update(map(owner_name, parameter_names(path)))
    words = words_of_name(_PLACEHOLDER.sub("", path))
    return nouns | {singular(word) for word in words if _is_plural(word)}


@cache
def _acting_verbs() -> frozenset[str]:
    """Return the verbs for changes that are rarely nouns."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "acting_verbs.txt")
    with open(path, encoding="ascii") as file:
        return frozenset(file.read().split())


def _acts(word: str, *, anywhere: bool = False) -> bool:
    """Return whether a term is a verb for a change.

    Args:
        anywhere: Whether the term may follow others. If so, verbs that are also part of a noun do not count.
    """
    if word in _MODIFYING or word in _READING:
        return word in _MODIFYING and not anywhere
    known = _acting_verbs() | _MODIFYING
    made = _MADE_OF_VERB.fullmatch(word)
    return word in known or (made is not None and made[1] in known) or bool(_VERB_FORM.fullmatch(word))


def _is_plural(word: str) -> bool:
    return singular(word) != word


def _is_noun(word: str, nouns: Collection[str]) -> bool:
    is_listed = word in _NOUNS or word in _DETERMINERS or word in _LINKING or singular(word) in nouns
    return is_listed or _is_plural(word) or _NOUN_FORM.fullmatch(word) is not None


def _verb_of_sentence(words: Sequence[str], nouns: Collection[str]) -> _Verb:
    """Return the verb at the beginning of a summary: "Send a test alert", "Logs out the user", "Returns all pads"."""
    if len(words) == 1:  # it may be a noun
        return _verb_of_phrase(words, nouns) if words[0] not in _THINGS else _NOUN
    if not words:
        return _NOUN
    first, base = words[0], singular(words[0])
    has_article = words[1] in _DETERMINERS
    if (base, words[1]) in _PAIRS:
        return _Verb(f"{base}-{words[1]}")
    if base in _READING or first in _READING:
        return _Verb(base, reads=True)
    is_third_person = first != base and (base == "send" or base not in _MODIFYING)
    if _acts(base) and (has_article or is_third_person):
        return _Verb(base)
    if has_article and (base in _ORDERS or not _is_noun(base, nouns)):
        return _Verb(base, is_known=False)
    return _verb_of_phrase(words, nouns)


def _verb_of_name(words: Sequence[str], nouns: Collection[str]) -> _Verb:
    """Return the verb of a name, which may follow nouns: `issues/list-for-repo`, `padDelete`."""
    if len(words) == 1 and (words[0] in _THINGS or (words[0] in nouns and words[0] in _MODIFYING)):
        return _NOUN  # it may be the resource: `run` of `/runs/{id}`
    reading = next((index for index, word in enumerate(words) if word in _READING), len(words))
    verb = _verb_before(words[:reading], nouns)
    if words[reading:] and (not verb.word or (verb.word in _MODIFYING and words[reading - 1] != "and")):
        return _Verb(words[reading], reads=True)
    return verb


def _verb_before(words: Sequence[str], nouns: Collection[str]) -> _Verb:
    """Return the first verb for a change in the part of a name before its verb for reading."""
    for index, (word, following) in enumerate(pairwise([*words, ""])):
        if (word, following) in _PAIRS:
            return _Verb(f"{word}-{following}")
        if _acts(word, anywhere=index > 0):
            verb = _verb_of_phrase(words[index:], nouns)
            if verb.word:
                return verb
    return _verb_of_phrase(words, nouns)


def _verb_of_phrase(words: Sequence[str], nouns: Collection[str], *, is_read: bool = False) -> _Verb:
    """Return the verb of a command such as `stop-irc`, `sendTestEmail`, `testemail`; a noun for `restart-count`.

    Args:
        is_read: Whether another text has a verb for reading.
    """
    if not words:
        return _NOUN
    first, last, is_alone = words[0], words[-1], len(words) == 1
    if first in _READING:
        return _Verb(first, reads=True)
    if tuple(words[:2]) in _PAIRS:
        return _Verb("-".join(words[:2]))
    if _acts(first):
        is_noun = last in _MODIFIED or (
            last not in _OBJECTS and (is_read or (first in _THINGS and _is_plural(last)))
        )
        return _NOUN if is_noun and first in _MODIFYING and not is_alone else _Verb(first)
    if is_alone and (verb := _verb_of_compound(first)):
        return _Verb(verb)
    if not is_alone and _acts(last, anywhere=words[-2] not in _OBJECTS):
        return _Verb(last)
    # An unknown term is a noun by itself (`mood`), and a verb before a singular noun (`yeet-node`).
    is_noun = is_alone or last in _MODIFIED or _is_plural(last)
    if is_noun or (_is_noun(first, nouns) and first not in _ORDERS):
        return _NOUN
    return _Verb(first, is_known=False)


def _verb_of_compound(word: str) -> str:
    """Return the verb of a compound: `test` of `testemail`, `send` of `sendmail`."""
    verbs = (word.removesuffix(acted) for acted in sorted(_OBJECTS) if word.endswith(acted))
    return next(filter(_acts, verbs), "")


def _verb_of_path(
    path: str, segments: Sequence[Sequence[str]], nouns: Collection[str], *, is_read: bool
) -> _Verb:
    """Return the verb in a path.

    Args:
        path: The path without its query.
        segments: Its segments, split, without parameters.
        nouns: The nouns that other texts show.
        is_read: Whether the name, the summary or the last segment has a verb for reading, even a generated one.
    """
    if not segments:
        return _NOUN
    last = segments[-1]
    verb = _verb_of_phrase(last, nouns, is_read=is_read)
    if [verb.word] == last and verb.word in _THINGS:
        parameters = parameter_names(path.rpartition("/")[2]) if path.endswith("}") else []
        is_item = bool(parameters) and _names_item(parameters[0], verb.word)
        # `/test` alone is usually a page, and `/connection/test` runs a test.
        is_page = verb.word == "test" and len(segments) == 1
        is_thing = verb.word not in {"start", "stop"} and (is_read or is_page)
        return _NOUN if is_item or is_thing else verb
    if verb.word and verb.is_known:
        return verb
    is_of_item = path.rpartition("/")[0].endswith("}") and len(last) == 1
    if is_of_item and last[0] in _OF_ITEMS and not is_read:
        return _Verb(last[0])
    # In `/send/mail` the verb is the segment before its object; in `/stop/{stop_id}/departures` it is a noun.
    is_noun = last[-1] in _MODIFIED or (is_read and last[-1] not in _OBJECTS)
    for segment, following in reversed(list(pairwise(filter(None, path.split("/"))))):
        word = plain_name(segment)
        if "{" not in segment + following and _acts(word, anywhere=is_noun):
            return _Verb(word)
    return verb


def _names_item(parameter: str, noun: str) -> bool:
    return owner_name(parameter) == noun or plain_name(parameter) in (*ID_ENDINGS, noun)
