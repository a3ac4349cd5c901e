"""Lists, durations, values and command lines as messages and help pages write them: `a, b and c`, `3 days`."""

import json
import re
from collections.abc import Iterable, Sequence

from dynacli.openapi.model.field_names import plain_name
from dynacli.openapi.model.operation import ValueType
from dynacli.text.terminal import visible
from dynacli.text.wrapping import short_sentence, word_or_quoted

_YEAR = 365.2425 * 86_400
_MOST_NEAR, _MOST_LISTED = 3, 20
"""Maximum number of names in a message: of similar names, and of all names."""
_SHORT_NAME = 7
"""Length of the shortest name that may differ from a similar one in almost half of its letters."""
REQUIRED_INPUTS, OPTIONAL_INPUTS, RESPONSE = "Required inputs", "Optional inputs", "Response"
CREDENTIAL, PAGES, EXAMPLE = "Credential", "Pages", "Example"
"""Titles of the sections that help, summary and `describe` share."""
_NOT_EMPTY = "not empty"
ONE_OF = "one of "
MAY_BE_NULL = "may be null"
MAY_BE_REPEATED = "may be repeated"
_QUANTITY = r"([0-9]{1,9})([a-z]{1,9})"
_DURATION = (
    r"(?i:(?:last|past|this)?[ _-]*(?:P(?P<time>T?))?(?P<number>[0-9]{0,9})[ _-]*)(?P<unit>[A-Za-z]{1,9})"
)
_UNITS = {
    **dict.fromkeys(("s", "sec", "second"), 1 / 86_400),
    **dict.fromkeys(("m", "min", "minute"), 1 / 1440),
    **dict.fromkeys(("h", "hr", "hour", "hourly"), 1 / 24),
    **dict.fromkeys(("d", "day", "daily", "today", "yesterday"), 1),
    **dict.fromkeys(("w", "wk", "week", "weekly"), 7),
    **dict.fromkeys(("M", "mo", "month", "monthly"), 30),
    **dict.fromkeys(("q", "quarter", "quarterly"), 91),
    **dict.fromkeys(("y", "yr", "year", "yearly"), 365),
}
"""Word for a length of time → days."""
_MAX_VALUES = 12
_LONGEST_ENUMERATION = 50
"""Maximum length of an enumeration in a usage, in characters. A longer one is listed among the constraints."""
_LONGEST_VALUE = 80
"""Maximum length of a shown value, in characters."""
_PLAIN = re.compile(r"[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*")
"""Arguments that no shell must quote; zsh replaces `=ls` by the path of `ls`."""
_NOT_IN_QUOTES = frozenset('"$`\\!')
"""Characters that are special between double quotes in at least one shell (`!` in Bash and zsh)."""


def enumerated(words: Sequence[str], conjunction: str = "and", most: int = 0) -> str:
    """Return items as a message lists them: `a, b and c`.

    Args:
        conjunction: Conjunction before the last item.
        most: Maximum number of items to name; the rest are counted ("and 3 more"). 0 names all.
    """
    if most and len(words) > most:
        return f"{', '.join(words[:most])} {conjunction} {len(words) - most} more"
    return f" {conjunction} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def in_backticks(words: Iterable[object]) -> str:
    """Return items in backticks, separated by commas."""
    return ", ".join(f"`{word}`" for word in words)


def near_names(word: str, names: Iterable[str]) -> list[str]:
    """Return the names that a mistyped name resembles or is a part of, ignoring case, the most similar first."""
    from difflib import get_close_matches

    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(name.casefold(), name)
    key = word.casefold()
    parts = [item for item in folded if len(key) > 2 and key in item]
    # Half of a short name is soon alike by chance: `nope` and `ignore`.
    likeness = 0.7 if 3 < len(key) < _SHORT_NAME else 0.6
    near = [*get_close_matches(key, folded, _MOST_NEAR, likeness), *parts]
    return [folded[item] for item in dict.fromkeys(near)][:_MOST_NEAR]


def nearest_value(text: str, values: Iterable[str]) -> str | None:
    """Return the value that was probably meant: `7d` for `week`, `9d` or `7D`; None if none is near."""
    from difflib import get_close_matches

    folded: dict[str, str] = {}
    for value in values:
        folded.setdefault(value.lower(), value)
    key = text.lower()
    if key in folded:
        return folded[key]
    starting = [value for value in folded if len(key) > 2 and value.startswith(key)]
    near = _near_durations(text, folded.values()) or [
        folded[value]
        for value in get_close_matches(key, folded, 1, 0.6) or starting or _near_numbers(key, folded)
    ]
    return near[0] if near else None


def _near_durations(text: str, values: Iterable[str]) -> list[str]:
    """Return the durations among values, the nearest first; empty if the text has another meaning."""
    meant = _days(text)
    durations = {value: days for value in values if (days := _days(value))} if meant else {}
    return sorted(durations, key=lambda value: max(durations[value] / meant, meant / durations[value]))


def _days(text: str) -> float:
    """Return a length of time in days: `week`, `last 7 days`, `24h`, `P1M`; 0 if the text has another meaning."""
    found = re.fullmatch(_DURATION, text.strip())
    if found is None:
        return 0
    unit = found["unit"] if found["unit"] == "M" else found["unit"].lower().removesuffix("s") or "s"
    unit = "minute" if unit == "M" and found["time"] else unit
    return float(found["number"] or 1) * (_UNITS.get(unit, 0) if found["number"] or len(unit) > 2 else 0)


def _near_numbers(text: str, values: Iterable[str]) -> list[str]:
    """Return the quantities with the unit of a text, the one with the nearest number first: `8gb` for `7gb`."""
    given = re.fullmatch(_QUANTITY, text)
    if given is None:
        return []
    quantities = (found for value in values if (found := re.fullmatch(_QUANTITY, value)))
    alike = [found for found in quantities if found[2] == given[2]]
    return [found[0] for found in sorted(alike, key=lambda found: abs(int(found[1]) - int(given[1])))]


def listed_near(word: str, names: Iterable[str]) -> str:
    """Return names as a message lists them, similar ones first, with the number of names that are left out."""
    names = list(names)
    listed = [f"`{name}`" for name in dict.fromkeys([*near_names(word, names), *names])]
    more = len(listed) - _MOST_LISTED
    return ", ".join(listed[:_MOST_LISTED]) + (f" and {more:,} more" if more > 0 else "")


def did_you_mean(near: Sequence[str], otherwise: str = "") -> str:
    """Return the question "Did you mean ...?", or `otherwise` if there are no similar names."""
    return f"Did you mean {enumerated([f'`{name}`' for name in near], 'or')}?" if near else otherwise


def telling(text: str, name: str) -> str:
    """Return a description, or an empty string if it only repeats the name: `Read Flows` of `read-flows`."""
    return "" if plain_name(text) == plain_name(name) != "" else text


def age_text(seconds: float) -> str:
    """Return a duration in its largest unit, for example `3 days`; two years and more in years."""
    if seconds == float("inf"):
        return "an unknown time"
    if seconds >= 2 * _YEAR:  # npm dates the files of its archives 1985
        return f"{int(seconds // _YEAR)} years"
    for size, word in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count:,} {word}{'' if count == 1 else 's'}"
    return "less than a minute"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun in the singular or a regular plural: `1,223 operations`, `2 properties`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("ty") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def placeholder(value: ValueType) -> str:
    """Return the placeholder of an option's value, such as `INTEGER`."""
    if value.type == "boolean":
        return "{true|false}"
    if value.type == "array":
        inner = "VALUE" if value.items is None else placeholder(value.items)
        return f"{inner} ..."
    names = {"integer": "INTEGER", "number": "NUMBER", "object": "JSON", "string": "TEXT"}
    if value.type == "string" and value.format and re.fullmatch(r"[A-Za-z][\w.-]*", value.format):
        return value.format.upper()[:24]
    return names.get(value.type, "VALUE")


def enumeration(value: ValueType) -> str:
    """Return the allowed values as a placeholder: `{pass|fail|error}`; empty if they are too long or not plain."""
    source = value.items if value.type == "array" and value.items is not None else value
    words = [_word(member) for member in source.enum]
    text = f"{{{'|'.join(words)}}}{' ...' if source is not value else ''}"
    is_plain = bool(words) and all(re.fullmatch(r"[\w.:+/@-]+", word) for word in words)
    return text if is_plain and len(text) <= _LONGEST_ENUMERATION else ""


def file_or_value(value: ValueType) -> str:
    """Return the placeholder of a part of a multipart body: `@FILE` if the part is a file."""
    inner = value.items if value.type == "array" and value.items is not None else value
    if inner.format != "binary":
        return placeholder(value)
    return "@FILE" if inner is value else "@FILE ..."


def constraints(value: ValueType) -> list[str]:
    """Return the constraints of a value as help prints them, such as `at least 3`."""
    facts = []
    source = value.items if value.type == "array" and value.items is not None else value
    if source.enum:
        words = [_word(member) for member in source.enum]
        more = f", ... {len(words) - _MAX_VALUES} more" if len(words) > _MAX_VALUES else ""
        facts.append(ONE_OF + ", ".join(words[:_MAX_VALUES]) + more)
    facts.extend(_limits(source.limits or {}))
    if source is not value:
        facts.extend(_limits({key: limit for key, limit in (value.limits or {}).items() if "Items" in key}))
        facts.append(MAY_BE_REPEATED)
    if value.is_nullable:
        facts.append(MAY_BE_NULL)
    if value.has_default and value.default is not None:
        facts.append("empty by default" if value.default == "" else f"default {_word(value.default)}")
    return [visible(fact, keep="") for fact in facts]


def notable_constraints(value: ValueType) -> list[str]:
    """Return the constraints of a value, without the one that holds for nearly every input."""
    return [fact for fact in constraints(value) if fact != _NOT_EMPTY]


def _limits(limits: object) -> list[str]:
    known = {
        # A document may write `0.0` as the limit of an integer.
        key: int(limit) if isinstance(limit, float) and limit.is_integer() else limit
        for key, limit in (limits if isinstance(limits, dict) else {}).items()
    }
    facts = []
    low, high = known.get("minimum"), known.get("maximum")
    # These are booleans in OpenAPI 3.0, and numbers in 3.1.
    above, below = known.get("exclusiveMinimum"), known.get("exclusiveMaximum")
    if low is not None and high is not None and not above and not below:
        facts.append(f"{low} to {high}")
    else:
        if low is not None:
            facts.append(f"{'more than' if above is True else 'at least'} {low}")
        if high is not None:
            facts.append(f"{'less than' if below is True else 'at most'} {high}")
    if above is not None and not isinstance(above, bool):
        facts.append(f"more than {above}")
    if below is not None and not isinstance(below, bool):
        facts.append(f"less than {below}")
    if "multipleOf" in known:
        facts.append(f"a multiple of {known['multipleOf']}")
    for few, many, units in (("minLength", "maxLength", "characters"), ("minItems", "maxItems", "items")):
        if few in known and many in known:
            is_exact = known[few] == known[many]
            facts.append(f"{known[few]} {units}" if is_exact else f"{known[few]} to {known[many]} {units}")
        elif known.get(few) == 1:
            facts.append(_NOT_EMPTY)
        elif known.get(few):
            facts.append(f"at least {known[few]} {units}")
        elif many in known:
            facts.append(f"at most {known[many]} {units}")
    if "pattern" in known:
        facts.append(f"like {word_or_quoted(short_sentence(str(known['pattern']), _LONGEST_VALUE))}")
    return facts


def _word(value: object) -> str:
    if isinstance(value, str):
        return word_or_quoted(short_sentence(value, _LONGEST_VALUE))
    return json.dumps(value, ensure_ascii=False)


def option_pair(flag: str, value: str, *, is_joined: bool = False) -> list[str]:
    """Return an option and its value as two arguments, or as one if the value looks like an option.

    Args:
        flag: The option with its hyphens.
        is_joined: Whether to return one argument in any case, because the option may also have no value.
    """
    return [f"{flag}={value}"] if is_joined or value.startswith("-") else [flag, value]


def reads_input(word: str) -> bool:
    """Return whether an argument makes an input that takes files read a file or standard input."""
    return word == "-" or (word.startswith("@") and not word.startswith("@@"))


def literal_word(text: str) -> str:
    """Return a text escaped so that an input that takes files uses it as it is."""
    return f"@{text}" if text.startswith("@") else text


def shell_line(words: Iterable[str]) -> str:
    """Return arguments as one command for a shell, quoted."""
    return " ".join(map(shell_word, words))


def shell_word(word: str) -> str:
    r"""Return an argument quoted for a shell, on one line and without control characters.

    Bash, zsh and fish read back the same argument. A control character is escaped between `$'` and `'` (Bash, "ANSI-C
    Quoting"). Fish and older POSIX shells do not support this: they read another argument, but still only one.
    """
    shown = visible(word, keep="")
    if shown != word:
        # Shells without `$'` would read `\'` as the end of the argument.
        escaped = word.replace("\\", r"\\").replace("'", r"\x27")
        return f"$'{visible(escaped, keep='')}'"
    if "'" in word and _NOT_IN_QUOTES.isdisjoint(word):
        return f'"{word}"'
    if _PLAIN.fullmatch(word):
        return word
    # Between single quotes, fish reads two backslashes as one, and a backslash before a quote as its escape:
    # https://fishshell.com/docs/current/language.html#quotes
    quoted = "'" + word.replace("'", "'\"'\"'") + "'"
    return re.sub(r"\\{2,}|\\(?=')", lambda found: f"'\"{2 * found[0]}\"'", quoted)
