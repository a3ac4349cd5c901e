"""Values like one, each changed in a few places."""

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.documents import places_in


def mutations(value: Any, random: Random, most: int) -> Iterator[Any]:
    """Yield values like one, each changed in one to three places."""
    for _ in range(most):
        changed = copy.deepcopy(value)
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            changed = _changed(changed, random)
        yield changed


def _changed(value: Any, random: Random) -> Any:
    places = list(places_in(value))
    place = random.choice(places)
    if not place:
        return copy.deepcopy(random.choice(_OTHERS))
    *way, last = place
    holder = value
    for step in way:
        holder = holder[step]
    if isinstance(holder, dict) and random.random() < 0.2:
        if random.random() < 0.5:
            del holder[last]
        else:
            holder[random.choice(("x-extra", "extra", "@type", ""))] = copy.deepcopy(random.choice(_OTHERS))
        return value
    if isinstance(holder, list) and random.random() < 0.2:
        item = holder[int(last)]
        holder.extend(copy.deepcopy(item) for _ in range(random.choice((1, 2, 12))))
        return value
    holder[last] = _other(holder[last], random)
    return value


_OTHERS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.0, 0.5, 1e300, 2**31, 2**53 + 1, 2**63, "", "string", "x" * 300),
    *([], {}, [None], [1, 1.0], {"a": None}, "2020-01-01T00:00:00Z", "2020-01-01", "a@b.example", "é"),
    *("https://example.com/", "00000000-0000-0000-0000-000000000000", "\0", "1.2.3.4", "::1", "a b"),
)


def _other(value: Any, random: Random) -> Any:
    if random.random() < 0.4:
        return copy.deepcopy(random.choice(_OTHERS))
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return random.choice((value + 1, value - 1, float(value), value * 1000, -value, value + 0.5))
    if isinstance(value, float):
        return random.choice((value + 1, -value, value * 10, value / 3))
    if isinstance(value, str):
        return random.choice(
            (value.upper(), value[:-1], value + "x", value[:50] * 20, " " + value, value + "\n")
        )
    if isinstance(value, list):
        return random.choice(([], value[:20] * 2, {}, [*value, None]))
    return random.choice(({}, [], {**value, "more": value}, None)) if isinstance(value, dict) else 0
