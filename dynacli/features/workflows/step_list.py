"""The steps that a workflow can reach, checked before the first request: credentials, policy and known values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.client.call import Call
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallInputs, CallValues
from dynacli.client.inputs.collect_values import collect_parameters
from dynacli.client.policy.policy_rules import only_reads
from dynacli.errors import DocumentError, DynacliError
from dynacli.features.workflows.arazzo_document import ArazzoDocument
from dynacli.features.workflows.scope import RunScope
from dynacli.features.workflows.sources import ApiSource, WorkflowSources
from dynacli.features.workflows.step_call import build_call, declared_parameter, unknown_references
from dynacli.openapi.document.json_trees import list_or_empty
from dynacli.openapi.model.wording import did_you_mean, enumerated, near_names
from dynacli.record import replace


class ReachedStep(NamedTuple):
    """A step that a workflow can reach.

    Args:
        document: Its document.
        workflow: The id of its workflow.
        step: The Step Object.
        source: The API of its operation; None for a step that runs a workflow.
        described: Its operation; None for a step that runs a workflow.
    """

    document: ArazzoDocument
    workflow: str
    step: Mapping[str, Any]
    source: ApiSource | None
    described: DescribedOperation | None

    @property
    def title(self) -> tuple[str, str]:
        """The method and the name of its operation, or `workflow` and the name of the workflow."""
        if self.described is None:
            return "workflow", str(self.step["workflowId"])
        return self.described.operation.method, self.described.operation.name

    @property
    def changes_something(self) -> bool:
        """Whether its operation may change something."""
        if self.source is None or self.described is None:
            return False
        return not only_reads(self.source.settings.policy, self.source.api.catalog, self.described.operation)


def reached_steps(sources: WorkflowSources, document: ArazzoDocument, name: str) -> list[ReachedStep]:
    """Return the steps of a workflow and of all workflows that it can run, each once.

    Raises:
        DocumentError: A workflow or an operation does not exist. The error names the step.
    """
    found: list[ReachedStep] = []
    left, seen = [(document, name)], set[tuple[str, str]]()
    while left:
        document, name = left.pop(0)
        if (document.name, name) in seen:
            continue
        seen.add((document.name, name))
        workflow = document.workflows[name]
        for step in document.steps_of(workflow):
            source = described = None
            try:
                if "workflowId" not in step:
                    source, described = sources.operation(document, step)
                left += [
                    sources.workflow(document, other) for other in _workflows_of(document, workflow, step)
                ]
            except DynacliError as error:
                error.details.setdefault("step", step["stepId"])
                raise
            found.append(ReachedStep(document, name, step, source, described))
        left += [sources.workflow(document, other) for other in list_or_empty(workflow.get("dependsOn"))]
    return found


def _workflows_of(
    document: ArazzoDocument, workflow: Mapping[str, Any], step: Mapping[str, Any]
) -> Iterator[str]:
    """Yield the references to the workflows that a step and its actions run."""
    actions = [
        action
        for is_success in (True, False)
        for action in document.actions_of(workflow, step, is_success=is_success)
    ]
    for owner in (step, *actions):
        if "workflowId" in owner:
            yield owner["workflowId"]


def prepared_step(reached: ReachedStep, scope: RunScope) -> tuple[Call | None, list[str]]:
    """Return the call of a step that can be built, or None and the expressions that it waits for.

    The operation is checked in any case: its policy, its credential, and the values that are known.

    Args:
        scope: The values that are known before the first request.

    Raises:
        DynacliError: The call cannot be made, whatever the unknown values are.
    """
    source, described = reached.source, reached.described
    if source is None or described is None:
        return None, []
    parameters = reached.document.parameters_of(reached.document.workflows[reached.workflow], reached.step)
    _check_inputs(described, parameters, reached.step)
    unknown = [reference.text for reference in unknown_references(parameters, reached.step, scope)]
    engine, settings = source.engine, source.settings
    try:
        if not unknown:
            built = build_call(described, settings, parameters, reached.step, scope)
            return engine.prepare(built.described, built.inputs, built.settings), []
        known = [parameter for parameter in parameters if not unknown_references([parameter], {}, scope)]
        settings.asking_later().permit(described)
        given = build_call(described, settings, known, {}, scope)
    except ValueError as error:
        raise DocumentError(
            f"The step `{reached.step['stepId']}` cannot be built", reason=str(error)
        ) from error
    # Examples replace unknown values, and are not validated.
    with_examples = replace(given.inputs, wants_example=True)
    values, missing = collect_parameters(described, with_examples, is_strict=False)
    if not missing:
        engine.prepare(described, CallValues(values), replace(given.settings, level="off"))
    return None, unknown


def _check_inputs(
    described: DescribedOperation, parameters: list[dict[str, Any]], step: Mapping[str, Any]
) -> None:
    """Check that a step gives each required input of its operation, and declared path parameters only.

    Raises:
        DocumentError: The step does not fit the operation.
    """
    given: dict[tuple[str, str], Any] = {}
    for parameter in parameters:
        declared = declared_parameter(described, parameter["in"], parameter["name"])
        if declared is not None:
            given[declared.key] = parameter["value"]
        elif parameter["in"] == "path":
            names = [known.name for known in described.operation.parameters if known.location == "path"]
            raise DocumentError(
                f"The step `{step['stepId']}` does not fit `{described.operation.name}`",
                reason=f"It has no path parameter `{parameter['name']}`",
                hint=did_you_mean(near_names(parameter["name"], names)),
            )
    missing = collect_parameters(described, CallInputs(given), is_strict=False)[1]
    body = described.operation.body
    if body is not None and body.is_required and "requestBody" not in step:
        missing.append("a body")
    if missing:
        raise DocumentError(
            f"The step `{step['stepId']}` does not fit `{described.operation.name}`",
            reason=f"The operation needs {enumerated(missing)}, which the step does not give",
            hint="Add it to `parameters` or `requestBody`",
        )
