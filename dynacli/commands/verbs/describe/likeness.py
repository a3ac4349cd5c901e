"""In what an operation differs from another one that is nearly the same."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.description.operation_description import OperationDescription
from dynacli.commands.verbs.describe.schema_tree import fields_below, type_text
from dynacli.model.value_words import constraints, placeholder
from dynacli.model.wording import counted
from dynacli.text.markdown import first_sentence
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import quoted, word_or_quoted

__all__ = ["difference_lines", "differences"]

_DEEPEST = 4
_MOST_FIELDS = 2_000


def differences(described: DescribedOperation, other: DescribedOperation) -> dict[str, Any]:
    """Return what only one of two operations has, and what both have in another way, as data."""
    here, there = dict(_facts(described)), dict(_facts(other))
    both = [name for name in here if name in there]
    return {
        "api": described.api.name,
        "name": described.operation.name,
        "like": other.operation.name,
        "only_here": [{"what": name, "is": told} for name, told in here.items() if name not in there],
        "only_there": [{"what": name, "is": told} for name, told in there.items() if name not in here],
        "different": [
            {"what": name, "here": here[name], "there": there[name]}
            for name in both
            if here[name] != there[name]
        ],
        "alike": sum(here[name] == there[name] for name in both),
    }


def difference_lines(data: Mapping[str, Any], paint: Painter, width: int) -> Iterator[str]:  # noqa: ARG001
    """Yield the differences as lines of text."""
    same = f"{data['alike']:,} inputs, fields and answers are the same"
    yield f"{paint.bold(data['name'])} is like {paint.bold(data['like'])}: {same}"
    for key, title in (("only_here", data["name"]), ("only_there", data["like"])):
        if data[key]:
            yield from ("", paint.bold(f"Only {title} has"))
            yield from _outermost_lines(data[key])
    if data["different"]:
        yield from ("", paint.bold("Different"))
        for row in data["different"]:
            there = row["there"] or "nothing more"
            yield visible(f"  {row['what']}  {row['here'] or 'nothing more'}", keep="")
            yield visible(f"      {data['like']}: {there}", keep="")


def _outermost_lines(rows: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield a line for each row; what is inside of another one is counted there."""
    inside: dict[str, int] = {}
    for row in rows:
        outer = next((name for name in inside if row["what"].startswith(f"{name}.")), None)
        if outer is None:
            inside[row["what"]] = 0
        else:
            inside[outer] += 1
    told = {row["what"]: row["is"] for row in rows}
    for name, count in inside.items():
        below = f", with {counted(count, 'field')} inside" if count else ""
        yield visible(f"  {name}  {told[name]}{below}".rstrip(), keep="")


def _facts(described: DescribedOperation) -> Iterator[tuple[str, str]]:
    """Yield each part of an operation with what the document says of it, in words."""
    description, operation = OperationDescription(described), described.operation
    yield "the call", f"{operation.method} {word_or_quoted(operation.path)}"
    yield "what it does", quoted(operation.summary)
    for each in description.inputs[: len(operation.parameters)]:
        facts = ["required"] * each.is_needed + constraints(each.value)
        told = f"{placeholder(each.value)} {each.location} [{'; '.join(facts)}]"
        yield f"--{each.option}", told.removesuffix(" []")
    if operation.body is not None and described.media_type is not None:
        yield "the body", f"{described.media_type.name}{', required' if operation.body.is_required else ''}"
        yield from _fields(described, "body", described.body_schema())
    for status, response in description.responses.items():
        if status != description.answer.status:
            yield f"answer {status}", quoted(first_sentence(response["description"]))
            continue
        yield "the answer", f"{status}  {quoted(first_sentence(response['description']))}".rstrip()
        for content in list(response["content"].values())[:1]:
            yield from _fields(described, "answer", content["schema"])
    schemes = [" with ".join(map(word_or_quoted, some)) or "none" for some in description.security]
    yield "security", " or ".join(schemes)


def _fields(described: DescribedOperation, owner: str, schema: Any) -> Iterator[tuple[str, str]]:
    flat = described.flat_schemas(schema)
    if not flat.properties:
        yield f"{owner} as a whole", type_text(flat, described.resolve)
    for number, field in enumerate(fields_below(flat, described.flat_schemas)):
        if number >= _MOST_FIELDS:
            return
        if field.level < _DEEPEST:
            required = ", required" if field.is_required else ""
            yield (
                f"{owner} {word_or_quoted('.'.join(field.steps))}",
                type_text(field.flat, described.resolve) + required,
            )
