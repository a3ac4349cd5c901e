"""The edits that mend a document by findings on answers; the findings on one place are mended together."""

from collections import Counter
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from dynacli.check.learning.answer_description import AnswerDescription
from dynacli.check.learning.infer_schema import MAX_NAMES, Dialect, infer_schema
from dynacli.check.learning.observed_answers import ObservedAnswer
from dynacli.check.learning.widen_schema import add_property, allow_any_name, drop_required, widen_schema
from dynacli.document.pointer import MISSING, follow, split
from dynacli.model.lenient_reading import dict_or_empty, list_or_empty
from dynacli.model.wording import enumerated
from dynacli.validation.findings.finding import Finding

__all__ = ["DocumentEdits"]

_Steps = tuple[str, ...]
_BODY_RULES = {"undocumented-status", "undocumented-media-type", "undocumented-body"}
_NAMED_EDITS = _BODY_RULES | {"property", "undocumented-header"}
"""Kinds of edits that add a member; its name belongs to the place that a note is about."""
_HOLDERS: Mapping[str, tuple[str, ...]] = {
    "property": ("properties",),
    "undocumented-media-type": ("content",),
    "undocumented-body": ("content",),
    "undocumented-header": ("headers",),
}
"""Kind of edit → the steps from its place to the object that the member is added to."""
_MAX_LISTED = 4


class _Observed(NamedTuple):
    """What was observed at a place.

    Args:
        value: The JSON value that broke the document; `MISSING` or None where the name alone says what is wrong.
        answer: The answer that holds it.
    """

    value: Any
    answer: ObservedAnswer


class DocumentEdits:
    """Collects edits, and makes them.

    Args:
        tree: The document as it is written, which is changed.
        steps_to: Returns the steps to a place in it by its JSON pointer; None where it is in another file.
        dialect: The version of OpenAPI that it is written in.
    """

    def __init__(
        self, tree: dict[str, Any], steps_to: Callable[[str], _Steps | None], dialect: Dialect
    ) -> None:
        self._tree, self._steps_to, self._dialect = tree, steps_to, dialect
        # (steps to the place, kind of edit, name of the member that it is about)
        self._edits: dict[tuple[_Steps, str, str], list[_Observed]] = {}

    def add(self, description: AnswerDescription, answer: ObservedAnswer, finding: Finding) -> None:
        """Collect the edit that mends a finding, if there is one."""
        rule, pointer = finding.rule, finding.pointer
        if rule in _BODY_RULES:
            self._add_body(description, answer, rule)
        elif rule == "undocumented-property":
            self._add_property(description, answer, pointer)
        elif rule in {"missing-header", "undocumented-header"}:
            self._add_header(description, answer, rule, pointer.partition("/")[2])
        else:
            schema_pointer, _, keyword = finding.schema_pointer.rpartition("/")
            value = answer.at(pointer)
            if rule == "type" and keyword != "type" and pointer.startswith("header/"):
                # The header's text could not be read as any value, so that no schema was asked.
                header = description.header(answer.status, pointer.split("/")[1])
                schema = description.follow(header.child("schema")) if header is not None else None
                if schema is not None:
                    self._collect(schema.pointer, "type", "", value, answer)
            elif rule in {"additionalProperties", "unevaluatedProperties"} and keyword == rule:
                self._collect(schema_pointer, "property", split(pointer)[-1], value, answer)
            elif rule == "required":
                self._collect(schema_pointer, rule, str(finding.expected), None, answer)
            elif keyword == rule or (rule == "type" and keyword in {"anyOf", "oneOf"}):
                self._collect(schema_pointer, keyword, "", value, answer)

    def _add_body(self, description: AnswerDescription, answer: ObservedAnswer, rule: str) -> None:
        media_type = answer.media_type
        if rule == "undocumented-status":
            holder, name = description.responses(), str(answer.status)
        else:
            response = description.response(answer.status)
            if response is None or not media_type:
                return  # a body without a media type, which no document can describe
            holder, name = response, media_type
        if holder.node is None:
            return
        self._collect(holder.pointer, rule, name, answer.value, answer)
        if self._dialect == "2.0" and media_type:
            # There the media types of all answers stand in one list, beside the answers.
            self._collect(description.operation().pointer, "produces", media_type, None, answer)

    def _add_property(self, description: AnswerDescription, answer: ObservedAnswer, pointer: str) -> None:
        *steps, name = split(pointer)
        schema = description.body_schema(answer.status, answer.content_type)
        value = answer.at(pointer)
        if schema is None or value is MISSING:
            return
        body = answer.value
        if answer.is_sequence and steps and dict_or_empty(schema.node).get("type") != "array":
            # The schema is that of an item, not of the whole sequence.
            body, steps = body[int(steps[0])], steps[1:]
        place = description.object_schema(schema, body, tuple(steps))
        if place is not None:
            self._collect(place.pointer, "property", name, value, answer)

    def _add_header(
        self, description: AnswerDescription, answer: ObservedAnswer, rule: str, name: str
    ) -> None:
        if rule == "missing-header":
            place = description.header(answer.status, name)
        else:
            place = description.response(answer.status)
        if place is not None:
            self._collect(place.pointer, rule, name, answer.at(f"header/{name}"), answer)

    def _collect(self, pointer: str, kind: str, name: str, value: Any, answer: ObservedAnswer) -> None:
        steps = self._steps_to(pointer)
        if steps is not None and isinstance(follow(self._tree, steps), dict):
            self._edits.setdefault((steps, kind, name), []).append(_Observed(value, answer))

    def apply(self) -> tuple[dict[str, Any], dict[_Steps, list[str]]]:
        """Return the changed document, and steps to a place → what was changed there."""
        required: dict[_Steps, list[str]] = {}
        property_counts: Counter[_Steps] = Counter()
        property_values: dict[_Steps, list[Any]] = {}
        for (steps, kind, name), observed in self._edits.items():
            if kind == "required":
                required.setdefault(steps, []).append(name)
            elif kind == "property":
                property_counts[steps] += 1
                property_values.setdefault(steps, []).extend(_values(observed))
        notes: dict[_Steps, list[str]] = {}
        for (steps, kind, name), observed in self._edits.items():
            node = follow(self._tree, steps)
            values = _values(observed)
            if kind == "required":
                names = required.pop(steps, [])  # all names at once, at the first of them
                text = drop_required(node, names) if names else ""
            elif kind == "property":
                if property_counts[steps] > MAX_NAMES:
                    text = allow_any_name(node, property_values.pop(steps, []), self._dialect)
                else:
                    text = add_property(node, name, values, self._dialect) if values else ""
            elif kind in _BODY_RULES:
                text = self._describe_body(node, kind, name, observed)
            elif kind == "produces":
                text = self._add_media_type(node, name)
            elif kind in {"missing-header", "undocumented-header"}:
                text = self._describe_header(node, kind, name, values)
            else:
                text = widen_schema(node, kind, values, self._dialect) if values else ""
            if text:
                place = steps + _HOLDERS.get(kind, ()) + ((name,) if kind in _NAMED_EDITS else ())
                notes.setdefault(place, []).append(f"{text} ({_sources_text(observed)})")
        return self._tree, notes

    def _describe_body(self, node: dict[str, Any], kind: str, name: str, observed: list[_Observed]) -> str:
        content = self._body_content(observed)
        if kind == "undocumented-status":
            if name in node:
                return ""
            node[name] = {"description": _phrase(int(name)), **content}
            return "added"
        if not content or (self._dialect == "2.0" and "schema" in node):
            return ""
        if self._dialect == "2.0":
            node.update(content)
        else:
            node["content"] = {**dict_or_empty(node.get("content")), **content["content"]}
        return "added"

    def _body_content(self, observed: list[_Observed]) -> dict[str, Any]:
        """Return the members of a Response Object that describe bodies."""
        by_media_type: dict[str, list[ObservedAnswer]] = {}
        for _, answer in observed:
            if answer.body and answer.media_type:
                by_media_type.setdefault(answer.media_type, []).append(answer)
        content = {name: self._media_type_object(name, answers) for name, answers in by_media_type.items()}
        if self._dialect != "2.0":
            return {"content": content} if content else {}
        return next(({"schema": each["schema"]} for each in content.values() if "schema" in each), {})

    def _media_type_object(self, name: str, answers: list[ObservedAnswer]) -> dict[str, Any]:
        values = [answer.value for answer in answers if answer.value is not MISSING]
        if values and answers[0].is_sequence:
            schema = infer_schema([item for value in values for item in value], self._dialect)
            return {"itemSchema": schema} if self._dialect >= "3.2" else {"schema": schema}
        if values:
            return {"schema": infer_schema(values, self._dialect)}
        is_text = name.startswith("text/") and not answers[0].is_sequence
        return {"schema": {"type": "string"}} if is_text else {}

    def _add_media_type(self, node: dict[str, Any], name: str) -> str:
        produces = list_or_empty(node.get("produces", self._tree.get("produces")))
        if name in produces:
            return ""
        node["produces"] = [*produces, name]
        return f"adds the media type {name}"

    def _describe_header(self, node: dict[str, Any], kind: str, name: str, values: list[Any]) -> str:
        if kind == "missing-header":
            node["required"] = False
            return "may be absent"
        texts = [str(value) for value in values]
        is_integer = bool(texts) and all(
            text.isascii() and text.isdigit() and len(text) < 16 for text in texts
        )
        schema = {"type": "integer" if is_integer else "string"}
        header = schema if self._dialect == "2.0" else {"schema": schema}
        node["headers"] = {**dict_or_empty(node.get("headers")), name: header}
        return "added"


def _values(observed: list[_Observed]) -> list[Any]:
    return [each.value for each in observed if each.value is not MISSING]


def _sources_text(observed: list[_Observed]) -> str:
    names = [f"`{name}`" for name in dict.fromkeys(answer.operation_name for _, answer in observed)]
    return f"answers of {enumerated(names, most=_MAX_LISTED)}"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"
