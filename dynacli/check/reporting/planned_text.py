"""The plan of a check, for `--dry-run`: what would be called, with which values from where."""

from collections.abc import Sequence
from typing import Any

from dynacli.auth.secret import MASK
from dynacli.check.check_records import InputValue
from dynacli.check.planning.plan_calls import OperationPlan
from dynacli.check.planning.resource_chains import ResourceChain
from dynacli.check.reporting.results import is_secret, planned_values
from dynacli.client.described_operation import DescribedOperation
from dynacli.model.operation import Operation
from dynacli.schema.example_call import option_text
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import wrapped

__all__ = ["plan_rows", "plan_text"]

Plans = list[tuple[DescribedOperation, OperationPlan]]


def plan_rows(
    plans: Plans, sources: dict[str, tuple[str, ...]], chains: Sequence[ResourceChain] = ()
) -> list[dict[str, Any]]:
    """Return an object for each operation.

    Args:
        sources: Operation → those whose answers may give better values once they are there.
        chains: What is created, read, changed and removed one after the other; an object for each.
    """
    rows: list[dict[str, Any]] = [
        {
            "operation": described.operation.name,
            "method": described.operation.method,
            "path": described.operation.path,
            "skipped": calls.skip_reason or None,
            "fed_by": list(sources.get(described.operation.name, ())),
            "calls": [{"values": planned_values(described.operation, one)} for one in calls.calls],
        }
        for described, calls in plans
    ]
    rows.extend({"chain": _steps(one), "path": one.item_path} for one in chains)
    return rows


def plan_text(
    plans: Plans,
    sources: dict[str, tuple[str, ...]],
    chains: Sequence[ResourceChain],
    paint: Painter,
    width: int,
) -> str:
    """Return the plan for a person."""
    lines = []
    for described, calls in plans:
        operation = described.operation
        name, path = visible(operation.name, keep=""), visible(operation.path, keep="")
        lines.append(f"{paint.cyan(name)}  {operation.method} {path}")
        if calls.skip_reason:
            lines.extend(f"  {line}" for line in wrapped(f"not called: {calls.skip_reason}", width - 2))
        fed = sources.get(operation.name, ())
        if fed:
            told = f"values from answers of {', '.join(fed)}, once they are there; else"
            lines.extend(f"  {paint.dim(line)}" for line in wrapped(visible(told), width - 2))
        for one in calls.calls:
            told = ", ".join(_told(operation, value) for value in one.values) or "no values"
            lines.extend(f"  {line}" for line in wrapped(f"- {visible(told, keep='')}", width - 2))
    for chain in chains:
        lines.extend(wrapped(visible(f"{' -> '.join(_steps(chain))}  at {chain.item_path}", keep=""), width))
    count = sum(len(calls.calls) for _, calls in plans)
    lines.append("")
    lines.extend(wrapped(f"Planned: {count} calls of {len(plans)} operations; nothing was sent", width))
    return "\n".join(lines)


def _steps(chain: ResourceChain) -> list[str]:
    return [one for one in (chain.create, chain.read, *chain.updates, chain.delete) if one]


def _told(operation: Operation, value: InputValue) -> str:
    text = MASK if is_secret(operation, value) else option_text(value.value)
    return f"{value.name} = {text} ({value.shown_origin})"
