"""The plan of a check, for `--dry-run`: what would be called, with which values from where."""

from collections.abc import Mapping, Sequence
from typing import Any

from dynacli.auth.secret import MASK
from dynacli.check._call_planner import OperationPlan
from dynacli.check.check_records import CheckedOperation, InputValue
from dynacli.check.planning.resource_chains import ResourceChain
from dynacli.check.reporting.check_results import is_secret, planned_values
from dynacli.openapi.model.operation import Operation
from dynacli.openapi.schema.example_call import option_text
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import wrapped

__all__ = ["plan_of_left_out", "plan_rows", "plan_text"]

_Plans = Sequence[tuple[Operation, OperationPlan]]
_Sources = Mapping[str, Sequence[str]]
"""Operation → the operations whose answers may give better values once they are there."""
_Probes = Mapping[str, Sequence[str]]
"""Operation → the kinds of its probes."""
_PROBE_TEXTS = {
    "method": "TRACE or OPTIONS for its path",
    "credentials": "the same without a credential",
    "request": "the same with a value that is not allowed",
}


def plan_of_left_out(checked: CheckedOperation) -> tuple[Operation, OperationPlan]:
    """Return an operation that is left out as the plan shows it."""
    return checked.operation, OperationPlan(skip_reason=checked.skip_reason)


def plan_rows(
    plans: _Plans, sources: _Sources, chains: Sequence[ResourceChain], probes: _Probes
) -> list[dict[str, Any]]:
    """Return an object for each operation, then one for each chain."""
    rows: list[dict[str, Any]] = [
        {
            "operation": operation.name,
            "method": operation.method,
            "path": operation.path,
            "skipped": plan.skip_reason or None,
            "fed_by": list(sources.get(operation.name, ())),
            "calls": [{"values": planned_values(operation, planned)} for planned in plan.calls],
            "probes": list(probes.get(operation.name, ())),
        }
        for operation, plan in plans
    ]
    rows.extend({"chain": list(chain.steps), "path": chain.item_path} for chain in chains)
    return rows


def plan_text(
    plans: _Plans,
    sources: _Sources,
    chains: Sequence[ResourceChain],
    probes: _Probes,
    paint: Painter,
    width: int,
) -> str:
    """Return the plan for a person."""
    lines = []
    for operation, plan in plans:
        name, path = visible(operation.name, keep=""), visible(operation.path, keep="")
        lines.append(f"{paint.cyan(name)}  {operation.method} {path}")
        if plan.skip_reason:
            lines.extend(f"  {line}" for line in wrapped(f"not called: {plan.skip_reason}", width - 2))
        if sources.get(operation.name):
            text = f"values from answers of {', '.join(sources[operation.name])}, once they are there; else"
            lines.extend(f"  {paint.dim(line)}" for line in wrapped(visible(text), width - 2))
        for planned in plan.calls:
            text = ", ".join(_value_text(operation, value) for value in planned.values) or "no values"
            lines.extend(f"  {line}" for line in wrapped(f"- {visible(text, keep='')}", width - 2))
        if probes.get(operation.name):
            text = f"probes: {'; '.join(_PROBE_TEXTS[kind] for kind in probes[operation.name])}"
            lines.extend(f"  {line}" for line in wrapped(f"- {text}", width - 2))
    for chain in chains:
        text = f"{' -> '.join(chain.steps)}  at {chain.item_path}"
        lines.extend(wrapped(visible(text, keep=""), width))
    count = sum(len(plan.calls) for _, plan in plans)
    lines.append("")
    most = sum(map(len, probes.values()))
    more = f", and at most {most} probes" if most else ""
    lines.extend(wrapped(f"Planned: {count} calls of {len(plans)} operations{more}; nothing was sent", width))
    return "\n".join(lines)


def _value_text(operation: Operation, value: InputValue) -> str:
    text = MASK if is_secret(operation, value) else option_text(value.value)
    return f"{value.name} = {text} ({value.shown_origin})"
