"""Stems, synonyms and actions, by which a search compares a query with operations.

The compiler and the search use the same functions, so that a query and a document have the same stems. Groups of
synonyms are in `thesaurus.txt`, one per line. A term may be in several groups.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import cache
from math import log

from dynacli.record import record

# Do not split the plural of an acronym (`userIDs`), nor the `O` from `OAuth`.
_WORD = re.compile(r"O[Aa]uth|[A-Z]{2,}s?(?![a-z])|[A-Z]?[a-z]+|[A-Z]|\d+|[^\W\d_A-Za-z]+")
_SHORTENED = ("s", "re", "ll", "ve", "d", "m", "t")
"""English endings after an apostrophe, which are not separate terms."""

_UNSPACED = ((0x0E00, 0x0EFF), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF))
"""Ranges of scripts without spaces: Thai and Lao, Khmer, kana, Han."""

_STOP_WORDS = (
    "a an the of to in on for from with and or by at as is are be been was were this that these those it its"
    " which who whom whose when where how what why than then so can could should would will may might must do"
    " does did done has have had having i me my mine we us our you your he she they them their his her there"
    " here if into onto via per about please want need like let there any some also just only"
    " am but because while such another other one ones very too really hey hi hello thanks pls dont cant whats"
    " somebody someone anybody anyone everybody everyone something anything"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Frequent terms that do not distinguish operations."""

_WHOLE_WORDS = (
    "alias canvas atlas bias gas has news always whereas plus status bus analysis basis axis redis dns sms"
    " https aws thing string setting spring king ring meeting building billing pricing rating listing mapping"
    " bring during morning evening feed seed need speed bed red embed shed media hundred"
)
_UNCHANGED = frozenset(_WHOLE_WORDS.split())
"""Terms that only look as if they had an ending, such as `status` or `setting`."""
_SHORT_FORMS = """
repo repository
org organization
orga organization
db database
app application
config configuration
conf configuration
env environment
info information
param parameter
msg message
img image
pic picture
doc document
dir directory
admin administrator
perm permission
num number
acct account
cert certificate
auth authentication
authn authentication
vol volume
proj project
pub public
priv private
pwd password
del delete
rm remove
ls list
mv move
cp copy
authz authorization
lang language
stat statistic
spec specification
cred credential
addr address
attr attribute
prop property
desc description
tx transaction
txn transaction
qty quantity
amt amount
loc location
geo location
cal calendar
sched schedule
notif notification
temp temporary
tmpl template
var variable
func function
lib library
pkg package
dep dependency
mem memory
lb balancer
subnetwork subnet
mgmt management
async asynchronous
sync synchronization
colour color
catalogue catalog
licence license
favourite favorite
behaviour behavior
centre center
neighbour neighbor
programme program
cancelled cancel
canceled cancel
fav favorite
"""
_VOWELS = frozenset("aeiouy")
_LONG_FORMS = dict(line.split() for line in _SHORT_FORMS.strip().splitlines())
"""Short form or other spelling → the usual term."""
ACTING = "act"
"""Action of verbs for anything but list, get, search, create, update and delete: `merge`, `restart`."""
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
"""Action → its verbs."""
_GENERIC = (
    "list enumerate browse get show see view read retrieve fetch describe display look tell know find"
    " create make add new post insert put update change edit modify set patch delete remove destroy"
)
GENERIC = frozenset(_GENERIC.split())
"""Verbs that only name the action."""
_AMBIGUOUS = (
    "view check query filter post build issue record log book order request report file list track set open start load"
    " display export import test star like pin call share copy fork run block lock draft store empty new search count"
    " capture charge transfer show patch schedule release mark document"
)
AMBIGUOUS = frozenset(_AMBIGUOUS.split())
"""Verbs that are nouns or adjectives, too. They count as verbs only at the beginning of a name or the end of a path."""
_SAME, _SAID, AKIN = 0.8, 0.7, 0.5
"""Weights of terms from the sections `same`, `said` and `akin` of the thesaurus."""
_ACTIONS = {done[0]: done for done in ("list", "get", "search", "create", "update", "delete", ACTING)}
_ZERO, _STEPS = ord("A"), 20
"""In stored text, an action is its first letter and its certainty as a letter from `A` to `U`."""
_UNKNOWN = 0.5


def words_of(text: str) -> list[str]:
    """Return a text split into lower-case terms, in order.

    `listPullRequests`, `list-pull-requests` and `List pull requests` have the same terms. A text in a script without
    spaces is split into overlapping pairs of characters.
    """
    if not text.isascii():
        text = _without_accents(text)
    if "'" in text or "\u2019" in text:
        text = _without_shortened(text)
    words: list[str] = []
    for word in _WORD.findall(text):
        if word.isascii():
            words.append(word.lower())
        elif any(first <= ord(word[0]) <= last for first, last in _UNSPACED):
            words += [word[at : at + 2] for at in range(max(len(word) - 1, 1))]
        else:
            words.append(word.casefold())
    return words


def names_several(noun: str) -> bool:
    """Return whether a noun in lower case looks like a plural."""
    return noun.endswith("s") and not noun.endswith(("ss", "us", "is"))


def _without_shortened(text: str) -> str:
    # Compiling a regular expression would take longer than this loop.
    whole, *behind = text.replace("\u2019", "'").split("'")
    for part in behind:
        ending = next((item for item in _SHORTENED if part.startswith(item)), "")
        after = part[len(ending) : len(ending) + 1]
        is_shortened = ending and whole[-1:].isalpha() and not (after.isalnum() or after == "_")
        whole += part[len(ending) :] if is_shortened else f"'{part}"
    return whole


def _without_accents(text: str) -> str:
    import unicodedata

    decomposed = unicodedata.normalize("NFKD", text)
    kept = "".join(char for char in decomposed if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", kept)


@cache
def stem(word: str) -> str:
    """Return a lower-case term without its ending: `policies` and `policy` have the same stem.

    The rules are few on purpose: keeping an ending does less harm than merging two different terms.
    """
    word = _LONG_FORMS.get(word, word)
    if word in _UNCHANGED or len(word) < 3 or not word.isascii():
        return word
    word = _singular(word)
    word = _LONG_FORMS.get(word, word)
    if word in _UNCHANGED or len(word) < 4:
        return word
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest is not word and len(rest) >= 3 and len(rest) < len(word) and not _VOWELS.isdisjoint(rest):
            word = rest[:-1] if rest[-1] == rest[-2] and rest[-1] not in "lsz" else rest
            break
    if word.endswith("ion") and len(word) > 6 and word[-4] == "t":
        word = word[:-3]
    if word.endswith("y") and len(word) > 3 and word[-2] not in "aeiou":
        return word[:-1] + "i"
    return word.removesuffix("e") if len(word) > 3 else word


def _singular(word: str) -> str:
    if not word.endswith("s") or word.endswith(("ss", "us")) or (word.endswith("is") and len(word) > 4):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 4 else word[:-1]
    if word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return word[:-2]
    return word[:-1]


@cache
def _sections() -> dict[str, str]:
    """Return name → lines of the sections of the thesaurus."""
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
    """Return the action of a verb: `list`, `get`, `search`, `create`, `update`, `delete` or `ACTING`; else empty."""
    return _actions().get(stemmed, "")


def known_words() -> Iterable[str]:
    """Return the stems of all known verbs, and all terms in the sections `same` and `said` of the thesaurus."""
    sections = _sections()
    return {*_actions(), *sections["same"].split(), *sections["said"].split()} - {"="}


def is_generic(stemmed: str) -> bool:
    """Return whether a verb only names its action, such as `create` or `show`."""
    return stemmed in _generic_stems()


@cache
def phrases() -> dict[str, str]:
    """Return phrase → the terms to search for instead."""
    pairs = (line.partition(" = ") for line in _sections()["phrases"].split("\n"))
    return {phrase: words for phrase, _, words in pairs}


@cache
def meanings(stemmed: str) -> dict[str, float]:
    """Return stem → weight, from 0 to 1, of the stem itself and its synonyms; the stem itself is first."""
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
    """Return the lines with a term that begins with a stem."""
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


@record
class OperationWords:
    """The stems of an operation, with the facts that a search scores.

    Args:
        target: Stems of the noun of its path, and of a verb after the noun unless this is generic.
        context: Stems of the steps before the noun.
        rest: Stems of its name that its path does not have, without generic verbs.
        actions: Action → its certainty, from 0 to 1.
        is_mine: Whether it is about the user who calls it.
        is_many: Whether it is about several items.
        is_post: Whether its method is POST.
        is_deprecated: Whether it is deprecated.
        length: Length of its path, in characters.
        reported: Sums of the rarities of the stems of `target`, `context` and `rest`.
    """

    target: tuple[str, ...]
    context: tuple[str, ...]
    rest: tuple[str, ...]
    actions: dict[str, float]
    is_mine: bool
    is_many: bool
    is_post: bool
    is_deprecated: bool
    length: int
    reported: tuple[float, ...] = (0.0, 0.0, 0.0)

    @property
    def stems(self) -> tuple[tuple[str, ...], ...]:
        """The stems of `target`, `context` and `rest`."""
        return self.target, self.context, self.rest

    def as_text(self) -> str:
        """Return a short text for storage, which `from_text` reads."""
        actions = "".join(
            f"{done[0]}{chr(_ZERO + round(_STEPS * surely))}" for done, surely in self.actions.items()
        )
        flags = (self.is_mine, self.is_many, self.is_post, self.is_deprecated)
        bits = sum(1 << bit for bit, flag in enumerate(flags) if flag)
        numbers = (bits, self.length, *(round(100 * part) for part in self.reported))
        return "|".join((*map(" ".join, self.stems), actions, " ".join(map(str, numbers))))

    @classmethod
    def from_text(cls, text: str) -> OperationWords:
        """Return the record of a text from `as_text`."""
        # Stems have neither spaces nor bars.
        target, context, rest, actions, numbers = text.split("|")
        bits, length, *reported = map(int, numbers.split())
        return cls(
            tuple(target.split()),
            tuple(context.split()),
            tuple(rest.split()),
            {
                _ACTIONS[done]: (ord(surely) - _ZERO) / _STEPS
                for done, surely in zip(actions[::2], actions[1::2], strict=True)
            },
            bool(bits & 1),
            bool(bits & 2),
            bool(bits & 4),
            bool(bits & 8),
            length,
            tuple(part / 100 for part in reported),
        )


def rarity(count: int | None, operations: int) -> float:
    """Return the rarity of a stem, from 0 (all operations have it) to about 1.

    Args:
        count: Number of operations with the stem; None if the index does not have it.
        operations: Number of all operations.
    """
    return _UNKNOWN if count is None else log((operations + 1) / (count + 0.5)) / log(operations + 2)
