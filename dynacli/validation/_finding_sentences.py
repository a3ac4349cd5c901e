"""Turns errors of JSON Schema into the sentences of findings.

If a value matches no branch of `oneOf` or `anyOf`, dynacli guesses the intended branch.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dynacli.openapi.model.wording import counted, enumerated
from dynacli.openapi.references import REFERENCE, reference_of
from dynacli.openapi.schema.evaluation.schema_error import BinaryText, shortened_value
from dynacli.openapi.schema.read_schema import discriminator_of, json_type, says_nullable
from dynacli.validation.operation_document import locate, pointer_below, target_of

_MAX_LISTED = 10
_MAX_SHOWN = 60
_HOLD_NAMES = frozenset({"properties", "patternProperties", "dependentSchemas", "dependencies", "$defs"})
_RULES = frozenset({"type", "enum", "const", "oneOf", "anyOf"})
_BELOW = frozenset({"items", "additionalProperties"})
"""Keywords whose schema describes another value."""
_BELOW_BY_NAME = frozenset({"properties", "patternProperties"})


ListProperties = Callable[[Any], set[str]]
"""schema → names of its properties, including the properties of its references and branches."""


def _sentence(rule: str, error: Any, names: tuple[str, ...]) -> str:
    """Return the sentence for an error, without a final period.

    Args:
        rule: The keyword.
        error: A `jsonschema.exceptions.ValidationError`.
        names: The affected properties, items or branches.
    """
    value, got = error.validator_value, error.instance
    match rule:
        case "type" if value != []:
            wanted = value if isinstance(value, list) else [value]
            return f"expected {_enumerated_words([str(kind) for kind in wanted], 'or')}, got {_kind_and_value(got)}"
        case "enum" if isinstance(value, list):
            if len(value) == 1:
                return f"expected {_shown_literal(value[0])}, got {_shown_literal(got)}"
            return f"{_shown_literal(got)} is not one of {_shown_all(value)}"
        case "const":
            return f"expected {_shown_literal(value)}, got {_shown_literal(got)}"
        case "format" if error.is_minor and not error.is_example:
            return f"{shown(got)} is a {value} of ISO 8601, but not of RFC 3339, which is stricter"
        case "format":
            return f"{shown(got)} is not a valid {value}"
        case "pattern" if error.message == "the pattern takes too long":
            return f"it takes too long to tell whether the text matches the pattern `{value}`"
        case "pattern":
            return f"{shown(got)} does not match the pattern `{value}`"
        case "oneOf" if names:
            fitting = _enumerated_words(list(names), "and")
            return f"matches {fitting}, but only one may match; the document is probably wrong"
        case "oneOf" | "anyOf":
            return "fits none of the alternatives"
        case "not":
            return _excluded(value, got)
        case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum":
            return f"{shown(got)} is {_bound(rule)} {shown(value)}"
        case "multipleOf" | "divisibleBy":
            return f"{shown(got)} is not a multiple of {shown(value)}"
        case "readOnly":
            return "the document marks this as read-only, so it should not be sent"
        case "writeOnly":
            return "the document marks this as write-only, so no response has it"
        case "false" | "type":
            return "the document allows nothing here"
        case "xml":
            return f"the root element is {shown(got)}, and the document names it {shown(value)}"
        case "unreadable-body":  # an item of a sequence
            return str(error.message)
    return _of_size(rule, error, names) or _of_members(rule, error) or f"does not meet `{rule}`"


def _of_size(rule: str, error: Any, names: tuple[str, ...]) -> str:
    value, got = error.validator_value, error.instance
    match rule:
        case "minLength" | "maxLength" if isinstance(got, BinaryText):
            return f"the content has {counted(len(got), 'byte')}, {_most(rule)} {value}"
        case "minLength" | "maxLength":
            return f"the text has {counted(len(got), 'character')}, {_most(rule)} {value}"
        case "minItems" | "maxItems":
            return f"the array has {counted(len(got), 'item')}, {_most(rule)} {value}"
        case "minProperties" | "maxProperties":
            return f"the object has {counted(len(got), 'property')}, {_most(rule)} {value}"
        case "uniqueItems" if len(names) > 1:
            return f"the items {' and '.join(names)} are the same, and all must differ"
        case "uniqueItems":
            return "two items are the same, and all must differ"
    return ""


def _of_members(rule: str, error: Any) -> str:
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    match rule:
        case "contains":
            return f"none of the items is {_allowed_values(schema.get('contains'))}"
        case "minContains":
            described = _allowed_values(schema.get("contains"))
            return f"at least {error.validator_value} of the items must be {described}"
        case "maxContains":
            described = _allowed_values(schema.get("contains"))
            return f"at most {error.validator_value} of the items may be {described}"
        case "items" | "additionalItems":
            known, got = schema.get("prefixItems", schema.get("items")), error.instance
            if isinstance(known, list) and isinstance(got, list) and len(got) > len(known):
                came = counted(len(got), "item")
                return f"the array has {came}, and the document describes {len(known)} and allows no others"
            return "the document does not describe this item, and allows no others"
        case "unevaluatedItems":
            return "the document does not describe this item, and allows no others"
        case "additionalProperties" | "unevaluatedProperties":
            return "the object has properties that are not in the document, which allows no others"
    return ""


def _allowed_values(schema: Any) -> str:
    """Return a short description of the values that a schema allows."""
    if isinstance(schema, Mapping):
        if (ref := reference_of(schema)) is not None:
            return f"a `{ref.rpartition('/')[2]}`"
        if "const" in schema:
            return _shown_literal(schema["const"])
        if isinstance(schema.get("enum"), list):
            return _enumerated_words([_shown_literal(value) for value in schema["enum"][:_MAX_LISTED]], "or")
        if isinstance(schema.get("type"), str):
            kind = schema["type"]
            return f"{'an' if kind[:1] in {'i', 'o', 'a'} else 'a'} {kind}" + (
                " as the document asks for" if len(schema) > 1 else ""
            )
    return "what the document asks for"


def _excluded(schema: Any, got: Any) -> str:
    """Return the sentence for a value that matches the schema of `not`."""
    if isinstance(schema, Mapping):
        required = schema.get("required")
        if isinstance(required, list) and isinstance(got, Mapping) and schema.keys() <= {"required", "type"}:
            names = _enumerated_words([f"`{name}`" for name in required], "and")
            return f"the object has {names}, which the document excludes"
        if schema.keys() == {"type"}:
            return f"{_kind_and_value(got)} is a type that the document excludes here"
    return f"{shown(got)} is what the document excludes"


def _bound(rule: str) -> str:
    is_exclusive = rule.startswith("exclusive")
    if rule.lower().endswith("minimum"):
        return "not more than" if is_exclusive else "less than the minimum of"
    return "not less than" if is_exclusive else "more than the maximum of"


def _most(rule: str) -> str:
    return "and must have at least" if rule.startswith("min") else "and may have at most"


def _enumerated_words(words: list[str], conjunction: str) -> str:
    """Return words as a list in a sentence."""
    # Imported only by calls with findings.
    return enumerated(words, conjunction)


def _shown_all(values: list[Any]) -> str:
    """Return values as a list in a message, shortened if there are many."""
    more = f" and {len(values) - _MAX_LISTED} more" if len(values) > _MAX_LISTED else ""
    return ", ".join(map(_shown_literal, values[:_MAX_LISTED])) + more


def shown(value: Any) -> str:
    """Return a value for a message: strings and numbers in backticks, cut if they are long."""
    if isinstance(value, Mapping):
        return "the object"
    if isinstance(value, list):
        return "the array"
    if isinstance(value, bool) or value is None:
        return f"`{'null' if value is None else str(value).lower()}`"
    text = _beginning(str(shortened_value(value)))
    return f"`{text}`" if text else "an empty text"


def _shown_literal(value: Any) -> str:
    """Return a value like `shown`, but objects and arrays as JSON, because the message compares them."""
    if not isinstance(value, Mapping | list):
        return shown(value)
    short = shortened_value(value)
    return f"`{_beginning(short if isinstance(short, str) else json.dumps(short, ensure_ascii=False))}`"


def _beginning(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "..."


def _kind_and_value(value: Any) -> str:
    """Return the type of a value, followed by the value unless it is an object, an array or null."""
    kind = json_type(value)
    if value is None or isinstance(value, Mapping | list):
        return kind
    return f"{kind} {shown(value)}"


class _MeantBranch(NamedTuple):
    """The most likely intended branch.

    Args:
        errors: The errors of the value by this branch.
        reason: The reason for choosing this branch, as the end of a sentence; empty if there was no choice.
    """

    errors: list[Any]
    reason: str


def branch_name(branches: Sequence[Any], index: int) -> str:
    """Return the name of a branch for messages, from its `$ref`, title or number, and the number of branches."""
    branch, total = branches[index], len(branches)
    ref = reference_of(branch)
    title = branch.get("title") if isinstance(branch, Mapping) else None
    name = ref.rpartition("/")[2] if ref is not None else title
    if isinstance(name, str) and name:
        return f"{shown(name)} of {total} alternatives"
    return f"alternative {index + 1} of {total}"


def _by_number(error: Any) -> dict[int, list[Any]]:
    """Return the errors of each branch by its index."""
    branches: dict[int, list[Any]] = {}
    for branch_error in error.context:
        branches.setdefault(branch_error.schema_path[0], []).append(branch_error)
    return branches


def _meant_branch(error: Any, list_properties: ListProperties) -> _MeantBranch:
    """Return the most likely intended branch.

    Branches with another type, or with another constant in a property, come last. Of the others the best has the
    fewest unknown properties, missing properties and errors.
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
    if len(rivals) < 2 or chosen not in rivals:  # a choice between a schema and null needs no explanation
        return _MeantBranch(branches[chosen], "")
    name = branch_name(schemas, chosen)
    tag = _tag_of_all_but(chosen, rivals)
    if tag is not None:
        return _MeantBranch(branches[chosen], f"`{tag}` means {name}")
    return _MeantBranch(branches[chosen], f"{name} comes nearest")


def _discriminating_constant(error: Any) -> tuple[Any, list[Any]] | None:
    """Return (error, constants of all branches) if each branch has a wrong constant at the same location.

    The constant distinguishes the branches, so only this error is worth reporting.
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


def _types_of_branches(error: Any) -> list[str]:
    """Return the types of all branches if the value has none of them, else an empty list."""
    types: list[str] = []
    for errors in _by_number(error).values():
        types_of_branch = [name for branch_error in errors for name in _types_asked_for(branch_error)]
        if not types_of_branch:
            return []
        types.extend(types_of_branch)
    return list(dict.fromkeys(types))


def _unknown_tag(error: Any) -> tuple[str, Any, str, list[str]] | None:
    """Return (property, value, sentence, values of the document) if a discriminator's value names no branch.

    A discriminator is only a hint, so such a value is wrong only if no branch matches.
    """
    found, value = discriminator_of(error.schema), error.instance
    if found is None or not isinstance(value, Mapping) or found.property not in value:
        return None
    name, tag, tags = found.property, value[found.property], found.values(error.validator_value)
    if not tags or not isinstance(tag, str) or tag in tags:
        return None
    return name, tag, f"`{name}` is {shown(tag)}, and the document has {_shown_all(tags)}", tags


def _missing_tag(error: Any) -> tuple[Any, str, list[str]] | None:
    """Return (error, sentence, [property]) if the discriminator's property is missing and required."""
    found = discriminator_of(error.schema)
    if found is None or not isinstance(error.instance, Mapping) or found.property in error.instance:
        return None
    name, tags = found.property, found.values(error.validator_value)
    for branch_error in _flat(error.context):
        is_required = branch_error.validator == "required" and not branch_error.path
        if is_required and name in branch_error.names:
            choices = f", which tells {_shown_all(tags)} apart" if tags else ""
            return branch_error, f"`{name}` is missing{choices}, and the document requires it", [name]
    return None


def _is_tag(error: Any) -> bool:
    """Return whether an error is about a constant in a direct property of the value."""
    return _is_constant(error) and len(error.path) == 1 and isinstance(error.path[0], str)


def _is_constant(error: Any) -> bool:
    return error.validator in {"const", "enum"}


def _types_asked_for(error: Any) -> list[str]:
    """Return the types that a branch requires if the value itself has another type, else an empty list."""
    if error.path:
        return []
    if error.validator == "type":
        value = error.validator_value
        return [str(name) for name in (value if isinstance(value, list) else [value])]
    if error.validator in {"oneOf", "anyOf"} and error.context:
        return _types_of_branches(error)
    return []


def _is_null_alone(errors: list[Any]) -> bool:
    return any(_types_asked_for(error) == ["null"] for error in errors)


def _tag_of_all_but(chosen: int, branches: Mapping[int, list[Any]]) -> str | None:
    """Return the property whose constant matches only the chosen branch; None if there is none."""
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


class ErrorExplanation(NamedTuple):
    """The explanation of one defect of a value.

    Args:
        rule: The violated keyword.
        pointer: JSON pointer to the wrong value.
        message: A sentence without a final period.
        expected: The value that the document requires.
        got: The received value, shortened.
        schema_path: The steps from the validating schema to the keyword, with `$ref` for each reference.
        is_minor: Whether the value probably matches the intention of the schema's author.
    """

    rule: str
    pointer: str
    message: str
    expected: Any
    got: Any
    schema_path: list[str | int]
    is_minor: bool = False


def explain(error: Any, list_properties: ListProperties) -> Iterator[ErrorExplanation]:
    """Yield the explanations of an error. For `oneOf` and `anyOf` they refer to the most likely intended branch.

    Args:
        error: A `jsonschema.exceptions.ValidationError`.
        list_properties: Returns the names of the properties that a schema lists.
    """
    remarks = _conditions(error)
    if error.is_example:
        remarks.append("the document itself gives it as an example")
    for name, branches, index in reversed(error.tags):
        remarks.append(f"`{name}` means {branch_name(branches, index)}")
    for explanation in _explanations(error, list_properties):
        message = "; ".join([explanation.message, *remarks])
        yield explanation._replace(message=message, is_minor=explanation.is_minor or error.is_minor)


def _explanations(error: Any, list_properties: ListProperties) -> Iterator[ErrorExplanation]:
    rule = str(error.validator or "false")
    pointer = pointer_below("", *error.absolute_path)
    path = list(error.absolute_schema_path)
    names = error.names
    if rule in {"oneOf", "anyOf"} and error.context:
        yield from _of_alternatives(error, list_properties, pointer, path)
    elif rule == "required" and names:
        for name in names:
            yield ErrorExplanation(
                rule, pointer, f"`{name}` is missing, and the document requires it", name, None, path
            )
    elif rule in {"additionalProperties", "unevaluatedProperties"} and names:
        for name in names:
            here = pointer_below(pointer, name)
            got = shortened_value(error.instance.get(name)) if isinstance(error.instance, Mapping) else None
            yield ErrorExplanation(
                rule, here, f"`{name}` is not in the document, which allows no others", None, got, path
            )
    elif rule in {"dependentRequired", "dependencies"} and isinstance(error.instance, Mapping):
        for name, asking in _asked_for(error.validator_value, error.instance):
            message = f"`{name}` is missing, and the document requires it beside `{asking}`"
            yield ErrorExplanation(rule, pointer, message, name, None, [*path, asking])
    else:
        message = _sentence(rule, error, names)
        if _is_property_name(error):
            message = f"the name of the property {shown(error.instance)}: {message}"
        # Write-only values may be secrets, and reports contain findings.
        got = None if rule == "writeOnly" else shortened_value(error.instance)
        yield ErrorExplanation(rule, pointer, message, shortened_value(error.validator_value), got, path)


def _of_alternatives(
    error: Any, list_properties: ListProperties, pointer: str, path: list[Any]
) -> Iterator[ErrorExplanation]:
    types = _types_of_branches(error)
    if types:
        message = f"expected {_enumerated_words(types, 'or')}, got {_kind_and_value(error.instance)}"
        yield ErrorExplanation("type", pointer, message, types, shortened_value(error.instance), path)
        return
    unknown = _unknown_tag(error)
    if unknown is not None:
        name, value, message, expected = unknown
        here, place = pointer_below(pointer, name), [*path[:-1], "discriminator"]
        yield ErrorExplanation(
            "discriminator", here, message, shortened_value(expected), shortened_value(value), place
        )
        return
    missing = _missing_tag(error)
    if missing is not None:
        branch_error, message, expected = missing
        steps = list(branch_error.absolute_schema_path)
        yield ErrorExplanation("required", pointer, message, expected[0], None, steps)
        return
    constants = _discriminating_constant(error)
    if constants is not None:
        constant, values = constants
        message = f"{shown(constant.instance)} is not one of {_shown_all(values)}"
        yield ErrorExplanation(
            "enum",
            pointer_below("", *constant.absolute_path),
            message,
            shortened_value(values),
            shortened_value(constant.instance),
            path,
        )
        return
    branch = _meant_branch(error, list_properties)
    for branch_error in branch.errors:
        for explanation in explain(branch_error, list_properties):
            message = f"{explanation.message}; {branch.reason}" if branch.reason else explanation.message
            yield explanation._replace(message=message)


def _asked_for(dependencies: Any, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (missing property, property that requires it) for `dependentRequired`."""
    for asking, names in dependencies.items() if isinstance(dependencies, Mapping) else ():
        if asking in value and isinstance(names, list):
            yield from ((str(name), asking) for name in names if name not in value)


def _keywords(error: Any) -> Iterator[tuple[str, Any]]:
    """Yield (keyword, name below it or None) for the keywords on the path to an error.

    Names of properties are not keywords, even if a property is called `then`.
    """
    steps = iter(error.schema_path)
    for step in steps:
        yield str(step), next(steps, None) if step in _HOLD_NAMES else None


def _conditions(error: Any) -> list[str]:
    """Return the conditions under which the keyword of an error applies, each as the end of a sentence."""
    found = []
    for keyword, name in _keywords(error):
        if keyword == "then":
            found.append("this applies because its `if` matches")
        elif keyword == "else":
            found.append("this applies because its `if` does not match")
        elif keyword == "dependentSchemas" and isinstance(name, str):
            found.append(f"this applies because {shown(name)} is there")
    return found


def _is_property_name(error: Any) -> bool:
    """Return whether the wrong instance is the name of a property, not a value."""
    if not isinstance(error.instance, str):
        return False
    last = ""
    for keyword, _ in _keywords(error):
        last = keyword if keyword in {"propertyNames", *_HOLD_NAMES, "items"} else last
    return last == "propertyNames"


def why_no_null(document: dict[str, Any], steps: list[str | int], rule: str) -> str:
    """Return the reason why `nullable` does not allow null; empty if no schema on the path has `nullable`.

    OpenAPI 3.0.4, "Schema Object": `nullable` adds null to the allowed type "only if `type` is explicitly defined
    within the same Schema Object", and changes no other keyword.

    Args:
        document: The document of the operation.
        steps: The steps from the root of the document to the keyword that null violates.
        rule: The name of that keyword.
    """
    if rule not in _RULES:
        return ""
    for length in range(_start(steps), len(steps)):
        schema = target_of(document, locate(document, steps[:length]).pointer)
        if not says_nullable(schema):
            continue
        if "type" not in schema or REFERENCE in schema:
            return "`nullable` counts only beside a `type` (OpenAPI 3.0.4)"
        if rule in {"enum", "const"}:
            return f"`nullable` adds no null to `{rule}` (OpenAPI 3.0.4)"
    return ""


def _start(steps: list[str | int]) -> int:
    """Return the number of steps to the outermost schema that describes the same value as the last step."""
    # After the first `schema`, of the body or parameter, the steps are keywords.
    start = index = steps.index("schema") + 1 if "schema" in steps else 0
    while index < len(steps):
        step = steps[index]
        index += 2 if step in _BELOW_BY_NAME or step in {"allOf", "anyOf", "oneOf"} else 1
        if step in _BELOW_BY_NAME or step in _BELOW:
            start = index
    return min(start, len(steps))
