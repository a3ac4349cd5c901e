"""The words of a text in the form in which they are compared: split, in lower case, without endings.

Compiler and runner use the same functions, so that a word of a question meets the word of a document.
"""

import re
from functools import cache

__all__ = ["STOP_WORDS", "names_several", "stem", "words_of"]

# The plural of an acronym is one word (`userIDs`); `OAuth` is none that begins with an `O`.
_WORD = re.compile(r"O[Aa]uth|[A-Z]{2,}s?(?![a-z])|[A-Z]?[a-z]+|[A-Z]|\d+|[^\W\d_A-Za-z]+")
_SHORTENED = ("s", "re", "ll", "ve", "d", "m", "t")
"""What stands behind an apostrophe and is no word."""

_UNSPACED = ((0x0E00, 0x0EFF), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF))
"""Scripts that write no space between words: Thai and Lao, Khmer, kana, Han."""

_STOP_WORDS = (
    "a an the of to in on for from with and or by at as is are be been was were this that these those it its"
    " which who whom whose when where how what why than then so can could should would will may might must do"
    " does did done has have had having i me my mine we us our you your he she they them their his her there"
    " here if into onto via per about please want need like let there any some also just only"
    " am but because while such another other one ones very too really hey hi hello thanks pls dont cant whats"
    " somebody someone anybody anyone everybody everyone something anything"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words that tell no operation from another."""

_WHOLE_WORDS = (
    "alias canvas atlas bias gas has news always whereas plus status bus analysis basis axis redis dns sms"
    " https aws thing string setting spring king ring meeting building billing pricing rating listing mapping"
    " bring during morning evening feed seed need speed bed red embed shed media hundred"
)
_UNCHANGED = frozenset(_WHOLE_WORDS.split())
"""Words whose ending is a part of them."""
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
"""Short form or other spelling → the word that is meant by it."""


def words_of(text: str) -> list[str]:
    """Return the words of a text in their order, in lower case.

    `listPullRequests`, `list-pull-requests` and `List pull requests` have the same words. A text in a script without
    spaces is cut into pairs of characters.
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
    # A regular expression would take longer to compile than all that a search has to read.
    whole, *behind = text.replace("\u2019", "'").split("'")
    for part in behind:
        ending = next((each for each in _SHORTENED if part.startswith(each)), "")
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
    """Return a word in lower case without its ending: `policies` and `policy` have the same stem, `deleted`, `delete`.

    The stem need not be a word. The rules are few on purpose: a word that stays as it is does less harm than two
    that become the same.
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
