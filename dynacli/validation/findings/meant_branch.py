"""Guessing which branch of `oneOf` or `anyOf` was meant by a value that fits none."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dynacli.schema.discriminators import discriminator_of
from dynacli.validation.findings.keyword_sentences import shown, shown_all

__all__ = [
    "ListProperties",
    "MeantBranch",
    "branch_name",
    "discriminating_constant",
    "meant_branch",
    "missing_tag",
    "types_of_branches",
    "unknown_tag",
]

ListProperties = Callable[[Any], set[str]]
"""schema → the names of the properties that it lists, in its references and branches too."""


class MeantBranch(NamedTuple):
    """The branch that was most likely meant.

    Args:
        errors: The errors of the value by this branch.
        why: Why this branch, as the end of a sentence; empty where there was no choice.
    """

    errors: list[Any]
    why: str


def branch_name(branches: Sequence[Any], index: int) -> str:
    """Return the name of a branch for messages, from its `$ref`, title or number, and the number of branches."""
    branch, total = branches[index], len(branches)
    ref = branch.get("$ref") if isinstance(branch, Mapping) else None
    title = branch.get("title") if isinstance(branch, Mapping) else None
    name = ref.rpartition("/")[2] if isinstance(ref, str) else title
    if isinstance(name, str) and name:
        return f"{shown(name)} of {total} alternatives"
    return f"alternative {index + 1} of {total}"


def _by_number(error: Any) -> dict[int, list[Any]]:
    """Return the errors of each branch by its index."""
    branches: dict[int, list[Any]] = {}
    for branch_error in error.context:
        branches.setdefault(branch_error.schema_path[0], []).append(branch_error)
    return branches


def meant_branch(error: Any, list_properties: ListProperties) -> MeantBranch:
    """Return the branch that was most likely meant.

    Branches of another type, or with another constant in a property, come last. Of the others the best is the one
    that knows most of the value's properties, and by which the fewest are missing and the fewest errors are found.
    """
    branches, schemas = _by_number(error), error.validator_value

    def distance(index: int) -> tuple[int, int, int, int, int]:
        errors = branches[index]
        wrong_kind = sum(
            1 for branch_error in errors if _types_asked_for(branch_error) or _is_tag(branch_error)
        )
        foreign = 0
        if isinstance(error.instance, Mapping):
            known = list_properties(schemas[index])
            foreign = sum(1 for name in error.instance if name not in known)
        missing = sum(
            len(branch_error.names) for branch_error in errors if branch_error.validator == "required"
        )
        deepest = max(len(branch_error.path) for branch_error in errors)
        return wrong_kind, foreign, missing, len(errors), -deepest

    chosen = min(branches, key=distance)
    rivals = {index: errors for index, errors in branches.items() if not _is_null_alone(errors)}
    if len(rivals) < 2 or chosen not in rivals:  # between a schema and null there is nothing to explain
        return MeantBranch(branches[chosen], "")
    name = branch_name(schemas, chosen)
    tag = _tag_of_all_but(chosen, rivals)
    if tag is not None:
        return MeantBranch(branches[chosen], f"`{tag}` means {name}")
    return MeantBranch(branches[chosen], f"{name} comes nearest")


def discriminating_constant(error: Any) -> tuple[Any, list[Any]] | None:
    """Return (error, constants of all branches) where each branch has a wrong constant in the same place.

    The constant tells the branches apart, so it is the only thing worth reporting.
    """
    values: list[Any] = []
    places = set()
    found = None
    branches = _by_number(error)
    for errors in branches.values():
        constant = next(filter(_is_tag, errors), None) or next(
            (constant for constant in errors if _is_constant(constant) and not constant.path), None
        )
        if constant is None:
            return None
        value = constant.validator_value
        values.extend(value if constant.validator == "enum" and isinstance(value, list) else [value])
        places.add(tuple(constant.path))
        found = constant
    if found is None or len(places) != 1 or len(branches) < 2:
        return None
    return found, [value for index, value in enumerate(values) if value not in values[:index]]


def types_of_branches(error: Any) -> list[str]:
    """Return the types of all branches where the value has none of them, else an empty list."""
    types: list[str] = []
    for errors in _by_number(error).values():
        types_of_branch = [name for branch_error in errors for name in _types_asked_for(branch_error)]
        if not types_of_branch:
            return []
        types.extend(types_of_branch)
    return list(dict.fromkeys(types))


def unknown_tag(error: Any) -> tuple[str, Any, str, list[str]] | None:
    """Return (property, value, sentence, values of the document) where a discriminator's value names no branch.

    A discriminator is a hint, so such a value is wrong only where no branch fits.
    """
    found, value = discriminator_of(error.schema), error.instance
    if found is None or not isinstance(value, Mapping) or found.property not in value:
        return None
    name, tag, tags = found.property, value[found.property], found.values(error.validator_value)
    if not tags or not isinstance(tag, str) or tag in tags:
        return None
    return name, tag, f"`{name}` is {shown(tag)}, and the document has {shown_all(tags)}", tags


def missing_tag(error: Any) -> tuple[Any, str, list[str]] | None:
    """Return (error, sentence, [property]) where the discriminator's property is missing and required."""
    found = discriminator_of(error.schema)
    if found is None or not isinstance(error.instance, Mapping) or found.property in error.instance:
        return None
    name, tags = found.property, found.values(error.validator_value)
    for branch_error in _flat(error.context):
        is_required = branch_error.validator == "required" and not branch_error.path
        if is_required and name in branch_error.names:
            choices = f", which tells {shown_all(tags)} apart" if tags else ""
            return branch_error, f"`{name}` is missing{choices}, and the document requires it", [name]
    return None


def _is_tag(error: Any) -> bool:
    """Return whether an error is about a constant in a direct property of the value."""
    return _is_constant(error) and len(error.path) == 1 and isinstance(error.path[0], str)


def _is_constant(error: Any) -> bool:
    return error.validator in {"const", "enum"}


def _types_asked_for(error: Any) -> list[str]:
    """Return the types that a branch asks for where the value itself has another type, else an empty list."""
    if error.path:
        return []
    if error.validator == "type":
        value = error.validator_value
        return [str(name) for name in (value if isinstance(value, list) else [value])]
    if error.validator in {"oneOf", "anyOf"} and error.context:
        return types_of_branches(error)
    return []


def _is_null_alone(errors: list[Any]) -> bool:
    return any(_types_asked_for(error) == ["null"] for error in errors)


def _tag_of_all_but(chosen: int, branches: Mapping[int, list[Any]]) -> str | None:
    """Return the property whose constant fits the chosen branch and no other; None where there is none."""
    tags = [
        {error.path[0] for error in errors if _is_tag(error)}
        for index, errors in branches.items()
        if index != chosen
    ]
    own = {error.path[0] for error in branches[chosen] if _is_tag(error)}
    common = set.intersection(*tags) - own if tags else set()
    return min(common) if common else None


def _flat(context: list[Any]) -> Iterator[Any]:
    """Yield the errors of branches, and of branches within them."""
    for error in context:
        yield error
        if error.validator in {"oneOf", "anyOf"} and not error.path:
            yield from _flat(error.context)
