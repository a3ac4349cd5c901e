"""Secrets: a type that never shows what it holds, and masking by value in whatever is printed."""

from collections.abc import Iterable
from urllib.parse import quote

__all__ = ["MASK", "Masker", "Secret"]

MASK = "***"
_SHORTEST = 4
"""Characters from which a secret is masked wherever it occurs; a shorter one would mask half of every text."""


class Secret:
    """A secret; its `str` and `repr` are masked."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself, for the one place that sends it."""
        return self._value

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK})"


class Masker:
    """Replaces secrets in texts, also in the forms in which they travel."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        forms: set[str] = set()
        for secret in secrets:
            value = secret.reveal()
            if len(value) >= _SHORTEST:
                forms.update((value, quote(value, safe=""), quote(value)))
        # The longest first: one secret may be a part of another.
        self._forms = sorted(forms, key=len, reverse=True)

    def mask(self, text: str) -> str:
        """Return the text without secrets."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text
