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
REQUIRED_INPUTS, OPTIONAL_INPUTS, RESPONSE = "Required inputs", "Optional inputs", "Response"
CREDENTIAL, PAGES, EXAMPLE = "Credential", "Pages", "Example"
"""Titles of the sections that help, summary and `describe` share."""
NOT_EMPTY = "not empty"
ONE_OF = "one of "
MAY_BE_NULL = "may be null"
MAY_BE_REPEATED = "may be repeated"
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
    near = [*get_close_matches(key, folded, _MOST_NEAR, 0.6), *parts]
    return [folded[item] for item in dict.fromkeys(near)][:_MOST_NEAR]


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
        return "[true|false]"
    if value.type == "array":
        inner = "VALUE" if value.items is None else placeholder(value.items)
        return f"{inner.strip('[]')} ..."
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
            facts.append(NOT_EMPTY)
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
