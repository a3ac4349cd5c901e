"""Multiples among JSON numbers, which are decimal fractions: 0.3 is a multiple of 0.1, but not in binary."""

from math import isfinite

__all__ = ["is_multiple"]


def is_multiple(number: float, divisor: float) -> bool:
    """Return whether a number is a multiple of another; a number too large for Python (`1e400`) is one of all.

    Raises:
        ZeroDivisionError: The divisor is zero.
        ValueError: The divisor is no number that Python can hold.
    """
    if isinstance(number, int) and isinstance(divisor, int):
        return not number % divisor
    if not isfinite(number):
        return True
    # Imported for the few schemas that need it.
    from fractions import Fraction

    return not Fraction(repr(number)) % Fraction(repr(divisor))
