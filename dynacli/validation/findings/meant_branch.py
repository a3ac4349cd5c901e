"""Which branch of `oneOf` or `anyOf` a value was meant for, when it fits none."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dynacli.validation.discriminator import discriminator_of, named_values
from dynacli.validation.findings.keyword_sentences import shown, shown_all

__all__ = [
    "MeantBranch",
    "Mentions",
    "discriminating",
    "meant",
    "missing_tag",
    "name_of",
    "types_alone",
    "unknown_tag",
]

Mentions = Callable[[Any], set[str]]
"""Returns the names of the properties that a schema lists, itself or where it refers to."""


class MeantBranch(NamedTuple):
    """The branch that a value was taken to be meant for.

    Args:
        errors: What breaks it.
        why: How that is known, as the end of a sentence; empty where there is nothing to choose from.
    """

    errors: list[Any]
    why: str


def name_of(branches: Sequence[Any], index: int) -> str:
    """Return how messages call a branch: by its `$ref`, else its title, else its number; and of how many it is one."""
    branch, total = branches[index], len(branches)
    ref = branch.get("$ref") if isinstance(branch, Mapping) else None
    title = branch.get("title") if isinstance(branch, Mapping) else None
    name = ref.rpartition("/")[2] if isinstance(ref, str) else title
    if isinstance(name, str) and name:
        return f"{shown(name)} of {total} alternatives"
    return f"alternative {index + 1} of {total}"


def _by_number(error: Any) -> dict[int, list[Any]]:
    """Return the errors of each branch."""
    branches: dict[int, list[Any]] = {}
    for error_of_branch in error.context:
        branches.setdefault(error_of_branch.schema_path[0], []).append(error_of_branch)
    return branches


def meant(error: Any, mentions: Mentions) -> MeantBranch:
    """Return the branch that was most likely meant.

    A branch of another type, or with another constant in it, was not meant;
    of the others the one is, that knows most of the value's properties and of which least is missing or wrong.
    """
    branches, schemas = _by_number(error), error.validator_value

    def distance(index: int) -> tuple[int, int, int, int, int]:
        errors = branches[index]
        wrong_kind = sum(1 for one in errors if _is_of_another_kind(one) or _is_tag(one))
        foreign = 0
        if isinstance(error.instance, Mapping):
            known = mentions(schemas[index])
            foreign = sum(1 for name in error.instance if name not in known)
        missing = sum(len(getattr(one, "names", ())) for one in errors if one.validator == "required")
        deepest = max(len(one.relative_path) for one in errors)
        return wrong_kind, foreign, missing, len(errors), -deepest

    chosen = min(branches, key=distance)
    rivals = {index: errors for index, errors in branches.items() if not _is_null_alone(errors)}
    if len(rivals) < 2 or chosen not in rivals:  # a value or null is no choice
        return MeantBranch(branches[chosen], "")
    name = name_of(schemas, chosen)
    tag = _tag_of_all_but(chosen, rivals)
    if tag is not None:
        return MeantBranch(branches[chosen], f"`{tag}` means {name}")
    return MeantBranch(branches[chosen], f"{name} comes nearest")


def discriminating(error: Any) -> tuple[Any, list[Any]] | None:
    """Return an error and all values, when each branch has a constant in the same place.

    That constant tells the branches apart, so it is what is wrong, and nothing else in any of them.
    """
    values: list[Any] = []
    places = set()
    found = None
    branches = _by_number(error)
    for errors in branches.values():
        constant = next((one for one in errors if _is_tag(one)), None) or next(
            (one for one in errors if _is_constant(one) and not one.relative_path), None
        )
        if constant is None:
            return None
        value = constant.validator_value
        values.extend(value if constant.validator == "enum" and isinstance(value, list) else [value])
        places.add(tuple(constant.relative_path))
        found = constant
    if found is None or len(places) != 1 or len(branches) < 2:
        return None
    return found, [one for index, one in enumerate(values) if one not in values[:index]]


def types_alone(error: Any) -> list[str]:
    """Return the types that the branches ask for, when another type is what is wrong with each."""
    types: list[str] = []
    for errors in _by_number(error).values():
        kinds = [kind for one in errors for kind in _kinds_asked_for(one)]
        if not kinds:
            return []
        types.extend(kinds)
    return list(dict.fromkeys(types))


def unknown_tag(error: Any) -> tuple[str, Any, str, list[str]] | None:
    """Return the discriminator's property, its value, a sentence and the values that the document has.

    None where it may be as it is: a discriminator is a hint, so this is asked where no branch fits.
    """
    found = discriminator_of(error.schema)
    if found is None or not isinstance(error.instance, Mapping) or found[0] not in error.instance:
        return None
    names, value = named_values(error.validator_value, error.schema), error.instance[found[0]]
    if not names or not isinstance(value, str) or value in names:
        return None
    return found[0], value, f"`{found[0]}` is {shown(value)}, and the document has {shown_all(names)}", names


def missing_tag(error: Any) -> tuple[Any, str, list[str]] | None:
    """Return an error, the name and a sentence, when the property that tells the branches apart is missing."""
    found = discriminator_of(error.schema)
    if found is None or not isinstance(error.instance, Mapping) or found[0] in error.instance:
        return None
    names = named_values(error.validator_value, error.schema)
    for one in _flat(error.context):
        if one.validator == "required" and found[0] in getattr(one, "names", ()) and not one.relative_path:
            of = f", which says what of {shown_all(names)} it is" if names else ""
            return one, f"`{found[0]}` is missing{of}, and the document requires it", [found[0]]
    return None


def _is_of_another_kind(error: Any) -> bool:
    """Return whether a value has another type than a branch asks for, at its root."""
    return bool(_kinds_asked_for(error))


def _is_tag(error: Any) -> bool:
    """Return whether an error is about a constant in a property of the value itself."""
    return _is_constant(error) and len(error.relative_path) == 1 and isinstance(error.relative_path[0], str)


def _is_constant(error: Any) -> bool:
    return error.validator in {"const", "enum"}


def _kinds_asked_for(error: Any) -> list[str]:
    if error.relative_path:
        return []
    if error.validator == "type":
        value = error.validator_value
        return [str(one) for one in (value if isinstance(value, list) else [value])]
    if error.validator in {"oneOf", "anyOf"} and error.context:
        return types_alone(error)
    return []


def _is_null_alone(errors: list[Any]) -> bool:
    return any(_kinds_asked_for(one) == ["null"] for one in errors)


def _tag_of_all_but(chosen: int, branches: Mapping[int, list[Any]]) -> str | None:
    """Return the property in which all branches but one have another constant."""
    tags = [
        {one.relative_path[0] for one in errors if _is_tag(one)}
        for index, errors in branches.items()
        if index != chosen
    ]
    own = {one.relative_path[0] for one in branches[chosen] if _is_tag(one)}
    common = set.intersection(*tags) - own if tags else set()
    return min(common) if common else None


def _flat(context: list[Any]) -> Iterator[Any]:
    for error in context:
        yield error
        if error.validator in {"oneOf", "anyOf"} and not error.relative_path:
            yield from _flat(error.context)
