"""The workflows of a document as tools of an MCP server: their schemas, and runs without a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, NamedTuple

from dynacli.client.call_settings import CallSettings
from dynacli.client.engine.call_engine import Engine, MadeCall
from dynacli.client.inputs.call_inputs import TypedWords
from dynacli.client.live_demo import live_demo
from dynacli.environment import Environment
from dynacli.errors import UsageError
from dynacli.features.workflows.arazzo_document import read_arazzo
from dynacli.features.workflows.run_workflow import StepEnd, WorkflowRun, with_defaults
from dynacli.features.workflows.scope import RunScope
from dynacli.features.workflows.sources import ApiSource, WorkflowSources
from dynacli.features.workflows.step_call import BuiltCall, read_step_response
from dynacli.features.workflows.step_list import prepared_step, reached_steps
from dynacli.features.workflows.validate_document import check_arazzo
from dynacli.features.workflows.workflow_inputs import InputsCheck
from dynacli.http.exchange import ClientPool
from dynacli.openapi.document.json_trees import dict_or_empty
from dynacli.openapi.references import reference_of, reference_to
from dynacli.options.standard_options import Options
from dynacli.registry.configuration import DEMO
from dynacli.registry.open_by_name import open_named_api
from dynacli.registry.opened_api import OpenedApi

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_REFERENCE = "#/components/inputs/"
_MOST_SECONDS = 600.0


class OfferedWorkflow(NamedTuple):
    """A workflow that a client may run.

    Args:
        name: Its id.
        summary: The text of the document about it.
        schema: The JSON Schema of its inputs, without references to the document.
        is_read_only: Whether each step that it can reach is read-only.
    """

    name: str
    summary: str
    schema: dict[str, Any]
    is_read_only: bool


class OfferedWorkflows:
    """The workflows of an Arazzo document for a server. Each run opens its APIs again.

    Args:
        file: The path or URL of the document.
        options: The options of all calls, with the conditions for them.
        taken: Names that no workflow may have.

    Raises:
        DynacliError: The document or a source cannot be read, or is invalid.
        UsageError: A workflow has a name that no tool can have.
    """

    def __init__(
        self, env: Environment, file: str, options: Options, *, is_writing: bool, taken: frozenset[str]
    ) -> None:
        self._env, self._options = env, options
        self._document = read_arazzo(env, file)
        check_arazzo(self._document)
        self.offered: dict[str, OfferedWorkflow] = {}
        with closing(self._sources(ClientPool())) as sources:
            for name, workflow in self._document.workflows.items():
                if name in taken or not _NAME.fullmatch(name):
                    raise UsageError(
                        f"The workflow `{name[:64]}` cannot be offered",
                        reason="A tool has this name"
                        if name in taken
                        else "The name of a tool has at most 64 letters, digits, `-` and `_`",
                    )
                steps = reached_steps(sources, self._document, name)
                is_read_only = not any(step.changes_something for step in steps)
                if is_read_only or is_writing:
                    texts = (workflow.get("summary"), workflow.get("description"))
                    summary = next((text for text in texts if isinstance(text, str) and text.strip()), "")
                    self.offered[name] = OfferedWorkflow(name, summary, self._schema(name), is_read_only)

    def _schema(self, name: str) -> dict[str, Any]:
        schema = _without_references(self._document.workflows[name].get("inputs"))
        shared = dict_or_empty(dict_or_empty(self._document.tree.get("components")).get("inputs"))
        definitions = {"$defs": _without_references(shared)} if shared else {}
        return {"type": "object", "properties": {}, **dict_or_empty(schema), **definitions}

    def _sources(self, clients: ClientPool) -> WorkflowSources:
        def engine(settings: CallSettings) -> Engine:
            return Engine(self._env, settings, clients=clients)

        return WorkflowSources(self._env, self._options, self._opened, engine, {})

    @contextmanager
    def _opened(self, word: str) -> Iterator[OpenedApi]:
        api = open_named_api(word, self._env)
        try:
            if word == DEMO:
                with live_demo(self._env, api) as (live, _):
                    yield live
            else:
                yield api
        finally:
            api.catalog.close()

    def run(
        self, name: str, given: Mapping[str, Any], clients: ClientPool
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Run a workflow, and return its outputs and its steps.

        Args:
            given: Input → value.
            clients: The HTTP clients of the calls.

        Raises:
            DynacliError: The workflow failed. Its details name the step and the steps that succeeded.
        """
        inputs = with_defaults(self._document, name, given)
        done: list[dict[str, Any]] = []

        def note(end: StepEnd) -> None:
            done.append({"step": end.step, "status": end.status, "success": end.is_success})

        with closing(self._sources(clients)) as sources, closing(InputsCheck(self._env)) as check_inputs:
            check_inputs(self._document, name, inputs)
            for step in reached_steps(sources, self._document, name):
                is_first = (step.document, step.workflow) == (self._document, name)
                if step.source is not None and step.described is not None:
                    step.source.settings.permit(step.described)
                prepared_step(step, RunScope(step.document, inputs if is_first else {}, {}))
            workflow_run = WorkflowRun(
                sources, _make_call, check_inputs=check_inputs, on_step=note, seconds=_MOST_SECONDS
            )
            ended = workflow_run.run(self._document, name, inputs)
        if ended.error is not None:
            raise ended.error
        return dict(ended.outputs), done


def _make_call(source: ApiSource, built: BuiltCall, seconds: float | None, step: str) -> MadeCall:  # noqa: ARG001
    engine = source.engine.remembering(TypedWords())
    made, error = None, None
    try:
        made = engine.make(*built, seconds=seconds, receive=read_step_response)
    except BaseException as failure:
        error = failure
        raise
    finally:
        if engine.latest is not None:
            described = engine.latest.described
            engine.record_end(
                [described.api.name, described.operation.name],
                error,
                made.response if made is not None else None,
            )
    return made


def _without_references(value: Any) -> Any:
    """Return a schema whose references to inputs of the document refer to `$defs`."""
    if isinstance(value, list):
        return [_without_references(item) for item in value]
    if not isinstance(value, dict):
        return value
    copy = {key: _without_references(member) for key, member in value.items()}
    reference = reference_of(copy)
    if reference is not None and reference.startswith(_REFERENCE):
        copy |= reference_to(f"#/$defs/{reference.removeprefix(_REFERENCE)}")
    return copy
