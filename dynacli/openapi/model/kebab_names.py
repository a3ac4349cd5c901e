"""Names of operations and options in kebab case, unique and stable across revisions.

A name has only ASCII letters, digits and hyphens, so a command contains no control, bidirectional or look-alike
character of a document. Other scripts are transliterated to Latin letters.
"""

import re
from collections.abc import Container, Iterable, Mapping
from functools import lru_cache

MAX_LENGTH = 120
"""Length, in characters, at which names are cut; a number may follow to make them unique."""

# Do not split the plural of an acronym: `listUserIDs`, `getURLsOfVMs`.
_BOUNDARIES = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z](?!s(?![a-z]))[a-z])")
_OTHERS = re.compile(r"[^A-Za-z0-9]+")
# Compiled on first use, because a call hardly ever needs them.
_APOSTROPHES = r"(?<=\w)['\u2019\u02bc](?=\w)"
_NAME = r"[a-z0-9]+(?:-[a-z0-9]+)*"

_SYMBOLS = {
    "[]": "array",
    "<": "lt",
    ">": "gt",
    "=": "eq",
    "!": "not",
    "~": "tilde",
    "*": "star",
    "+": "plus",
    "-": "minus",
    "_": "underscore",
    ".": "dot",
    ",": "comma",
    ":": "colon",
    ";": "semicolon",
    "?": "question",
    "/": "slash",
    "\\": "backslash",
    "|": "pipe",
    "&": "and",
    "%": "percent",
    "#": "hash",
    "$": "dollar",
    "@": "at",
    "^": "caret",
    "(": "open",
    ")": "close",
    "[": "open",
    "]": "close",
    "{": "open",
    "}": "close",
    "'": "quote",
    '"': "quote",
    "`": "quote",
    " ": "space",
}
# Symbols with a meaning. Others, such as `-`, only join names, and are spelled out if there is nothing else.
_USEFUL = ("[]", "<", ">", "=", "!", "~", "*", "+", "$", "@", "#", "%", "&", "|", "?")


@lru_cache(1_000)  # a document repeats its names
def kebab(text: str) -> str:
    """Return `text` in kebab case, or an empty string if it has no letter or digit.

    `listRuns` → `list-runs`, `Get_HTTPThing2` → `get-http-thing2`, `issues/list-for-repo` →
    `issues-list-for-repo`, `Überblick` → `uberblick`, `список` → `spisok`.
    """
    if "'" in text or not text.isascii():
        # An apostrophe does not split a name: `List a user's pets`.
        text = _to_ascii(re.sub(_APOSTROPHES, "", text))
    return "-".join(_OTHERS.sub(" ", _BOUNDARIES.sub(" ", text)).split()).lower()


@lru_cache(1_000)
def spelled_out(text: str, *, is_whole: bool = False) -> str:
    """Return `text` in kebab case with its symbols spelled out: `StartTime<` → `start-time-lt`, `x[]` → `x-array`.

    Args:
        is_whole: Whether all symbols are spelled out, for text that has nothing else: `...` → `dot-dot-dot`.
            A symbol without a name becomes its code point.
    """
    symbols = "|".join(map(re.escape, _SYMBOLS if is_whole else _USEFUL))
    return kebab(
        re.sub(
            symbols + r"|[^A-Za-z0-9]" if is_whole else symbols,
            lambda found: f" {_SYMBOLS.get(found[0]) or f'u{ord(found[0]):04x}'} ",
            text if is_whole else _to_ascii(text),
        )
    )


def _to_ascii(text: str) -> str:
    """Return a text in ASCII: transliterated, without accents, and with spaces for all other characters."""
    if text.isascii():
        return text
    import unicodedata

    decomposed = unicodedata.normalize("NFKD", text)
    text = "".join(char for char in decomposed if not unicodedata.combining(char))
    if not text.isascii():
        # Imported only for such names, because it reads its tables from files.
        from anyascii import anyascii

        # NFKD took Korean syllables apart; NFC puts them together again.
        text = unicodedata.normalize("NFC", text)
        text = "".join(anyascii(char) if unicodedata.category(char)[0] in "LN" else char for char in text)
    return re.sub(r"[^\x00-\x7f]", " ", text)


def tag_prefixes(tag: str) -> list[str]:
    """Return the possible prefixes of the names of a tag's operations, the tag itself first.

    Generators name an operation after a tag or a controller: `issues/list` and `Issue_List` of the tag `issues`,
    `PetsController_findAll` of the tag `pets`.

    Args:
        tag: The tag in kebab case.
    """
    numbers = dict.fromkeys((tag, tag.removesuffix("s"), f"{tag}s"))
    return [f"{form}{kind}-" for kind in ("", "-controller", "-service", "-api") for form in numbers]


def under_tag(name: str, tag: str) -> str:
    """Return the name of an operation without the prefix that repeats its tag.

    Args:
        tag: The tag in kebab case.
    """
    prefixes = [prefix for prefix in tag_prefixes(tag) if name.startswith(prefix)]
    return name[len(max(prefixes, key=len, default="")) :] or name


class NameBook:
    """Gives each operation of a document its name.

    Args:
        lock: (method, path) → name, from earlier revisions of the document. Such a name stays with its method and path.
            No other operation gets it, even if the first one is gone.
    """

    def __init__(self, lock: Mapping[tuple[str, str], str] | None = None) -> None:
        self.lock: dict[tuple[str, str], str] = {}
        self._taken: set[str] = set()
        for key, name in (lock or {}).items():
            # The lock comes from the cache, which may be damaged.
            if name not in self._taken and re.fullmatch(_NAME, name):
                self.lock[key] = name
                self._taken.add(name)

    def name(self, method: str, path: str, wanted: Iterable[str]) -> str:
        """Return the name of the operation at `method` and `path`, and add it to the lock.

        Args:
            wanted: Texts to make the name from, the best first: `x-cli-name`, then operationId.
        """
        key = (method, path)
        known = self.lock.get(key)
        if known is not None:
            return known
        first = next(filter(None, map(kebab, wanted)), "")
        by_path = kebab(f"{method} {path}") or "operation"
        name = self._free(_cut_to_longest(first or by_path), f"{first}-{by_path}" if first else by_path)
        self.lock[key] = name
        self._taken.add(name)
        return name

    def is_of_another(self, word: str, method: str, path: str) -> bool:
        """Return whether a name belongs to another operation, even if that operation is gone."""
        return word in self._taken and self.lock.get((method, path)) != word

    def _free(self, plain: str, qualified: str) -> str:
        if plain not in self._taken:
            return plain
        qualified = _cut_to_longest(qualified)
        return free_name(qualified, self._taken, "-")  # paths may differ only in their symbols


def _cut_to_longest(name: str) -> str:
    return name[:MAX_LENGTH].rstrip("-")


def is_tag_meant(pattern: str, tag: str) -> bool:
    """Return whether a pattern, such as a policy has after `tag:`, matches a tag."""
    from fnmatch import fnmatchcase

    return pattern == tag or kebab(pattern) == kebab(tag) or fnmatchcase(kebab(tag), pattern)


def free_name(base: str, taken: Container[str], separator: str = "") -> str:
    """Return a name, with a number from 2 on if it is taken: `pet`, `pet2`, `pet3`."""
    name, number = base, 2
    while name in taken:
        name, number = f"{base}{separator}{number}", number + 1
    return name
