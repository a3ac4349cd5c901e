"""Whether a GET only reads, by its summary, its name and its path: `GET /restart` and `GET /deletePad` do not.

No list of the verbs that change something is ever complete. So this asks the other way round. Each of the three texts
begins with a verb that reads, or with a noun, or it does not. A verb that reads makes the operation a read. A verb that
acts makes it none, whatever the other texts say. A first word that is neither counts as a verb that acts, unless
something shows that it is a noun: its form, a parameter, a tag, or a text in which it follows a verb that reads.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote

from dynacli.http.semantics import SAFE_METHODS
from dynacli.openapi.model.field_names import ID_ENDINGS, owner_name, plain_name, singular, words_of
from dynacli.openapi.model.operation import Operation, OperationSummary
from dynacli.openapi.model.path_templates import parameter_names

_READING = frozenset(
    {
        *("browse", "calculate", "check", "collect", "compare", "compute", "contain", "count", "decode"),
        *("describe", "diff", "display", "download", "echo", "enumerate", "estimate", "examine", "explain"),
        *(
            "explore",
            "export",
            "fetch",
            "find",
            "get",
            "give",
            "has",
            "head",
            "inspect",
            "is",
            "list",
            "locate",
        ),
        *("look", "lookup", "obtain", "paginate", "peek", "ping", "preview", "provide", "query", "read"),
        *("render", "respond", "retrieve", "return", "search", "see", "serve", "show", "stream"),
        *("summarize", "tail", "validate", "view", "watch", "whether", "whoami"),
    }
)
"""Verbs that read."""
_THINGS = frozenset(
    {
        *("poll", "run", "scan", "start", "stop", "sync", "test"),
    }
)
"""Verbs that also name a thing: `/scan/{scan_id}` and `/stop-areas` read it."""
_MODIFYING = _THINGS | {
    *("archive", "autoscale", "backup", "book", "build", "cleanup", "commit", "complete", "deploy"),
    *("drop", "dump", "empty", "end", "fire", "force", "fork", "format", "import", "invite", "launch"),
    *("load", "lock", "login", "logout", "mark", "merge", "notify", "open", "patch", "pause", "pin"),
    *("process", "pull", "push", "reboot", "record", "refresh", "release", "reload", "restart"),
    *("resume", "retry", "review", "send", "transfer", "trigger", "update", "upgrade", "upload"),
}
"""Verbs that also stand before a noun: `send-settings`, `restart-count`, `update-schedule`."""
_ACTING = _MODIFYING | {
    *("abort", "accept", "acknowledge", "activate", "add", "adjust", "append", "apply", "approve"),
    *("assign", "attach", "authorise", "authorize", "ban", "begin", "bind", "boot", "bounce", "buy"),
    *("cancel", "capture", "clean", "clear", "clone", "close", "configure", "confirm", "connect"),
    *("consume", "convert", "copy", "create", "deactivate", "decline", "decrement", "delete", "demote"),
    *("deny", "deregister", "destroy", "detach", "disable", "disconnect", "dismiss", "dispatch"),
    *("dispose", "drain", "duplicate", "edit", "eject", "enable", "enqueue", "ensure", "erase"),
    *("evict", "exec", "execute", "expire", "finish", "fix", "flush", "generate", "grant", "halt"),
    *("hide", "increment", "init", "initialise", "initialize", "initiate", "insert", "install"),
    *("invalidate", "invoke", "join", "kick", "kill", "leave", "logoff", "make", "measure", "migrate"),
    *("modify", "move", "mute", "overwrite", "pay", "poweroff", "prepend", "promote", "provision"),
    *("prune", "publish", "purchase", "purge", "put", "quit", "rebuild", "reconnect", "redeem"),
    *("register", "reindex", "reject", "rename", "renew", "reopen", "reorder", "replace", "requeue"),
    *("rescan", "resend", "reset", "restore", "resync", "revert", "revoke", "rollback", "rotate"),
    *("save", "set", "shutdown", "signoff", "signout", "skip", "spawn", "submit", "subscribe"),
    *("suspend", "swap", "switch", "synchronise", "synchronize", "terminate", "toggle", "truncate"),
    *("unassign", "unban", "uninstall", "unlink", "unlock", "unmute", "unpin", "unpublish"),
    *("unregister", "unset", "unsubscribe", "wake", "wipe", "write"),
}
"""Verbs that act, whatever the other texts say. A verb that is in no list acts if nothing shows that it is a noun."""
_PAIRS = frozenset(
    {("log", "off"), ("log", "out"), ("power", "off"), ("shut", "down"), ("sign", "off"), ("sign", "out")}
    | {("log", "in"), ("sign", "in"), ("power", "on"), ("roll", "back"), ("turn", "off"), ("turn", "on")}
)
"""Verbs of two words."""
_FACTS = frozenset(
    {
        *("count", "counts", "date", "dates", "form", "health", "info", "jobs", "limit", "limits"),
        *("metrics", "options", "page", "permission", "permissions", "policies", "policy", "progress"),
        *("rate", "reason", "reasons", "result", "results", "schedule", "schedules", "state", "status"),
        *("statuses", "time", "times"),
    }
)
"""Last words of names that speak of a fact if a verb that also stands before a noun is first: `restart-count`."""
_MODIFIED = _FACTS | {
    *("config", "configs", "configuration", "details", "history", "list", "mode", "preferences"),
    *("settings", "statistics", "stats", "summary", "template", "templates", "type", "types", "url"),
    *("version", "words"),
}
"""The same, and what such verbs configure."""
_OBJECTS = frozenset(
    {
        *("alarm", "alert", "alerts", "all", "channel", "connection", "email", "emails", "everything"),
        *("hook", "job", "library", "mail", "mails", "message", "messages", "notification"),
        *("notifications", "notifier", "now", "scan", "server", "service", "sms", "smtp", "sync", "task"),
        *("webhook",),
    }
)
"""What verbs act upon that also name a thing: `test-alert`, and `testemail` in one word."""
_NOUNS = _MODIFIED | {
    *("about", "account", "active", "activity", "address", "admin", "age", "agent", "alias"),
    *("anything", "api", "app", "array", "article", "asset", "attribute", "audit", "auth", "author"),
    *("available", "balance", "billing", "binary", "blank", "board", "body", "book", "boolean"),
    *("branch", "bucket", "budget", "cache", "calendar", "card", "cart", "catalog", "category"),
    *("channel", "chat", "child", "children", "city", "client", "cluster", "code", "color", "comment"),
    *("company", "contact", "content", "context", "cookie", "country", "csv", "currency", "current"),
    *("custom", "customer", "daily", "dashboard", "data", "database", "dataset", "deep", "default"),
    *("detail", "device", "diagnostic", "directory", "discovery", "doc", "document", "domain"),
    *("double", "email", "error", "event", "example", "exception", "family", "feature", "feed"),
    *("field", "file", "float", "folder", "forecast", "full", "game", "general", "global", "graph"),
    *("group", "guild", "header", "healthcheck", "heartbeat", "help", "home", "host", "html", "icon"),
    *("image", "index", "input", "instance", "integer", "inventory", "invoice", "issue", "item", "job"),
    *("jpeg", "json", "key", "label", "language", "latest", "library", "license", "link", "location"),
    *("log", "map", "markdown", "market", "matrix", "me", "member", "menu", "message", "meta"),
    *("metadata", "method", "metric", "model", "module", "my", "name", "news", "node", "note"),
    *("number", "oauth", "object", "openapi", "optional", "order", "org", "owner", "package", "pad"),
    *("param", "parent", "path", "pdf", "people", "person", "pet", "phone", "photo", "plan", "player"),
    *("plugin", "png", "pod", "post", "price", "private", "product", "profile", "project", "property"),
    *("proxy", "public", "queue", "quota", "ranking", "raw", "recent", "recursive", "region", "registry"),
    *("repo", "report", "repository", "request", "resource", "response", "role", "room", "root"),
    *("route", "rule", "sample", "schema", "score", "secret", "self", "server", "service", "session"),
    *("setting", "simple", "single", "site", "size", "snapshot", "source", "space", "spec", "standard"),
    *("stat", "statistic", "storage", "store", "string", "support", "system", "table", "tag", "task"),
    *("team", "telemetry", "temperature", "tenant", "text", "thread", "tier", "timeline", "title"),
    *("token", "topic", "total", "trace", "transaction", "tree", "unique", "unit", "usage", "user"),
    *("username", "value", "vehicle", "video", "volume", "wallet", "weather", "webhook", "website"),
    *("wiki", "workflow", "workspace", "xml", "yaml", "year", "zone"),
}
"""Common words that begin a name as nouns or adjectives, if their form does not show it."""
_ORDERS = frozenset(
    {
        *("block", "charge", "email", "follow", "like", "log", "order", "post", "queue", "report"),
        *("request", "schedule", "share", "store", "tag", "vote"),
    }
)
"""Words that are nouns alone, and verbs before the name of one thing: `/order` and `order-pizza`."""
_GENERATED = frozenset({"get", "head", "list", "retrieve"})
"""Last words of the ids that generators make of a method and a path."""
_NOUN_FORM = re.compile(
    r".*[^aeiou]ed|.*(?:ance|ence|graph|ics|ing|ism|ity|ment|ness|ology|ship|sion|tion|ture|ware|z)|.?|.*[0-9].*"
)
"""The forms of nouns and participles: `healthz`, `indexing`, `location`, `deleted`, `ipv6`."""
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
"""The methods that servers also use for what changes something; no one runs a command by OPTIONS."""
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_LABEL = re.compile(r"^\W*\[[^\]]*\]")
_PREFIX = re.compile(r"api|rest|v[0-9.]*")
"""Segments at the beginning of a path that say nothing of an operation."""


class _Verb(NamedTuple):
    """What a text begins with.

    Args:
        word: The verb, or a word that may be one; empty for a noun.
        reads: Whether the verb reads.
        is_known: Whether the word is surely a verb.
    """

    word: str = ""
    reads: bool = False
    is_known: bool = True


_NOUN = _Verb()


def is_reading(
    operation: OperationSummary | Operation, method: str = "", *, is_documented: bool = True
) -> bool:
    """Return whether a call only reads: its method is safe, and nothing says that its GET does more.

    Args:
        method: The method of the call; empty for that of the operation.
        is_documented: As in `acting_word`.
    """
    method = method or operation.method.upper()
    return method in SAFE_METHODS and not (
        method in NAMED_METHODS and acting_word(operation, is_documented=is_documented)
    )


def acting_word(operation: OperationSummary | Operation, *, is_documented: bool = True) -> str:
    """Return the word that says that a GET or HEAD does more than read, or may; empty if it only reads.

    The names of path parameters do not count, because they speak of a value.

    Args:
        is_documented: Whether the path is a template. If it is not, an unknown word in it may be a value.
    """
    path = unquote(operation.path.partition("?")[0].partition("#")[0])
    segments = list(filter(None, (words_of(_PLACEHOLDER.sub("", segment)) for segment in path.split("/"))))
    while segments and _PREFIX.fullmatch("".join(segments[0])):
        segments = segments[1:]
    summary = words_of(_LABEL.sub("", operation.summary).partition(". ")[0])
    name = _own_words(words_of(operation.operation_id), path)
    nouns = _nouns_beside(path, operation.tags)
    said, named = _verb_of_sentence(summary, nouns), _verb_of_name(name, nouns)
    # Generated summaries and ids repeat the method and the path: `get_irc_stop` does not say that it reads.
    repeated = {"get", "head", "api", *_DETERMINERS, *_LINKING}
    repeated.update(text for words in segments for word in words for text in (word, singular(word)))
    telling = [
        words
        for verb, words in ((said, summary), (named, name))
        if verb.reads and not repeated.issuperset(words)
    ]
    # A word that follows a verb that reads is what it reads: "Get the stop words" of `/stop-words`.
    told = {word for words in telling for word in words[1:]}
    is_read = said.reads or named.reads or (bool(segments) and segments[-1][0] in _READING)
    is_lenient = is_read or not segments or not is_documented
    if named.word in told & _MODIFYING:
        named = _NOUN
    located = _verb_of_path(path, segments, nouns, is_read=is_read)
    if located.word in told or len(telling) > 1:
        located = _NOUN
    for verb in (said, named, located):
        if verb.word and not verb.reads and (verb.is_known or not is_lenient):
            return verb.word
    return ""


def _own_words(name: list[str], path: str) -> list[str]:
    """Return the words of an operation id without those of the method and path that a generator adds.

    FastAPI makes `stop_irc_irc_stop_get` of `stop_irc`, Springfox `padUsingGET` of `pad`, and Django REST framework
    `irc_stop_retrieve` of the path alone.
    """
    if name[-2:] == ["using", "get"]:
        return name[:-2]
    if name[-1:] and name[-1] in _GENERATED:
        added = words_of(path)
        if added and name[-1 - len(added) : -1] == added:
            return name[: -1 - len(added)] or added
        if set(added).issuperset(name[:-1]):
            return name[:-1]
    return name


def _nouns_beside(path: str, tags: Iterable[str]) -> set[str]:
    """Return the words that other texts show to be nouns: tags, parameters and plurals of the path."""
    nouns = {singular(word) for tag in tags for word in words_of(tag)}
    nouns.update(map(owner_name, parameter_names(path)))
    words = words_of(_PLACEHOLDER.sub("", path))
    return nouns | {singular(word) for word in words if _is_plural(word)}


def _is_plural(word: str) -> bool:
    return singular(word) != word


def _is_noun(word: str, nouns: Collection[str]) -> bool:
    listed = word in _NOUNS or word in _DETERMINERS or word in _LINKING or singular(word) in nouns
    return listed or _is_plural(word) or _NOUN_FORM.fullmatch(word) is not None


def _verb_of_sentence(words: Sequence[str], nouns: Collection[str]) -> _Verb:
    """Return the verb that a summary begins with: "Send a test alert", "Logs out the user", "Returns all pads"."""
    if len(words) == 1:  # it may as well be a thing
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
    if base in _ACTING and (has_article or is_third_person):
        return _Verb(base)
    if has_article and first not in _LINKING:
        return _Verb(base, is_known=False)
    return _verb_of_phrase(words, nouns)


def _verb_of_name(words: Sequence[str], nouns: Collection[str]) -> _Verb:
    """Return the verb of a name, which may follow nouns: `issues/list-for-repo`, `padDelete`."""
    if len(words) == 1 and (words[0] in _THINGS or (words[0] in nouns and words[0] in _MODIFYING)):
        return _NOUN  # it may be what the operation reads: `run` of `/runs/{id}`
    reading = next((index for index, word in enumerate(words) if word in _READING), len(words))
    verb = _verb_before(words[:reading], nouns)
    if words[reading:] and (not verb.word or (verb.word in _MODIFYING and words[reading - 1] != "and")):
        return _Verb(words[reading], reads=True)
    return verb


def _verb_before(words: Sequence[str], nouns: Collection[str]) -> _Verb:
    """Return the first verb of the words of a name that stand before one that reads."""
    for index, (word, following) in enumerate(pairwise([*words, ""])):
        if (word, following) in _PAIRS:
            return _Verb(f"{word}-{following}")
        if word in _ACTING and (index == 0 or word not in _MODIFYING):
            verb = _verb_of_phrase(words[index:], nouns)
            if verb.word:
                return verb
    return _verb_of_phrase(words, nouns)


def _verb_of_phrase(words: Sequence[str], nouns: Collection[str], *, is_read: bool = False) -> _Verb:
    """Return the verb of a command such as `stop-irc`, `sendTestEmail`, `testemail`; a noun for `restart-count`.

    Args:
        is_read: Whether another text says that the operation reads.
    """
    if not words:
        return _NOUN
    first, last, is_alone = words[0], words[-1], len(words) == 1
    if first in _READING:
        return _Verb(first, reads=True)
    if first in _ACTING:
        is_noun = last in _MODIFIED or (
            last not in _OBJECTS and (is_read or (first in _THINGS and _is_plural(last)))
        )
        return _NOUN if is_noun and first in _MODIFYING and not is_alone else _Verb(first)
    if is_alone and (verb := _verb_of_compound(first)):
        return _Verb(verb)
    if not is_alone and last in (_ACTING if words[-2] in _OBJECTS else _ACTING - _MODIFYING):
        return _Verb(last)
    is_of_many = not is_alone and (last in _MODIFIED or _is_plural(last))
    if is_of_many or (_is_noun(first, nouns) and (is_alone or first not in _ORDERS)):
        return _NOUN
    return _Verb(first, is_known=False)


def _verb_of_compound(word: str) -> str:
    """Return the verb of two words in one: `testemail`, `sendmail`."""
    return next(
        (verb for verb in sorted(_ACTING) if word.startswith(verb) and word.removeprefix(verb) in _OBJECTS),
        "",
    )


def _verb_of_path(
    path: str, segments: Sequence[Sequence[str]], nouns: Collection[str], *, is_read: bool
) -> _Verb:
    """Return the verb in a path.

    Args:
        path: The path without its query.
        segments: The words of its segments, without parameters.
        nouns: The words that other texts show to be nouns.
        is_read: Whether the name or the summary says that it reads, in words that may only repeat the path.
    """
    if not segments:
        return _NOUN
    last = segments[-1]
    verb = _verb_of_phrase(last, nouns, is_read=is_read)
    if [verb.word] == last and verb.word in _THINGS:
        behind = parameter_names(path.rpartition("/")[2]) if path.endswith("}") else []
        is_item = bool(behind) and _names_item(behind[0], verb.word)
        # `/test` alone is a toy's page, and `/connection/test` a test.
        is_page = verb.word == "test" and len(segments) == 1
        is_thing = verb.word not in {"start", "stop"} and (is_read or is_page)
        return _NOUN if is_item or is_thing else verb
    if verb.word and verb.is_known:
        return verb
    # In `/send/mail` the verb stands above what it acts upon, and `/stop/{stop_id}/departures` is of a thing.
    is_noun = last[-1] in _MODIFIED or (is_read and last[-1] not in _OBJECTS)
    for segment, following in reversed(list(pairwise(filter(None, path.split("/"))))):
        word = plain_name(segment)
        if "{" in segment + following or word not in _ACTING or (is_noun and word in _MODIFYING):
            continue
        return _Verb(word)
    return verb


def _names_item(parameter: str, noun: str) -> bool:
    return owner_name(parameter) == noun or plain_name(parameter) in (*ID_ENDINGS, noun)
