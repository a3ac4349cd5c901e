"""The inputs of workflows, as bodies of operations: so dynacli reads, describes and validates both in the same way."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.links.linked_operation import linked_operation
from dynacli.environment import Environment
from dynacli.errors import UsageError
from dynacli.features.workflows.arazzo_document import ArazzoDocument, inputs_document

if TYPE_CHECKING:
    from dynacli.registry.opened_api import OpenedApi


@contextmanager
def opened_inputs(env: Environment, document: ArazzoDocument) -> Iterator[OpenedApi]:
    """Open the document whose operations have the inputs of the workflows."""
    from dynacli.openapi.document.fetched import Fetched
    from dynacli.registry.revise import open_content

    content = json.dumps(inputs_document(document)).encode()
    api = open_content("workflow", Fetched(content), "the inputs of the workflow", env)
    try:
        yield api
    finally:
        api.catalog.close()


def operation_of_inputs(api: OpenedApi, name: str) -> DescribedOperation:
    """Return the operation with the inputs of a workflow.

    Raises:
        UsageError: Their schema is invalid.
    """
    found = linked_operation(api.catalog, {"operationId": name}, "")
    if found is None:
        raise UsageError(
            f"The inputs of the workflow `{name}` cannot be read", reason="Their schema is invalid"
        )
    return DescribedOperation(api, api.catalog.operation(found)).sending("")


class InputsCheck:
    """Validates the inputs of the workflows that other workflows run."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._stack = ExitStack()
        self._apis: dict[str, OpenedApi] = {}
        self._engine = Engine(env, CallSettings())

    def close(self) -> None:
        """Close the documents."""
        self._stack.close()

    def __call__(self, document: ArazzoDocument, name: str, inputs: Mapping[str, Any]) -> None:
        """Check the inputs of a workflow against their schema.

        Raises:
            UsageError: An input is missing or invalid.
        """
        if "inputs" not in document.workflows[name]:
            return
        if document.name not in self._apis:
            self._apis[document.name] = self._stack.enter_context(opened_inputs(self._env, document))
        described = operation_of_inputs(self._apis[document.name], name)
        content = json.dumps(inputs, default=str).encode()
        try:
            self._engine.prepare(described, CallInputs({}, body=content), is_signed=False)
        except UsageError as error:
            findings = error.details.get("findings") or ()
            listed = "; ".join(f"{finding['pointer']}: {finding['message']}" for finding in findings)
            raise UsageError(
                f"The inputs of the workflow `{name}` are invalid",
                reason=listed or error.reason or error.message,
                hint="The step or action that runs it gives them in `parameters`",
            ) from error
