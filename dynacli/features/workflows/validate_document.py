"""Validation of Arazzo documents: their objects by a table of fields, and then what they refer to.

If the schema files of the specification differ from its text, the text counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dynacli.errors import DocumentError
from dynacli.features.workflows.arazzo_document import ARAZZO, ASYNCAPI, OPENAPI, ArazzoDocument, needed_steps
from dynacli.features.workflows.conditions import problem_of
from dynacli.features.workflows.expressions import is_selector, parse_reference, references_in
from dynacli.features.workflows.selectors import VERSIONS, selector_type
from dynacli.openapi.document.json_trees import dict_or_empty, join, list_or_empty
from dynacli.openapi.model.wording import counted, did_you_mean, near_names

_KEY = re.compile(r"[a-zA-Z0-9.\-_]+")
_MOST_ERRORS = 500
_EXTENSION = "x-"
_TYPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "text": ("a string", lambda value: isinstance(value, str)),
    "whole": (
        "a whole number that is not negative",
        lambda value: _is_not_negative(value) and value == int(value),
    ),
    "number": ("a number that is not negative", lambda value: _is_not_negative(value)),  # noqa: PLW0108  - defined below
    "list": ("a list", lambda value: isinstance(value, list)),
    "map": ("an object", lambda value: isinstance(value, dict)),
    "object": ("an object", lambda value: isinstance(value, dict)),
    "schema": ("a schema", lambda value: isinstance(value, dict | bool)),
    "any": ("a value", lambda _: True),
}
"""Type of a field → its name in messages, and whether a value has it."""
_ACTION = {
    "name": "text!",
    "type": "text!",
    "workflowId": "text",
    "stepId": "text",
    "parameters": "list parameter",
}
_KINDS: Mapping[str, Mapping[str, str]] = {
    "document": {
        "arazzo": "text!",
        "$self": "text",
        "info": "object! info",
        "sourceDescriptions": "list! source",
        "workflows": "list! workflow",
        "components": "object components",
    },
    "info": {"title": "text!", "summary": "text", "description": "text", "version": "text!"},
    "source": {"name": "text!", "url": "text!", "type": "text"},
    "workflow": {
        "workflowId": "text!",
        "summary": "text",
        "description": "text",
        "inputs": "schema",
        "dependsOn": "list text",
        "steps": "list! step",
        "successActions": "list success",
        "failureActions": "list failure",
        "outputs": "map output",
        "parameters": "list parameter",
    },
    "step": {
        "description": "text",
        "stepId": "text!",
        "operationId": "text",
        "operationPath": "text",
        "channelPath": "text",
        "workflowId": "text",
        "parameters": "list parameter",
        "requestBody": "object body",
        "successCriteria": "list criterion",
        "onSuccess": "list success",
        "onFailure": "list failure",
        "outputs": "map output",
        "timeout": "whole",
        "correlationId": "text",
        "action": "text",
        "dependsOn": "list text",
    },
    "parameter": {"name": "text!", "in": "text", "value": "any!"},
    "success": {**_ACTION, "criteria": "list criterion"},
    "failure": {**_ACTION, "retryAfter": "number", "retryLimit": "whole", "criteria": "list criterion"},
    "components": {
        "inputs": "map schema",
        "parameters": "map parameter",
        "successActions": "map success",
        "failureActions": "map failure",
    },
    "criterion": {"context": "text", "condition": "text!", "type": "any"},
    "body": {"contentType": "text", "payload": "any", "replacements": "list replacement"},
    "replacement": {"target": "text!", "targetSelectorType": "any", "value": "any!"},
}
"""Kind of object → its fields: type, `!` if it is required, and the kind of the objects in it."""
_COMPONENTS = {"parameter": "parameters", "success": "successActions", "failure": "failureActions"}
_NEW = {"document": {"$self"}, "step": {"timeout", "dependsOn", "channelPath", "correlationId", "action"}}
"""Kind of object → fields that are new in 1.1."""
_LOCATIONS = ("path", "query", "header", "cookie", "querystring")


class DocumentProblem(NamedTuple):
    """An error in a document.

    Args:
        pointer: JSON pointer to the location.
        message: What is wrong there.
    """

    pointer: str
    message: str


def _is_not_negative(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def problems_of(document: ArazzoDocument) -> list[DocumentProblem]:
    """Return the errors in the structure of a document, or else in its references."""
    found = list(dict.fromkeys(_structure(document, document.tree, "document", ())))
    return (found or list(dict.fromkeys(_References(document).problems())))[:_MOST_ERRORS]


def located_problems(document: ArazzoDocument, problems: Sequence[DocumentProblem]) -> list[dict[str, Any]]:
    """Return errors with their lines: `{line, pointer, message}`, in the order of the lines.

    A missing field is at the object that lacks it.
    """
    pointers = {pointer for problem in problems for pointer in _around(problem.pointer)}
    lines = document.lines_of(pointers)
    located = [
        {
            "line": next((lines[pointer] for pointer in _around(problem.pointer) if pointer in lines), 1),
            "pointer": problem.pointer,
            "message": problem.message,
        }
        for problem in problems
    ]
    return sorted(located, key=lambda item: item["line"])


def _around(pointer: str) -> Iterator[str]:
    while True:
        yield pointer
        if not pointer:
            return
        pointer = pointer.rpartition("/")[0]


def check_arazzo(document: ArazzoDocument) -> None:
    """Check that a document has no errors.

    Raises:
        DocumentError: The document has errors.
    """
    problems = problems_of(document)
    if problems:
        located = located_problems(document, problems)
        raise invalid_document(document, located)


def invalid_document(document: ArazzoDocument, located: list[dict[str, Any]]) -> DocumentError:
    """Return the error for a document with errors."""
    lines = [f"line {item['line']}: {item['message']}" for item in located]
    more = [f"and {len(lines) - 20} more"] if len(lines) > 20 else []
    return DocumentError(
        f"`{document.name}` has {counted(len(lines), 'error')}",
        reason="\n".join([*lines[:20], *more]),
        hint="The rules are in the specification: https://spec.openapis.org/arazzo/latest.html",
        errors=located,
    )


def _structure(
    document: ArazzoDocument, value: Any, kind: str, steps: tuple[str | int, ...]
) -> Iterator[DocumentProblem]:
    """Yield the errors in the fields of an object and of the objects in it."""
    if kind not in _KINDS:
        if kind == "text" and not isinstance(value, str):
            yield DocumentProblem(join(steps), "expected a string")
        elif kind == "schema" and not isinstance(value, dict | bool):
            yield DocumentProblem(join(steps), "expected a schema")
        return
    if not isinstance(value, dict):
        yield DocumentProblem(join(steps), "expected an object")
        return
    if kind in _COMPONENTS and "reference" in value:
        if not isinstance(value["reference"], str):
            yield DocumentProblem(join((*steps, "reference")), "`reference` must be a string")
        return
    fields = _KINDS[kind]
    for name, spelled in fields.items():
        types, _, below = spelled.partition(" ")
        name_of_type = types.removesuffix("!")
        if name not in value:
            if types.endswith("!"):
                yield DocumentProblem(join(steps), f"`{name}` is missing")
            continue
        text, fits = _TYPES[name_of_type]
        here = (*steps, name)
        if not fits(value[name]):
            yield DocumentProblem(join(here), f"`{name}` must be {text}")
            continue
        if name_of_type == "list":
            if types.endswith("!") and not value[name]:
                yield DocumentProblem(join(here), f"`{name}` must not be empty")
            for index, item in enumerate(value[name]):
                yield from _structure(document, item, below, (*here, index))
        elif name_of_type == "map":
            for key, item in value[name].items():
                if not _KEY.fullmatch(key):
                    yield DocumentProblem(
                        join((*here, key)), f"the name `{key[:60]}` must match `{_KEY.pattern}`"
                    )
                yield from _structure(document, item, below, (*here, key))
        elif name_of_type == "object":
            yield from _structure(document, value[name], below, here)
    new = set() if document.has_selectors else _NEW.get(kind, set())
    for name in value:
        if name in new:
            yield DocumentProblem(
                join((*steps, name)), f"`{name}` is new in Arazzo 1.1, and this is {document.tree['arazzo']}"
            )
        elif name not in fields and not name.startswith(_EXTENSION):
            hint = did_you_mean(near_names(name, list(fields)))
            yield DocumentProblem(
                join((*steps, name)), f"`{name[:60]}` is not a field here{f'. {hint}' if hint else ''}"
            )


class _References:
    """The errors in the references and expressions of a document with a valid structure."""

    def __init__(self, document: ArazzoDocument) -> None:
        self._document, self._tree = document, document.tree
        self._components = dict_or_empty(document.tree.get("components"))

    def problems(self) -> Iterator[DocumentProblem]:
        tree = self._tree
        if "#" in str(tree.get("$self", "")):
            yield DocumentProblem("/$self", "`$self` must not have a fragment")
        yield from _twice(
            [item["name"] for item in tree["sourceDescriptions"]], ("sourceDescriptions",), "name"
        )
        yield from _twice([item["workflowId"] for item in tree["workflows"]], ("workflows",), "workflowId")
        for index, source in enumerate(tree["sourceDescriptions"]):
            if source.get("type", OPENAPI) not in {OPENAPI, ARAZZO, ASYNCAPI}:
                yield DocumentProblem(
                    f"/sourceDescriptions/{index}/type", "`type` must be `openapi`, `asyncapi` or `arazzo`"
                )
        for index, workflow in enumerate(tree["workflows"]):
            yield from self._workflow(workflow, ("workflows", index))
        yield from self._circles()
        for name, key in _COMPONENTS.items():
            for component, item in dict_or_empty(self._components.get(key)).items():
                here = ("components", key, component)
                if name != "parameter":
                    yield from self._action(item, here, name, None)

    def _workflow(
        self, workflow: Mapping[str, Any], here: tuple[str | int, ...]
    ) -> Iterator[DocumentProblem]:
        steps = workflow["steps"]
        names = [step["stepId"] for step in steps]
        yield from _twice(names, (*here, "steps"), "stepId")
        for index, reference in enumerate(list_or_empty(workflow.get("dependsOn"))):
            yield from self._workflow_reference(reference, (*here, "dependsOn", index))
        for kind, key in (("success", "successActions"), ("failure", "failureActions")):
            yield from self._actions(workflow.get(key), (*here, key), kind, names)
        yield from self._parameters(workflow.get("parameters"), (*here, "parameters"), needs_location=False)
        yield from self._outputs(workflow.get("outputs"), (*here, "outputs"), names)
        for index, step in enumerate(steps):
            yield from self._step(step, (*here, "steps", index), names)
        known = set(names)
        waiting = {step["stepId"]: needed_steps(step) & known - {step["stepId"]} for step in steps}
        for name in _in_circle(waiting):
            index = names.index(name)
            yield DocumentProblem(
                join((*here, "steps", index)), f"the step `{name}` waits for itself through other steps"
            )

    def _step(
        self, step: Mapping[str, Any], here: tuple[str | int, ...], names: Sequence[str]
    ) -> Iterator[DocumentProblem]:
        given = [key for key in ("operationId", "operationPath", "channelPath", "workflowId") if key in step]
        if len(given) != 1:
            what = f"has {' and '.join(f'`{key}`' for key in given)}" if given else "has none of them"
            yield DocumentProblem(
                join(here),
                f"a step needs one of `operationId`, `operationPath` and `workflowId`, and this one {what}",
            )
            return
        if given[0] == "workflowId":
            yield from self._workflow_reference(step["workflowId"], (*here, "workflowId"))
            for key in ("action", "correlationId", "requestBody"):
                if key in step:
                    yield DocumentProblem(join((*here, key)), f"a step that runs a workflow has no `{key}`")
        elif given[0] == "channelPath":
            if "action" not in step:
                yield DocumentProblem(join(here), "a step with `channelPath` needs `action`")
            yield from self._channel(step["channelPath"], (*here, "channelPath"))
        else:
            yield from self._operation_reference(step[given[0]], (*here, given[0]))
        is_call = given[0] != "workflowId"
        yield from self._parameters(step.get("parameters"), (*here, "parameters"), needs_location=is_call)
        if step.get("action", "send") not in {"send", "receive"}:
            yield DocumentProblem(join((*here, "action")), "`action` must be `send` or `receive`")
        elif "correlationId" in step and step.get("action") != "receive":
            yield DocumentProblem(
                join((*here, "correlationId")), "`correlationId` needs the action `receive`"
            )
        if step.get("successCriteria") == []:
            yield DocumentProblem(join((*here, "successCriteria")), "`successCriteria` must not be empty")
        yield from self._criteria(step.get("successCriteria"), (*here, "successCriteria"), names)
        yield from self._actions(step.get("onSuccess"), (*here, "onSuccess"), "success", names)
        yield from self._actions(step.get("onFailure"), (*here, "onFailure"), "failure", names)
        yield from self._outputs(step.get("outputs"), (*here, "outputs"), names)
        yield from self._expressions(step.get("requestBody"), (*here, "requestBody"), names)
        yield from self._expressions(step.get("parameters"), (*here, "parameters"), names)
        for index, replacement in enumerate(
            list_or_empty(dict_or_empty(step.get("requestBody")).get("replacements"))
        ):
            yield from _selector_type(
                replacement.get("targetSelectorType"), (*here, "requestBody", "replacements", index)
            )
        for index, reference in enumerate(list_or_empty(step.get("dependsOn"))):
            yield from self._step_reference(reference, (*here, "dependsOn", index), names)

    def _step_reference(
        self, reference: str, here: tuple[str | int, ...], names: Sequence[str]
    ) -> Iterator[DocumentProblem]:
        parts = reference.split(".")
        if not reference.startswith("$"):
            if reference not in names:
                yield DocumentProblem(
                    join(here), f"the workflow has no step `{reference}`{_near(reference, names)}"
                )
        elif parts[0] == "$workflows" and len(parts) == 4 and parts[2] == "steps":
            workflow = dict_or_empty(self._document.workflows.get(parts[1]))
            if parts[3] not in [step["stepId"] for step in list_or_empty(workflow.get("steps"))]:
                yield DocumentProblem(join(here), f"there is no step `{reference}`")
        elif not (parts[0] == "$sourceDescriptions" and len(parts) == 5 and parts[3] == "steps"):
            yield DocumentProblem(join(here), f"`{reference}` is not a reference to a step")
        elif parts[1] not in self._document.sources:
            yield DocumentProblem(join(here), f"there is no source `{parts[1]}`")

    def _channel(self, text: str, here: tuple[str | int, ...]) -> Iterator[DocumentProblem]:
        reference = parse_reference(text.partition("#")[0].strip("{}"))
        sources = self._document.sources
        name = reference.names[0] if reference is not None and reference.kind == "sourceDescriptions" else ""
        if name in sources and sources[name].get("type") != ASYNCAPI:
            yield DocumentProblem(join(here), f"`{name}` is not a source of the type `asyncapi`")

    def _operation_reference(self, text: str, here: tuple[str | int, ...]) -> Iterator[DocumentProblem]:
        names = self._document.api_sources()
        is_path = here[-1] == "operationPath"
        start, hash_mark, pointer = text.partition("#") if is_path else (text, "", "")
        reference = parse_reference(
            start[1:-1] if is_path and start.startswith("{") and start.endswith("}") else start
        )
        if reference is not None and reference.kind == "sourceDescriptions":
            source = reference.names[0]
            kind = self._document.sources.get(source, {}).get("type", OPENAPI)
            if source not in self._document.sources:
                yield DocumentProblem(
                    join(here), f"there is no source `{source}`{_near(source, self._document.sources)}"
                )
            elif kind == ARAZZO:
                yield DocumentProblem(join(here), f"the source `{source}` has workflows, and no operations")
            elif is_path and not (hash_mark and pointer.startswith("/paths/")):
                yield DocumentProblem(
                    join(here), "`operationPath` must end with a JSON Pointer such as `#/paths/~1pets/get`"
                )
        elif is_path or text.startswith("$"):
            yield DocumentProblem(join(here), f"`{here[-1]}` does not name a source: `{text[:80]}`")
        elif len(names) > 1:
            yield DocumentProblem(
                join(here), f"with several sources, write `$sourceDescriptions.NAME.{text[:60]}`"
            )
        elif not names:
            yield DocumentProblem(join(here), "no source describes operations")

    def _workflow_reference(self, text: str, here: tuple[str | int, ...]) -> Iterator[DocumentProblem]:
        if not text.startswith("$"):
            if text not in self._document.workflows:
                near = _near(text, self._document.workflows)
                yield DocumentProblem(join(here), f"there is no workflow `{text}`{near}")
            return
        reference = parse_reference(text)
        if reference is None or reference.kind != "sourceDescriptions":
            yield DocumentProblem(join(here), f"`{text}` is not a reference to a workflow")
        elif self._document.sources.get(reference.names[0], {}).get("type") != ARAZZO:
            yield DocumentProblem(join(here), f"`{reference.names[0]}` is not a source of the type `arazzo`")

    def _parameters(
        self,
        listed: Any,
        here: tuple[str | int, ...],
        *,
        needs_location: bool,
        refuses_location: bool = False,
    ) -> Iterator[DocumentProblem]:
        seen = set()
        for index, item in enumerate(list_or_empty(listed)):
            place = (*here, index)
            yield from self._component(item, place, "parameter")
            parameter = self._document.followed(item)
            if "name" not in parameter:
                continue
            location = parameter.get("in")
            if location is not None and location not in _LOCATIONS:
                yield DocumentProblem(join((*place, "in")), f"`in` must be one of {', '.join(_LOCATIONS)}")
            elif location is None and needs_location:
                yield DocumentProblem(join(place), f"`in` of the parameter `{parameter['name']}` is missing")
            elif location is not None and refuses_location:
                yield DocumentProblem(join((*place, "in")), "a parameter of an action has no `in`")
            key = (parameter["name"], location)
            if key in seen:
                yield DocumentProblem(join(place), f"the parameter `{parameter['name']}` is given twice")
            seen.add(key)

    def _component(self, item: Any, here: tuple[str | int, ...], kind: str) -> Iterator[DocumentProblem]:
        if "reference" not in item:
            return
        reference = parse_reference(item["reference"])
        section = _COMPONENTS[kind]
        if reference is None or reference.kind != "components" or reference.names[0] != section:
            yield DocumentProblem(
                join((*here, "reference")), f"`reference` must be `$components.{section}.NAME`"
            )
        elif reference.names[1] not in dict_or_empty(self._components.get(section)):
            near = _near(reference.names[1], dict_or_empty(self._components.get(section)))
            yield DocumentProblem(join((*here, "reference")), f"there is no `{item['reference']}`{near}")

    def _actions(
        self, listed: Any, here: tuple[str | int, ...], kind: str, names: Sequence[str]
    ) -> Iterator[DocumentProblem]:
        seen = set()
        for index, item in enumerate(list_or_empty(listed)):
            place = (*here, index)
            yield from self._component(item, place, kind)
            action = self._document.followed(item)
            if "name" not in action:
                continue
            if action["name"] in seen:
                yield DocumentProblem(join(place), f"the action `{action['name']}` is given twice")
            seen.add(action["name"])
            yield from self._action(action, place, kind, names)

    def _action(
        self, action: Mapping[str, Any], here: tuple[str | int, ...], kind: str, names: Sequence[str] | None
    ) -> Iterator[DocumentProblem]:
        types = ("end", "goto") if kind == "success" else ("end", "retry", "goto")
        if action["type"] not in types:
            yield DocumentProblem(join((*here, "type")), f"`type` must be one of {', '.join(types)}")
        targets = [key for key in ("workflowId", "stepId") if key in action]
        if len(targets) > 1:
            yield DocumentProblem(join(here), "an action has `workflowId` or `stepId`, not both")
        elif action["type"] == "goto" and not targets:
            yield DocumentProblem(join(here), "`goto` needs `stepId` or `workflowId`")
        elif action["type"] == "end" and targets:
            yield DocumentProblem(join((*here, targets[0])), f"`end` has no `{targets[0]}`")
        if "workflowId" in action:
            yield from self._workflow_reference(action["workflowId"], (*here, "workflowId"))
        if "stepId" in action and names is not None and action["stepId"] not in names:
            near = _near(action["stepId"], names)
            yield DocumentProblem(
                join((*here, "stepId")), f"the workflow has no step `{action['stepId']}`{near}"
            )
        yield from self._parameters(
            action.get("parameters"), (*here, "parameters"), needs_location=False, refuses_location=True
        )
        yield from self._criteria(action.get("criteria"), (*here, "criteria"), names)

    def _criteria(
        self, listed: Any, here: tuple[str | int, ...], names: Sequence[str] | None
    ) -> Iterator[DocumentProblem]:
        for index, criterion in enumerate(list_or_empty(listed)):
            place = (*here, index)
            given = criterion.get("type")
            bad = list(
                _selector_type(given, place, "type", more=("simple", "regex"), without=("jsonpointer",))
            )
            yield from bad
            if bad:
                continue
            kind = selector_type(given or "simple")
            context = criterion.get("context")
            if context is None and kind != "simple":
                yield DocumentProblem(
                    join(place), f"a criterion of the type `{kind.partition(' ')[0]}` needs `context`"
                )
            elif context is not None and parse_reference(context) is None:
                yield DocumentProblem(join((*place, "context")), f"`{context[:80]}` is not an expression")
            problem = problem_of(criterion["condition"], kind)
            if problem:
                yield DocumentProblem(
                    join((*place, "condition")), f"`{criterion['condition'][:80]}`: {problem}"
                )
            yield from self._expressions(criterion, place, names)

    def _outputs(
        self, outputs: Any, here: tuple[str | int, ...], names: Sequence[str]
    ) -> Iterator[DocumentProblem]:
        for name, source in dict_or_empty(outputs).items():
            place = (*here, name)
            if isinstance(source, dict) and self._document.has_selectors and is_selector(source):
                yield from _selector_type(source["type"], place, "type")
                yield from self._expressions(source["context"], (*place, "context"), names)
            elif not isinstance(source, str) or parse_reference(source) is None:
                yield DocumentProblem(
                    join(place), f"the output `{name}` is not an expression{_pointer_hint(source)}"
                )
            else:
                yield from self._expressions(source, place, names)

    def _expressions(
        self, value: Any, here: tuple[str | int, ...], names: Sequence[str] | None
    ) -> Iterator[DocumentProblem]:
        """Yield an error for each expression that refers to a step, workflow or source that does not exist."""
        for reference in references_in(value):
            kind, given = reference.kind, reference.names
            if kind == "steps" and names is not None and given[0] not in names:
                yield DocumentProblem(
                    join(here), f"`{reference.text}`: there is no step `{given[0]}`{_near(given[0], names)}"
                )
            elif kind == "workflows" and given[0] not in self._document.workflows:
                yield DocumentProblem(join(here), f"`{reference.text}`: there is no workflow `{given[0]}`")
            elif kind == "sourceDescriptions" and given[0] not in self._document.sources:
                yield DocumentProblem(join(here), f"`{reference.text}`: there is no source `{given[0]}`")

    def _circles(self) -> Iterator[DocumentProblem]:
        names = list(self._document.workflows)
        waiting = {
            name: {other for other in list_or_empty(workflow.get("dependsOn")) if other in names}
            for name, workflow in self._document.workflows.items()
        }
        for name in _in_circle(waiting):
            yield DocumentProblem(
                f"/workflows/{names.index(name)}/dependsOn", f"the workflow `{name}` depends on itself"
            )


def _selector_type(
    given: Any,
    here: tuple[str | int, ...],
    key: str = "targetSelectorType",
    *,
    more: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
) -> Iterator[DocumentProblem]:
    if given is None:
        return
    known = [*more, *(name for name in VERSIONS if name not in without)]
    place = join((*here, key))
    if isinstance(given, str):
        if given not in known:
            yield DocumentProblem(place, f"`{key}` must be one of {', '.join(known)}")
    elif not isinstance(given, dict) or given.get("type") not in VERSIONS or given["type"] in without:
        yield DocumentProblem(
            place, f"`{key}` must be one of {', '.join(known)}, or an object with `type` and `version`"
        )
    elif given.get("version") not in VERSIONS[given["type"]]:
        yield DocumentProblem(place, f"`version` must be one of {', '.join(VERSIONS[given['type']])}")


def _pointer_hint(source: Any) -> str:
    """Return the hint to write a JSON Pointer instead of dots; empty if that is not the mistake."""
    if isinstance(source, str) and source.startswith(("$response.body.", "$request.body.")):
        message, _, path = source.partition(".body.")
        return f"; write `{message}.body#/{path.replace('.', '/')}`"
    return ""


def _near(name: str, known: Any) -> str:
    hint = did_you_mean(near_names(name, list(known)))
    return f". {hint}" if hint else ""


def _twice(names: Sequence[str], here: tuple[str | int, ...], key: str) -> Iterator[DocumentProblem]:
    seen = set()
    for index, name in enumerate(names):
        if name in seen:
            yield DocumentProblem(join((*here, index, key)), f"`{name}` is not unique")
        seen.add(name)


def _in_circle(waiting: Mapping[str, set[str]]) -> Iterator[str]:
    """Yield the first name of each circle of names that wait for each other."""
    left = {name: set(needed) for name, needed in waiting.items()}
    while ready := [name for name, needed in left.items() if not needed & left.keys()]:
        for name in ready:
            del left[name]
    for name, needed in left.items():
        reached, frontier = set[str](), needed & left.keys()
        while frontier:
            reached |= frontier
            frontier = {further for item in frontier for further in left[item] if further in left} - reached
        if name in reached:
            yield name
            return
