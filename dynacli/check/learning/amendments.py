"""Findings → changes to the text of a document, those of one place made together."""

from collections import Counter
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from dynacli.check.learning.answer_places import Place, Places
from dynacli.check.learning.infer_schema import MAX_NAMES, Dialect, inferred_schema
from dynacli.check.learning.observation import Observation
from dynacli.check.learning.widen_schema import widened, with_others, with_property, without_required
from dynacli.document.pointer import MISSING, follow, split
from dynacli.model.wording import enumerated
from dynacli.validation.findings.finding import Finding

__all__ = ["Amendments"]

_Steps = tuple[str, ...]
_BODIES = {"undocumented-status", "undocumented-media-type", "undocumented-body"}
_NAMED = {
    "property",
    "undocumented-status",
    "undocumented-media-type",
    "undocumented-body",
    "undocumented-header",
}
_INSIDE: Mapping[str, tuple[str, ...]] = {
    "property": ("properties",),
    "undocumented-media-type": ("content",),
    "undocumented-body": ("content",),
    "undocumented-header": ("headers",),
}
"""Where in its place a thing of a kind is added, by its name."""
_MOST_NAMED = 4


class _Seen(NamedTuple):
    """What was seen in one place, and where it came from.

    Args:
        value: For a schema a JSON value, for the rest of the document the name that is not there.
    """

    value: Any
    observation: Observation


class Amendments:
    """Collects what has to change, and changes it.

    Args:
        tree: The document as it is written, which is changed.
        located: Returns the steps to a place in it, None where the place is in another file.
        dialect: The version of OpenAPI that it is written in.
    """

    def __init__(
        self, tree: dict[str, Any], located: Callable[[str], _Steps | None], dialect: Dialect
    ) -> None:
        self._tree, self._located, self._dialect = tree, located, dialect
        self._seen: dict[tuple[_Steps, str, str], list[_Seen]] = {}
        self.notes: dict[_Steps, list[str]] = {}

    def add(self, places: Places, observation: Observation, finding: Finding) -> None:
        """Take note of a finding; of one that no change would mend nothing is noted."""
        rule, pointer = finding.rule, finding.pointer
        if rule in _BODIES:
            self._add_body(places, observation, rule)
        elif rule == "undocumented-property":
            self._add_property(places, observation, pointer)
        elif rule in {"missing-header", "undocumented-header"}:
            self._add_header(places, observation, rule, pointer.partition("/")[2])
        else:
            schema_pointer, _, keyword = finding.schema_pointer.rpartition("/")
            value = observation.at(pointer)
            if rule == "type" and keyword != "type" and pointer.startswith("header/"):
                # Its text could not be read, so that no schema was asked.
                header = places.header(observation.status, pointer.split("/")[1])
                schema = places.followed(header.below("schema")) if header is not None else None
                if schema is not None:
                    self._note(schema.pointer, "type", "", value, observation)
            elif rule in {"additionalProperties", "unevaluatedProperties"} and keyword == rule:
                self._note(schema_pointer, "property", split(pointer)[-1], value, observation)
            elif rule == "required":
                self._note(schema_pointer, rule, str(finding.expected), None, observation)
            elif keyword == rule or (rule == "type" and keyword in {"anyOf", "oneOf"}):
                self._note(schema_pointer, keyword, "", value, observation)

    def _add_body(self, places: Places, observation: Observation, rule: str) -> None:
        media = observation.media_type
        if rule == "undocumented-status":
            holder: Place | None = places.responses()
            name = str(observation.status)
        else:
            holder, name = places.response(observation.status), media
        if holder is None or (rule != "undocumented-status" and not media):
            return  # a body without a media type, which no document can describe
        if holder.node is None:
            return
        self._note(holder.pointer, rule, name, observation.value, observation)
        if self._dialect == "2.0" and media:
            # There the media types of all answers stand in one list, beside the answers.
            self._note(places.operation().pointer, "produces", media, None, observation)

    def _add_property(self, places: Places, observation: Observation, pointer: str) -> None:
        *steps, name = split(pointer)
        schema = places.body_schema(observation.status, observation.content_type)
        value = observation.at(pointer)
        if schema is None or value is MISSING:
            return
        whole = observation.value
        if observation.is_sequence and steps:
            # A schema of the items, unless it is one of the whole.
            kind = schema.node.get("type") if isinstance(schema.node, Mapping) else None
            if kind != "array":
                whole, steps = whole[int(steps[0])], steps[1:]
        place = places.object_schema(schema, whole, tuple(steps))
        if place is not None:
            self._note(place.pointer, "property", name, value, observation)

    def _add_header(self, places: Places, observation: Observation, rule: str, name: str) -> None:
        if rule == "missing-header":
            place = places.header(observation.status, name)
        else:
            place = places.response(observation.status)
        if place is not None:
            self._note(place.pointer, rule, name, observation.at(f"header/{name}"), observation)

    def _note(self, pointer: str, kind: str, name: str, value: Any, observation: Observation) -> None:
        steps = self._located(pointer)
        if steps is not None and isinstance(follow(self._tree, steps), dict):
            self._seen.setdefault((steps, kind, name), []).append(_Seen(value, observation))

    def make(self) -> None:
        """Change the document; the notes say what was changed where."""
        required: dict[_Steps, list[str]] = {}
        added: Counter[_Steps] = Counter()
        others: dict[_Steps, list[Any]] = {}
        for (steps, kind, name), seen in self._seen.items():
            if kind == "required":
                required.setdefault(steps, []).append(name)
            elif kind == "property":
                added[steps] += 1
                others.setdefault(steps, []).extend(one.value for one in seen if one.value is not MISSING)
        for (steps, kind, name), seen in self._seen.items():
            node = follow(self._tree, steps)
            values = [one.value for one in seen if one.value is not MISSING]
            if kind == "required":
                names = required.pop(steps, [])
                told = without_required(node, names) if names else ""
            elif kind == "property":
                if added[steps] > MAX_NAMES:
                    told = with_others(node, others.pop(steps, []), self._dialect)
                else:
                    told = with_property(node, name, values, self._dialect) if values else ""
            elif kind in _BODIES:
                told = self._body(node, kind, name, seen)
            elif kind == "produces":
                told = self._produces(node, name)
            elif kind in {"missing-header", "undocumented-header"}:
                told = self._header(node, kind, name, values)
            else:
                told = widened(node, kind, values, self._dialect) if values else ""
            if told:
                place = steps + _INSIDE.get(kind, ()) + ((name,) if kind in _NAMED else ())
                self.notes.setdefault(place, []).append(f"{told} ({_origin(seen)})")

    def _body(self, node: dict[str, Any], kind: str, name: str, seen: list[_Seen]) -> str:
        if kind == "undocumented-status":
            if name in node:
                return ""
            node[name] = {"description": _phrase(int(name)), **self._content(seen)}
            return "added"
        content = self._content(seen)
        if not content or (self._dialect == "2.0" and "schema" in node):
            return ""
        if self._dialect == "2.0":
            node.update(content)
        else:
            known = node.get("content")
            node["content"] = {**(known if isinstance(known, dict) else {}), **content["content"]}
        return "added"

    def _content(self, seen: list[_Seen]) -> dict[str, Any]:
        """Return what a Response Object says of bodies."""
        by_media: dict[str, list[Observation]] = {}
        for one in seen:
            if one.observation.body and one.observation.media_type:
                by_media.setdefault(one.observation.media_type, []).append(one.observation)
        media = {name: self._media_type(name, found) for name, found in by_media.items()}
        if self._dialect != "2.0":
            return {"content": media} if media else {}
        return next(({"schema": one["schema"]} for one in media.values() if "schema" in one), {})

    def _media_type(self, name: str, seen: list[Observation]) -> dict[str, Any]:
        values = [one.value for one in seen if one.value is not MISSING]
        if values and seen[0].is_sequence:
            schema = inferred_schema([item for value in values for item in value], self._dialect)
            return {"itemSchema": schema} if self._dialect >= "3.2" else {"schema": schema}
        if values:
            return {"schema": inferred_schema(values, self._dialect)}
        return {"schema": {"type": "string"}} if name.startswith("text/") and not seen[0].is_sequence else {}

    def _produces(self, node: dict[str, Any], name: str) -> str:
        known = node.get("produces", self._tree.get("produces"))
        known = known if isinstance(known, list) else []
        if name in known:
            return ""
        node["produces"] = [*known, name]
        return f"adds the media type {name}"

    def _header(self, node: dict[str, Any], kind: str, name: str, values: list[Any]) -> str:
        if kind == "missing-header":
            node["required"] = False
            return "may be absent"
        texts = [str(value) for value in values]
        is_integer = bool(texts) and all(one.isascii() and one.isdigit() and len(one) < 16 for one in texts)
        schema = {"type": "integer" if is_integer else "string"}
        known = node.get("headers")
        header = schema if self._dialect == "2.0" else {"schema": schema}
        node["headers"] = {**(known if isinstance(known, dict) else {}), name: header}
        return "added"


def _origin(seen: list[_Seen]) -> str:
    names = [f"`{name}`" for name in dict.fromkeys(one.observation.operation for one in seen)]
    return f"answers of {enumerated(names, most=_MOST_NAMED)}"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"
