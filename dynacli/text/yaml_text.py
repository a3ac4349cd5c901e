"""Writes JSON values as YAML that has the same meaning in YAML 1.1 and 1.2.

The versions differ in which plain words are numbers or booleans (`1e3`, `0o7`, `no`, `y`, `1:30`). A string that one of
the versions would read as another type is quoted.
"""

import re
from typing import Any

import yaml

from dynacli.text.exact_json import ExactNumber, read_json

_NOT_PLAIN = re.compile(
    r"[-+]?\.?[0-9][0-9_]*.*|[-+]?\.(?:inf|nan)|y|n|yes|no|on|off|true|false|null|~|=|<<", re.IGNORECASE
)
# YAML 1.1 treats these as line breaks, and 1.2 as characters, so they must be escaped.
_BREAKS_OF_1_1 = re.compile("[\x85\u2028\u2029\ufeff]")
_FLOAT = re.compile(r"(-?[0-9]+)(\.[0-9]+)?(?:[eE]([+-]?)([0-9]+))?")


class _Representer:
    """The changes to PyYAML's safe representer, for both of its dumpers."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Return True, to write repeated values again, because anchors make YAML hard to read."""
        return True


def _make_dumper(base: Any) -> Any:
    dumper: Any = type("Dumper", (_Representer, base), {})
    dumper.add_representer(str, _represent_string)
    dumper.add_representer(ExactNumber, _represent_number)
    return dumper


def _represent_string(dumper: Any, text: str) -> Any:
    style = None
    if _BREAKS_OF_1_1.search(text):
        style = '"'
    elif "\n" in text and not text[:1].isspace() and not re.search(r"[ \t]\n|[^\S\n\t ]|\A\n|\n\n\Z", text):
        style = "|"
    elif _NOT_PLAIN.fullmatch(text):
        style = "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_number(dumper: Any, number: ExactNumber) -> Any:
    text, kind = number.text, "int"
    if set(text) & set(".eE"):
        # In YAML 1.1, a float needs a point, and a sign in its exponent (`1e400` is a string).
        whole, fraction, sign, exponent = _FLOAT.fullmatch(text).groups()  # type: ignore[union-attr]
        text, kind = whole + (fraction or ".0") + (f"e{sign or '+'}{exponent}" if exponent else ""), "float"
    return dumper.represent_scalar(f"tag:yaml.org,2002:{kind}", text)


_PythonDumper = _make_dumper(yaml.SafeDumper)
_Dumper = _make_dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper))


def yaml_of(value: Any, *, is_ascii: bool = False) -> str:
    """Return a JSON value as a YAML document that keeps the order and every character.

    Args:
        value: The value.
        is_ascii: Whether to escape all characters outside of ASCII.

    Raises:
        RecursionError: The value is nested too deeply.
    """
    try:
        text = _dumped(value, _Dumper, is_ascii=is_ascii)
    except UnicodeEncodeError:  # libyaml cannot encode a lone surrogate
        text = _dumped(value, _PythonDumper, is_ascii=is_ascii)
    return text.removesuffix("...\n")


def _dumped(value: Any, dumper: Any, *, is_ascii: bool) -> str:
    # With this width no line is folded: folded strings are hard to read and to search.
    return yaml.dump(value, Dumper=dumper, allow_unicode=not is_ascii, sort_keys=False, width=2**30)


def yaml_of_json(text: str) -> str:
    """Return JSON text as a YAML document. Numbers of any size and precision keep their value.

    Raises:
        ValueError: The text is not JSON.
        RecursionError: The text is nested too deeply.
    """
    return yaml_of(read_json(text))
