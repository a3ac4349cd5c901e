"""The order of a check: what gives ids is called before what needs them."""

import re
from collections.abc import Iterable, Mapping, Sequence

from dynacli.client.described_operation import DescribedOperation

__all__ = ["placeholders", "prefix_of", "rounds", "sources", "template"]

_MOST_ROUNDS = 20
_MOST_STEPS = 1_000
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def placeholders(path: str) -> list[str]:
    """Return the names of a path's parameters, in order."""
    return _PLACEHOLDER.findall(path)


def template(path: str) -> str:
    """Return a path without what its parameters are called: `/runs/{}/trace`."""
    return _PLACEHOLDER.sub("{}", path.partition("#")[0].partition("?")[0])


def prefix_of(path: str, index: int) -> str:
    """Return the template of what stands before a parameter of a path: that of its collection.

    Args:
        index: Which of the path's parameters.
    """
    plain = path.partition("#")[0].partition("?")[0]
    found = list(_PLACEHOLDER.finditer(plain))
    return template(plain[: found[index].start()]).removesuffix("/") if index < len(found) else ""


def sources(
    commands: Sequence[DescribedOperation], linked: Mapping[str, Iterable[str]]
) -> dict[str, list[str]]:
    """Return operation → the operations whose answers may give values for it, but for those found by a field's name.

    Args:
        linked: Operation → the operations whose answers link to it.
    """
    collections: dict[str, list[str]] = {}
    for one in commands:
        collections.setdefault(template(one.operation.path).removesuffix("/"), []).append(one.operation.name)
    known = {one.operation.name for one in commands}
    found = {}
    for one in commands:
        path, name = one.operation.path, one.operation.name
        before = [
            other
            for index in range(len(placeholders(path)))
            for other in collections.get(prefix_of(path, index), ())
        ]
        before.extend(linked.get(name, ()))
        found[name] = [other for other in dict.fromkeys(before) if other != name and other in known]
    return found


def rounds(
    commands: Sequence[DescribedOperation], linked: Mapping[str, Iterable[str]], last: Iterable[str]
) -> list[list[DescribedOperation]]:
    """Return the operations in rounds: each only needs what earlier rounds can give.

    Args:
        linked: Operation → the operations whose answers link to it.
        last: Names of operations that may change something; they come behind all others.
    """
    behind = set(last)
    first = [one for one in commands if one.operation.name not in behind]
    ranks = _ranks(first, sources(first, linked))
    sorted_in: dict[int, list[DescribedOperation]] = {}
    for one in first:
        sorted_in.setdefault(ranks[one.operation.name], []).append(one)
    found = [sorted_in[number] for number in sorted(sorted_in)]
    # One after the other, in the order of the document: what they change must not happen at the same time.
    # What removes something comes last, parts before the whole, so that the others find it there.
    changing = [one for one in commands if one.operation.name in behind]
    found.extend([one] for one in sorted(changing, key=_steps_to_removal))
    return found


def _steps_to_removal(described: DescribedOperation) -> int:
    return -described.operation.path.count("/") if described.operation.method == "DELETE" else -_MOST_STEPS


def _ranks(commands: Sequence[DescribedOperation], before: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return for each operation the number of its round."""
    ranks = {one.operation.name: _least_rank(one) for one in commands}
    for _ in range(_MOST_ROUNDS):
        changed = False
        for name, rank in ranks.items():
            # What needs nothing waits for nothing, whoever links to it; links may also lead in a circle.
            wanted = max([rank, *(ranks[other] + 1 for other in before[name])]) if rank else 0
            if rank < wanted <= _MOST_ROUNDS:
                ranks[name], changed = wanted, True
        if not changed:
            break
    return ranks


def _least_rank(described: DescribedOperation) -> int:
    in_path = placeholders(described.operation.path)
    needs = any(one.is_required and not one.value.has_known_default for one in described.operation.parameters)
    return max(1, len(in_path)) if needs or in_path else 0
