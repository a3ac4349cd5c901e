"""General knowledge of the words of APIs: what a verb does, which words mean the same or are akin, and phrases.

The words themselves stand in `thesaurus.txt`, a group a line, in their basic form; a word may be in many groups.
People say the word on the left of a line of `said` where documents have those on its right, not the other way.
"""

import os
from collections.abc import Iterable
from functools import cache

from dynacli.openapi.catalog._search.search_words import stem

__all__ = [
    "ACTING",
    "AKIN",
    "AMBIGUOUS",
    "GENERIC",
    "action_of",
    "is_generic",
    "known_words",
    "meanings",
    "phrases",
]

ACTING = "act"
"""What is done by a verb that neither lists, gets, creates, updates nor deletes: `merge`, `restart`."""

_VERBS = {
    "list": "list enumerate browse",
    "get": "get show see view read retrieve fetch describe display look check inspect load download export tell know"
    " verify validate preview compare count render",
    "search": "search find query filter lookup locate discover explore",
    "create": "create make add new post insert build generate submit provision launch upload invite register"
    " publish schedule import buy order purchase book reserve record log write append attach assign grant open start"
    " upsert subscribe enroll draft request ask save store put send give set-up begin apply allow connect report"
    " initiate compose raise hire onboard deposit withdraw join initialize",
    "update": "update change edit modify set rename adjust alter configure replace patch move fix correct close reopen"
    " amend revise correct overwrite toggle reassign retitle grow shrink scale reorder unsuspend"
    " enable disable turn resize extend reschedule customize increase decrease reset rotate renew refresh mark",
    "delete": "delete remove destroy erase drop purge discard trash wipe unregister revoke clear kick dismiss detach"
    " clean throw eject expel evict deprovision decommission deregister disassociate retire untag unmark unpublish"
    " unassign unsubscribe unlink unshare cancel eliminate empty disconnect"
    " leave quit exit unban prune kill unset unarchive unlock unmute unblock unfollow"
    " unstar unlike unpin unhide uninstall forget",
    ACTING: "run execute trigger restart reboot stop pause resume approve reject accept decline merge copy clone"
    " duplicate fork archive restore lock mute block follow star like pin"
    " transfer promote capture refund charge pay void reply forward call dial ping sync convert translate test"
    " suspend activate deactivate rollback revert undo swap rebuild migrate retry rerun redeliver deploy share"
    " poweroff poweron shutdown off end finish complete resolve acknowledge play skip force"
    " commit install hide upgrade downgrade drain invalidate redeem authorize escalate snooze seek rewind shuffle"
    " resend notify email calculate evaluate simulate classify recognize detect analyze scan sign",
}
"""What is done to a thing → the verbs that ask for it."""

_GENERIC = (
    "list enumerate browse get show see view read retrieve fetch describe display look tell know find"
    " create make add new post insert put update change edit modify set patch delete remove destroy"
)
GENERIC = frozenset(_GENERIC.split())
"""Verbs that say no more than that."""

_AMBIGUOUS = (
    "view check query filter post build issue record log book order request report file list track set open start load"
    " display export import test star like pin call share copy fork run block lock draft store empty new search count"
    " capture charge transfer show patch schedule release mark document"
)
AMBIGUOUS = frozenset(_AMBIGUOUS.split())
"""Verbs that are nouns or adjectives, too: in a name they are verbs only where it begins, or where a path ends."""

_SAME, _SAID, AKIN = 0.8, 0.7, 0.5
"""How well a word of the same meaning, and a word that is akin, stand for a word."""


@cache
def _sections() -> dict[str, str]:
    """Return name → lines of the sections of the file."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "thesaurus.txt")
    with open(path, encoding="utf-8") as file:
        parts = (part.partition("]\n") for part in file.read().removeprefix("[").split("\n["))
        return {name: f"\n{lines}\n" for name, _, lines in parts}


@cache
def _actions() -> dict[str, str]:
    return {stem(verb): action for action, verbs in _VERBS.items() for verb in verbs.split()}


@cache
def _generic_stems() -> frozenset[str]:
    return frozenset(map(stem, GENERIC))


def action_of(stemmed: str) -> str:
    """Return what a verb does: `list`, `get`, `search`, `create`, `update`, `delete` or `ACTING`; empty for no verb."""
    return _actions().get(stemmed, "")


def known_words() -> Iterable[str]:
    """Return the stems of all verbs that are known, and all words that have others of the same meaning."""
    sections = _sections()
    return {*_actions(), *sections["same"].split(), *sections["said"].split()} - {"="}


def is_generic(stemmed: str) -> bool:
    """Return whether a verb says no more than what `action_of` it returns."""
    return stemmed in _generic_stems()


@cache
def phrases() -> dict[str, str]:
    """Return words as people write them → the words that are looked for."""
    pairs = (line.partition(" = ") for line in _sections()["phrases"].split("\n"))
    return {phrase: words for phrase, _, words in pairs}


@cache
def meanings(stemmed: str) -> dict[str, float]:
    """Return the stems that may stand for a stem, with how well they do, from 0 to 1; itself first."""
    found = {stemmed: 1.0}
    for line in _lines_with(stemmed, _sections()["said"], "\n"):
        said, _, meant = line.partition(" = ")
        if stem(said) == stemmed:
            found.update((stem(word), _SAID) for word in meant.split())
    for weight, section in ((_SAME, "same"), (AKIN, "akin")):
        for line in _lines_with(stemmed, _sections()[section]):
            stems = list(map(stem, line.split()))
            if stemmed in stems:
                for other in stems:
                    found[other] = max(weight, found.get(other, 0.0))
    return found


def _lines_with(stemmed: str, text: str, before: str = " \n") -> list[str]:
    """Return the lines that have a word which begins like a stem."""
    beginning = stemmed.removesuffix("i")
    lines: dict[str, None] = {}
    at = text.find(beginning)
    while at >= 0:
        end = text.index("\n", at)
        if text[at - 1] in before:
            lines[text[text.rindex("\n", 0, at) + 1 : end]] = None
            at = end
        at = text.find(beginning, at + 1)
    return list(lines)
