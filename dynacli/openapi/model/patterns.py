"""Regular expressions of a document, matched so that none can hang a call.

`^(a+)+$` takes Python's `re` minutes on thirty characters. The first engine here takes time linear in the text.
Patterns that it does not support (look-around, back references) go to a second engine, which limits its steps.
Both read ECMA-262, the dialect that OpenAPI names ("Schema Object", `pattern`).
"""

import re
import time
from functools import lru_cache
from math import inf
from typing import Any

MAX_PATTERN = 512
"""Maximum length of a pattern that can be matched, in characters."""

_SECONDS = 1.0
_MAX_TEXT = 50_000
# The backtracking engine counts its steps again for each position in the text.
_MAX_TEXT_TO_BACKTRACK = 2_000
_MAX_STEPS = 100_000
_MAX_PROGRAM = 1 << 20
# `re` compiles these strings on first use, because most documents have no pattern.
# Without its flag `u`, ECMA-262 reads a brace outside a quantifier as a literal (Annex B.1.2); these engines do not.
_LONE_BRACE = r"(?<!\\)(?<!\\[pPux])\{(?!\d+(?:,\d*)?\})"
# In a class, a hyphen beside a class such as `\w` is a literal (Annex B.1.2); these engines refuse it.
_LONE_HYPHEN = r"(?<=\\[dDsSwW])-(?!\])|(?<!\[)(?<!\\)-(?=\\[dDsSwW])"
_CLASS_OR_REPETITION = r"(?s)\\.|(\[(?:\\.|[^\]\\])*\])|\{(\d+),(\d+)\}"


class UnsupportedPatternError(Exception):
    """A pattern that cannot be matched here; the message gives the reason."""


class PatternTimeoutError(Exception):
    """A pattern took too long to match."""


class Patterns:
    """Matches the patterns of a message within a time budget.

    Attributes:
        end: Time of `time.perf_counter` after which no pattern is matched, even if some of the budget is left.
    """

    end = inf

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds = self._seconds_left = seconds

    def renew(self) -> None:
        """Restore the full budget, for another message."""
        self._seconds_left = self._seconds

    @property
    def is_used_up(self) -> bool:
        """Whether no time is left."""
        return self._seconds_left <= 0 or time.perf_counter() > self.end

    def is_found(self, pattern: Any, text: str) -> bool:
        """Return whether a pattern matches anywhere in a text.

        Raises:
            UnsupportedPatternError: No engine supports the pattern, or the pattern or the text is too long.
            PatternTimeoutError: The time budget is used up, or the pattern takes too many steps.
        """
        if not isinstance(pattern, str):
            raise UnsupportedPatternError("a pattern is not text")
        if len(pattern) > MAX_PATTERN:
            raise UnsupportedPatternError(f"a pattern has {len(pattern)} characters, more than {MAX_PATTERN}")
        if self._seconds_left <= 0 or time.perf_counter() > self.end:
            raise PatternTimeoutError
        compiled, most = _compiled(pattern)
        if compiled is None:
            compiled, most = _compiled(_loosened(pattern, len(text)))
        if compiled is None:
            raise UnsupportedPatternError(f"the pattern `{pattern}` is not a supported pattern of ECMA-262")
        if len(text) > most:
            raise UnsupportedPatternError(f"a text of {len(text)} characters is too long for `{pattern}`")
        if not text.isascii():
            text = text.encode("utf-8", "replace").decode()  # lone surrogates
        began = time.perf_counter()
        try:
            return _search(compiled, text)
        finally:
            self._seconds_left -= time.perf_counter() - began


def is_pattern(text: str) -> bool:
    """Return whether a text is a regular expression, as `format: regex` requires; long texts are not checked."""
    return len(text) > MAX_PATTERN or any(
        _compiled(spelled)[0] is not None for spelled in (text, _loosened(text, 0))
    )


def _search(compiled: Any, text: str) -> bool:
    if compiled.is_valid(text):
        return True
    error = next(compiled.iter_errors(text))
    if type(error.kind).__name__ == "BacktrackLimitExceeded":
        raise PatternTimeoutError
    return False


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> tuple[Any, int]:
    """Return the validator for a pattern, None if no engine supports it, and the maximum length of a text."""
    from jsonschema_rs import Draft202012Validator, RegexOptions

    engines = (
        (RegexOptions(size_limit=_MAX_PROGRAM), _MAX_TEXT),
        (engine_pattern_options(), _MAX_TEXT_TO_BACKTRACK),
    )
    for spelled in _spellings(pattern):
        for options, most in engines:
            try:
                return Draft202012Validator({"pattern": spelled}, pattern_options=options), most
            except ValueError:  # this engine does not support it, or it has lone surrogates
                continue
    return None, 0


@lru_cache(maxsize=512)
def engine_spelling(pattern: str) -> str | None:
    """Return the spelling of a pattern that the backtracking engine supports; None if it supports none."""
    from jsonschema_rs import Draft202012Validator

    if len(pattern) > MAX_PATTERN:
        return None
    for spelled in _spellings(pattern):
        try:
            Draft202012Validator({"pattern": spelled}, pattern_options=engine_pattern_options())
        except ValueError:
            continue
        return spelled
    return None


def engine_pattern_options() -> Any:
    """Return the options of jsonschema-rs for patterns that it matches itself, such as `patternProperties`."""
    from jsonschema_rs import FancyRegexOptions

    return FancyRegexOptions(backtrack_limit=_MAX_STEPS, size_limit=_MAX_PROGRAM)


def _spellings(pattern: str) -> list[str]:
    """Return a pattern as written, and escaped for engines without Annex B."""
    braces = re.sub(_LONE_BRACE, r"\\{", pattern)
    return list(dict.fromkeys((pattern, braces, strict_spelling(braces))))


def strict_spelling(pattern: str) -> str:
    r"""Return a pattern with escaped hyphens beside classes: `[\w-.]` → `[\w\-.]`. Only Annex B allows them bare."""
    return re.sub(
        _CLASS_OR_REPETITION,
        lambda part: re.sub(_LONE_HYPHEN, r"\\-", part[1]) if part[1] else part[0],
        pattern,
    )


def _loosened(pattern: str, length: int) -> str:
    """Return a pattern without large upper bounds that matches the same texts of at most `length` characters.

    The linear engine compiles `.{1,2048}` to 2,048 copies of a dot. A text of 20 characters holds at most
    20 repetitions, so for it `.{1,}` means the same.
    """
    return re.sub(
        _CLASS_OR_REPETITION,
        lambda part: f"{{{part[2]},}}" if part[3] and int(part[3]) >= length else part[0],
        pattern,
    )
