"""What the error of a wrong call says besides: the operation's card, and arguments of `call` that work."""

from collections.abc import Mapping
from typing import Any

from dynacli.client.cards.operation_card import operation_card
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import collect_values
from dynacli.client.inputs.read_plain_inputs import read_given
from dynacli.errors import DynacliError, UsageError
from dynacli.library.opened_api import OpenedApi
from dynacli.mcp_server.byte_budget import json_line
from dynacli.mcp_server.example_inputs import example_inputs

__all__ = ["teach"]


def teach(error: UsageError, api: OpenedApi, operation: str, inputs: Mapping[str, Any], profile: str) -> None:
    """Add to an error about a known operation what leads to a call that works.

    Args:
        operation: The name that was asked for.
        inputs: Those that were given.
        profile: The profile whose credentials count; empty for none.
    """
    name = api.catalog.find(operation)
    if name is None:
        return
    error.details["card"] = operation_card(api, name, profile=profile).as_json()
    described = DescribedOperation(api, api.catalog.operation(name)).sending("")
    corrected = _corrected(described, inputs)
    if corrected is not None and corrected != dict(inputs):
        arguments = {"api": api.name, "operation": name, "inputs": corrected}
        error.suggestion = f"call {json_line(arguments)}"


def _corrected(described: DescribedOperation, inputs: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the inputs that fit, with examples of what else is needed; None where that does not make a call."""
    fitting = {key: value for key, value in inputs.items() if _is_read(described, {key: value})}
    corrected = {**example_inputs(described), **fitting}
    try:
        collect_values(*read_given(described, corrected), is_strict=True)
    except DynacliError:
        return None
    return corrected


def _is_read(described: DescribedOperation, inputs: dict[str, Any]) -> bool:
    try:
        read_given(described, inputs)
    except DynacliError:
        return False
    return True
