"""Ids for new items: numbers, UUIDs, addresses, and texts with a number."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from random import Random
from typing import Any


def id_candidates(
    noun: str, number: int, random: Random, kinds: Collection[Any], example: Any
) -> Iterator[Any]:
    """Yield ids to try for an item, the simplest first.

    Args:
        noun: The name of the resource.
        number: A number that no earlier item of the resource has.
        kinds: The types and formats of the id.
        example: A value of its schema; None if there is none.
    """
    if "integer" in kinds or "number" in kinds:
        yield number
    if "uuid" in kinds:
        yield str(_uuid(random))
    if "ipv4" in kinds:
        yield f"192.0.2.{number % 256}"
    if "ipv6" in kinds:
        yield f"2001:db8::{number:x}"
    if "integer" in kinds or "number" in kinds:  # the path has a number, and the field is a string
        yield str(number)
    yield f"{noun}-{number}"
    yield str(number)
    if isinstance(example, str):
        digits = str(number)
        yield example[: -len(digits)] + digits
        yield digits + example[len(digits) :]
        yield example + digits
    elif isinstance(example, int):
        yield example + number
    yield _uuid(random).hex


def _uuid(random: Random) -> uuid.UUID:
    return uuid.UUID(int=random.getrandbits(128), version=4)
