"""The operations that a question names, rather than describes: by name, operationId, or method and path."""

import re
from collections.abc import Collection

from dynacli.catalog.search.search_words import STOP_WORDS, stem, words_of
from dynacli.catalog.store.catalog_file import Catalog
from dynacli.model.kebab_names import kebab, tag_prefixes
from dynacli.model.path_templates import path_values

__all__ = ["named_operations", "titled_operations"]

_NAMED, _NAMED_BY_TAG, _TITLED = 10.0, 5.0, 2.0
"""What an operation counts that is called by the question, one that its tag and the question call, and one whose
summary has the words of the question and no others."""
_FEWEST_OF_TITLE = 2
"""Words of a title that is no single noun or verb."""
_LONGEST = 1_000
"""Characters of a question that may be a name."""
_MOST = 20
"""Operations that may have the same name behind their tags; a word that more have names none of them."""
_PLACE = re.compile(r"(?:([A-Za-z-]+)\s+)?(/.*)", re.DOTALL)


def named_operations(catalog: Catalog, text: str) -> dict[int, float]:
    """Return the number of each operation that a text names → what that counts, above all that words can count.

    Names, operationIds and paths are found in any case. Hidden operations are among them.

    Raises:
        DamagedCatalogError: The catalog is damaged.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return {}
    place = _PLACE.fullmatch(text)
    if place is not None and (found := _at(catalog, (place[1] or "").upper(), place[2])):
        return dict.fromkeys(found, _NAMED)
    word = kebab(text)
    name = catalog.find(text) or catalog.find(word)
    rows = catalog.rows("SELECT id FROM operations WHERE name = ?", name) if name else []
    # Several words are a question: `list regions` is not asked of `apps-list-regions`.
    behind = _behind_tags(catalog, word) if len(text.split()) == 1 else ()
    return dict.fromkeys(behind, _NAMED_BY_TAG) | {number: _NAMED for (number,) in rows}


def titled_operations(catalog: Catalog, text: str, numbers: Collection[int]) -> dict[int, float]:
    """Return the number of each operation whose whole summary a text is → what that counts, above all synonyms.

    Words that every text has do not count, nor does their number: `list a project` is `List projects`.

    Args:
        numbers: The operations that are looked at.

    Raises:
        DamagedCatalogError: The catalog is damaged.
    """
    words = _telling_words(text)
    if len(words) < _FEWEST_OF_TITLE or not numbers:
        return {}
    found = catalog.each_summary(numbers=numbers)
    pairs = zip(sorted(numbers), found, strict=True)
    return {number: _TITLED for number, each in pairs if _telling_words(each.summary) == words}


def _telling_words(text: str) -> list[str]:
    return [stem(word) for word in words_of(text[:_LONGEST]) if word not in STOP_WORDS]


def _at(catalog: Catalog, method: str, path: str) -> list[int]:
    """Return the operations at a path, as the document has it or with values in it; without a method, all of them."""
    plain, _, fragment = path.partition("#")
    plain, fragment = plain.partition("?")[0], fragment.casefold()
    found: dict[tuple[int, int, bool], list[int]] = {}
    for number, own_method, template in catalog.rows("SELECT id, method, path FROM operations"):
        own, _, own_fragment = template.partition("#")
        own = own.partition("?")[0]
        if method in ("", own_method.upper()) and fragment in ("", own_fragment.casefold()):
            values = path_values(own, plain)
            if values is None:
                values = path_values(own.casefold(), plain.casefold())
            if values is not None:
                # As it is written, then with the fewest values, then without a fragment, as in a call.
                key = (own.casefold() != plain.casefold(), len(values), bool(own_fragment))
                found.setdefault(key, []).append(number)
    return found[min(found)] if found else []


def _behind_tags(catalog: Catalog, word: str) -> list[int]:
    """Return the operations whose name is a word behind the name of a tag of theirs."""
    if not word:
        return []
    rows = catalog.rows("SELECT id, name, tags FROM operations WHERE name LIKE ?", f"%-{word}")
    found = [
        number
        for number, name, tags in rows
        if any(f"{prefix}{word}" == name for tag in catalog.tag_keys(tags) for prefix in tag_prefixes(tag))
    ]
    return found if len(found) <= _MOST else []
