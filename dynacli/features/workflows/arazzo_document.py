"""An Arazzo document: its bytes, its workflows, and the objects that they refer to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

from dynacli.environment import Environment
from dynacli.errors import DocumentError
from dynacli.features.workflows.expressions import parse_reference, references_in
from dynacli.openapi.document.fetch import fetch
from dynacli.openapi.document.json_trees import MISSING, dict_or_empty, follow, list_or_empty
from dynacli.openapi.document.parse import parse_file
from dynacli.openapi.document.positions import positions_of
from dynacli.openapi.document.source import Source, parse_source

_VERSION = re.compile(r"1\.([01])\.\d+(?:-[\w.-]+)?")
OPENAPI, ARAZZO, ASYNCAPI = "openapi", "arazzo", "asyncapi"
"""Types of source descriptions."""


class ArazzoDocument:
    """An Arazzo document.

    Attributes:
        source: Where it was read from.
        tree: Its content.

    Args:
        content: Its bytes in UTF-8.
    """

    def __init__(self, source: Source, tree: dict[str, Any], content: bytes) -> None:
        self.source, self.tree, self._content = source, tree, content

    @property
    def name(self) -> str:
        """Its name in messages."""
        return self.source.label

    @property
    def has_selectors(self) -> bool:
        """Whether it may have Selector Objects, which are new in 1.1."""
        found = _VERSION.fullmatch(str(self.tree.get("arazzo")))
        return found is None or found[1] != "0"

    @property
    def base(self) -> str:
        """The URI from which relative URLs start: `$self`, or else the URI of the file."""
        from dynacli.urls import join_url

        own = self.tree.get("$self")
        if not isinstance(own, str) or not own:
            return self.source.uri
        return join_url(self.source.uri, own) if self.source.uri else own

    @cached_property
    def workflows(self) -> dict[str, dict[str, Any]]:
        """Id → Workflow Object, in the order of the document."""
        listed = list_or_empty(self.tree.get("workflows"))
        return {str(item.get("workflowId")): item for item in listed if isinstance(item, dict)}

    @cached_property
    def sources(self) -> dict[str, dict[str, Any]]:
        """Name → Source Description Object, in the order of the document."""
        listed = list_or_empty(self.tree.get("sourceDescriptions"))
        return {str(item.get("name")): item for item in listed if isinstance(item, dict)}

    def source_field(self, name: str, field: str) -> Any:
        """Return a field of a source description, or `MISSING`."""
        return self.sources.get(name, {}).get(field, MISSING)

    def api_sources(self) -> list[str]:
        """Return the names of the sources that describe operations."""
        return [name for name, source in self.sources.items() if source.get("type", OPENAPI) != ARAZZO]

    def followed(self, item: Any) -> Any:
        """Return an object, or the component that a Reusable Object refers to, with its own value.

        An object that does not exist is returned as it is.
        """
        if not isinstance(item, dict) or "reference" not in item:
            return item
        reference = parse_reference(item["reference"])
        if reference is None or reference.kind != "components":
            return item
        found = follow(self.tree, ("components", *reference.names))
        if not isinstance(found, dict):
            return item
        return {**found, "value": item["value"]} if "value" in item else found

    def steps_of(self, workflow: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the steps of a workflow in the order of their dependencies, and else of the document."""
        steps = {str(step["stepId"]): step for step in list_or_empty(workflow.get("steps"))}
        # A step that others need has their number of missing steps lowered when it is placed.
        needs = {name: needed_steps(step) & steps.keys() - {name} for name, step in steps.items()}
        missing = {name: len(needed) for name, needed in needs.items()}
        needed_by: dict[str, list[str]] = {}
        for name, needed in needs.items():
            for other in needed:
                needed_by.setdefault(other, []).append(name)
        positions = {name: position for position, name in enumerate(steps)}
        ready = [(positions[name], name) for name in steps if not missing[name]]
        ordered = []
        while ready:
            _, name = heappop(ready)
            ordered.append(steps[name])
            for other in needed_by.get(name, ()):
                missing[other] -= 1
                if not missing[other]:
                    heappush(ready, (positions[other], other))
        return ordered

    def parameters_of(self, workflow: Mapping[str, Any], step: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the parameters of a step: its own, and parameters of the workflow that it does not override."""
        merged: dict[tuple[str, str], dict[str, Any]] = {}
        for item in (*list_or_empty(workflow.get("parameters")), *list_or_empty(step.get("parameters"))):
            parameter = self.followed(item)
            location, name = str(parameter.get("in", "")), str(parameter["name"])
            merged[location, name.lower() if location == "header" else name] = parameter
        return list(merged.values())

    def actions_of(
        self, workflow: Mapping[str, Any], step: Mapping[str, Any], *, is_success: bool
    ) -> list[dict[str, Any]]:
        """Return the actions after a step: its own, then actions of the workflow with other names."""
        own_key, shared_key = (
            ("onSuccess", "successActions") if is_success else ("onFailure", "failureActions")
        )
        own = [self.followed(item) for item in list_or_empty(step.get(own_key))]
        names = {action["name"] for action in own}
        shared = [self.followed(item) for item in list_or_empty(workflow.get(shared_key))]
        return [*own, *(action for action in shared if action["name"] not in names)]

    def lines_of(self, pointers: Iterable[str]) -> dict[str, int]:
        """Return pointer → line, for pointers into the document."""
        return {pointer: place.line for pointer, place in positions_of(self._content, pointers).items()}


def needed_steps(step: Mapping[str, Any]) -> set[str]:
    """Return the steps that must come before a step: in its `dependsOn`, and in its references to outputs."""
    named = {name for name in list_or_empty(step.get("dependsOn")) if isinstance(name, str)}
    parts = [step.get(key) for key in ("parameters", "requestBody", "successCriteria", "outputs")]
    used = {reference.names[0] for reference in references_in(parts) if reference.kind == "steps"}
    return named | used


def read_arazzo(env: Environment, word: str) -> ArazzoDocument:
    """Return the Arazzo document at a path or URL, or on standard input.

    Raises:
        DocumentError: The document cannot be read, or is not an Arazzo document.
        UsageError: The URL is malformed.
        NetworkError: The connection failed.
    """
    source = parse_source(word, Path.cwd())
    return _document_of(source, fetch(source, env).content)


def _document_of(source: Source, content: bytes) -> ArazzoDocument:
    """Return the Arazzo document of some bytes.

    Raises:
        DocumentError: The bytes are not an Arazzo document of a supported version.
    """
    parsed = parse_file(content, name=source.label)
    tree = parsed.tree
    if not isinstance(tree, dict) or "arazzo" not in tree:
        raise DocumentError(
            f"`{source.label}` is not an Arazzo document",
            reason="It has no field `arazzo`",
            hint="A workflow is described by Arazzo 1.0 or 1.1",
        )
    if not _VERSION.fullmatch(str(tree["arazzo"])):
        raise DocumentError(
            f"`{source.label}` has an unsupported version of Arazzo",
            reason=f"`arazzo` is `{str(tree['arazzo'])[:40]}`, and dynacli supports 1.0 and 1.1",
        )
    return ArazzoDocument(source, tree, parsed.content)


def inputs_document(document: ArazzoDocument) -> dict[str, Any]:
    """Return an OpenAPI document with an operation for each workflow, whose body has the inputs of the workflow.

    So dynacli reads and validates the options of a workflow like the options of an operation.
    """
    paths: dict[str, Any] = {}
    for name, workflow in document.workflows.items():
        operation: dict[str, Any] = {
            "operationId": name,
            **{
                key: workflow[key] for key in ("summary", "description") if isinstance(workflow.get(key), str)
            },
            "responses": {"200": {"description": "The outputs of the workflow"}},
        }
        if "inputs" in workflow:
            content = {"application/json": {"schema": workflow["inputs"]}}
            operation["requestBody"] = {"required": True, "content": content}
        paths[f"/{len(paths)}"] = {"post": operation}
    info = dict_or_empty(document.tree.get("info"))
    schemas = dict_or_empty(dict_or_empty(document.tree.get("components")).get("inputs"))
    return {
        "openapi": "3.1.0",
        "info": {"title": str(info.get("title", "")), "version": str(info.get("version", ""))},
        "servers": [{"url": "http://workflow.invalid"}],
        "paths": paths,
        # Schemas refer to `#/components/inputs/NAME`.
        **({"components": {"inputs": schemas}} if schemas else {}),
    }
