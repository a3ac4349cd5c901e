"""`dynacli workflow`: runs, lists and validates the workflows of an Arazzo document."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import click

from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine, MadeCall
from dynacli.client.inputs.call_inputs import TypedWords
from dynacli.client.operation_description import OperationDescription
from dynacli.commands.call.make_call import TerminalListener, asker, read_inputs
from dynacli.commands.command_groups import TableCommand, show_page
from dynacli.commands.demo_api import opened_api
from dynacli.commands.help_pages.operation_help import body_help
from dynacli.commands.operation_table import OperationTable
from dynacli.commands.read_line import CommandLine
from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import DocumentError, DynacliError, RefusedError, UsageError
from dynacli.features.workflows.arazzo_document import ArazzoDocument, read_arazzo
from dynacli.features.workflows.expressions import text_of
from dynacli.features.workflows.mocked_sources import MockedSources
from dynacli.features.workflows.run_report import RunReport
from dynacli.features.workflows.run_workflow import StepEnd, WorkflowRun, with_defaults
from dynacli.features.workflows.scope import RunScope
from dynacli.features.workflows.sources import ApiSource, WorkflowSources
from dynacli.features.workflows.step_call import BuiltCall, read_step_response
from dynacli.features.workflows.step_list import ReachedStep, prepared_step, reached_steps
from dynacli.features.workflows.validate_document import (
    check_arazzo,
    invalid_document,
    located_problems,
    problems_of,
)
from dynacli.features.workflows.workflow_inputs import InputsCheck, opened_inputs, operation_of_inputs
from dynacli.http.exchange import ClientPool
from dynacli.http.semantics import SAFE_METHODS, is_json
from dynacli.openapi.model.wording import counted, did_you_mean, enumerated, near_names
from dynacli.output.render import is_for_people, write_data
from dynacli.output.standard_error import write_stderr
from dynacli.record import replace
from dynacli.text.terminal import Painter, terminal_width, visible
from dynacli.text.wrapping import wrapped

if TYPE_CHECKING:
    from dynacli.client.call import Call
    from dynacli.http.built_request import Request
    from dynacli.registry.opened_api import OpenedApi


@click.pass_obj
def list_workflows(run: Run, file: str) -> None:
    """Run `workflow list`."""
    document = _read(run, file)
    check_arazzo(document)
    listed = [
        {
            "workflowId": name,
            "summary": workflow.get("summary"),
            "inputs": workflow.get("inputs"),
        }
        for name, workflow in document.workflows.items()
    ]
    run.note_quotes()
    with opened_inputs(run.env, document) as api:
        described = {name: operation_of_inputs(api, name) for name in document.workflows}

        def text(_: Painter, width: int) -> str:
            lines = []
            for item in listed:
                name = str(item["workflowId"])
                lines.append(visible(name, keep=""))
                if item["summary"]:
                    lines += [
                        f"  {line}" for line in wrapped(visible(f'"{item["summary"]}"', keep=""), width - 2)
                    ]
                fields = described[name].media_type
                for field in fields.fields if fields is not None else ():
                    required = " (required)" if field.is_required else ""
                    lines.append(f"  --{visible(field.option, keep='')} {field.value.type.upper()}{required}")
            return "\n".join(lines) + "\n"

        write_data(run.env, listed, run.data_format, text)


@click.pass_obj
def validate_workflows(run: Run, file: str) -> None:
    """Run `workflow validate`."""
    document = _read(run, file)
    located = located_problems(document, problems_of(document))
    form = run.data_format
    if not is_for_people(form):
        write_data(run.env, {"valid": not located, "errors": located}, form)
    elif not located:
        steps = sum(len(workflow["steps"]) for workflow in document.workflows.values())
        workflows = counted(len(document.workflows), "workflow")
        write_data(
            run.env,
            None,
            form,
            lambda *_: f"{visible(document.name)} is valid: {workflows}, {counted(steps, 'step')}\n",
        )
    if located:
        raise invalid_document(document, located)


def _read(run: Run, file: str) -> ArazzoDocument:
    """Return the Arazzo document at a path or URL.

    Raises:
        DocumentError: The document cannot be read. For `read`, the error shows no line of it: it may be any file.
    """
    try:
        return read_arazzo(run.env, file)
    except DocumentError as error:
        if run.is_read_only:
            raise DocumentError(f"`{file}` is not an Arazzo document", hint=error.hint) from error
        raise


class RunCommand(TableCommand):
    """The command `workflow run`, whose options depend on the workflow."""

    _document: ArazzoDocument
    _described: DescribedOperation
    _line: CommandLine
    _workflow = ""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments: the file, then the workflow and its inputs."""
        run: Run = ctx.obj
        first = self.read(ctx, args, self.options(), stop_at_positional=True)
        if first.asks_for_help and not first.positional:
            show_page(ctx, self.page(ctx))
        self._check_use(ctx, run.options, first)
        if not first.positional:
            self._take_arguments(ctx, [])
        self.take_options(ctx, first)
        file, *rest = first.positional
        before = run.options
        self._document = _read(run, file)
        check_arazzo(self._document)
        api = ctx.with_resource(opened_inputs(run.env, self._document))
        self._workflow, table = self._chosen(api, rest)
        self._line = line = table.read(rest)
        self._described = table.described
        run.ahead = line
        if line.asks_for_help:
            show_page(ctx, self._page_of_workflow(ctx, file))
        if line.without_value:
            raise self.without_value(ctx, line)
        for word in line.given:
            if word.binding is None:
                from dynacli.commands.command_line_errors import unknown_option

                raise unknown_option(word.flag, line.bindings, self.help_hint(ctx))
        surplus = line.positional[line.positional[:1] == [self._workflow] :]
        if surplus:
            named = f"There is no workflow `{surplus[0]}`"
            raise UsageError(
                named if surplus == line.positional else f"`{surplus[0]}` is an unexpected argument",
                reason=f"The workflow is `{self._workflow}`",
                hint=self.help_hint(ctx),
            )
        self._check_use(ctx, before, line)
        self.take_options(ctx, line)
        self._check_use(ctx, run.options, line)
        for option in self.options():
            if not option.group:
                ctx.params.setdefault(option.argument, () if option.is_multiple else option.default)
        run.ahead = None
        return []

    def _chosen(self, api: OpenedApi, words: list[str]) -> tuple[str, OperationTable]:
        """Return the workflow that the arguments name, or the only one, and its options.

        Raises:
            UsageError: No workflow of several is named, or an argument is unexpected.
        """
        names = list(self._document.workflows)
        own = tuple(option for option in self.options() if not option.group)
        sure = words[0] if words and words[0] in names else names[0] if len(names) == 1 else ""
        for name in [sure] if sure else names:
            table = OperationTable(operation_of_inputs(api, name), own)
            line = table.read(words)
            if sure or line.positional == [name]:
                return name, table
        listed = enumerated([f"`{visible(name)}`" for name in names], "and", most=20)
        wrong = next((word for word in line.positional if word not in names), "")
        raise UsageError(
            f"There is no workflow `{wrong}`" if wrong else "The workflow is missing",
            reason=f"The document has {listed}",
            hint=did_you_mean(near_names(wrong, names) if wrong else [], "Name one of them after the file"),
        )

    def _page_of_workflow(self, ctx: click.Context, file: str) -> str:
        """Return the help page of the command, with the inputs of the workflow."""
        run: Run = ctx.obj
        run.note_quotes()
        width, paint = terminal_width(run.env, run.env.stdout), Painter.for_stdout(run.env)
        lines = [
            self.page(ctx).rstrip("\n"),
            "",
            paint.heading(f"Workflow {visible(self._workflow, keep='')}"),
        ]
        workflow = self._document.workflows[self._workflow]
        for text in (workflow.get("summary"), workflow.get("description")):
            if isinstance(text, str) and text.strip():
                lines += [f"  > {line}" for line in wrapped(visible(text), width - 4)]
        lines.append("")
        if self._described.media_type is None:
            lines.append(f"{visible(file)} needs no inputs.")
        else:
            lines += body_help(OperationDescription(self._described), width, paint)
        return "\n".join(lines)

    def invoke(self, ctx: click.Context) -> None:
        """Run the workflow, or show its steps."""
        run: Run = ctx.obj
        named = {}
        for pair in ctx.params["source"]:
            name, equals, word = pair.partition("=")
            if not equals or name not in self._document.sources:
                raise UsageError(
                    f"`--source {pair}` does not name a source",
                    reason=f"The document has {enumerated([f'`{item}`' for item in self._document.sources])}",
                    hint="Write `--source NAME=API`",
                )
            named[name] = word
        if run.options.server and ctx.params["mock"]:
            raise UsageError("`--mock` and `--server` exclude each other", hint="Leave out one of them")
        if run.options.server and len(self._document.api_sources()) > 1:
            raise UsageError(
                "`--server` needs a workflow with one source",
                reason=f"This one has {enumerated([f'`{name}`' for name in self._document.api_sources()])}",
                hint="Set the server of each API in its entry or profile",
            )
        inputs = self._inputs(run)
        clients = ClientPool()
        with closing(clients):
            calls = _Calls(ctx, clients, RunReport(run))
            with (
                closing(MockedSources(run, calls.opened)) as mocks,
                closing(
                    WorkflowSources(
                        run.env,
                        run.call_options,
                        calls.opened,
                        calls.engine,
                        named,
                        mocks.settings if ctx.params["mock"] else None,
                    )
                ) as sources,
                closing(InputsCheck(run.env)) as check_inputs,
            ):
                self._run(run, ctx, sources, calls, inputs, check_inputs)

    def _inputs(self, run: Run) -> dict[str, Any]:
        """Return the inputs of the workflow, valid for its schema, with defaults.

        Raises:
            UsageError: An input is missing or invalid.
        """
        # The inputs are read and validated as the body of a request that is never sent.
        settings = CallSettings()
        try:
            described, given, _ = read_inputs(run, self._described, self._line, settings)
            if described.media_type is None:
                return {}
            if (
                given.body is None
                and not given.assignments
                and not any(field.is_needed for field in described.media_type.fields)
            ):
                given = replace(given, body=b"{}")
            call = Engine(run.env, settings).prepare(described, given, is_signed=False)
        except UsageError as error:
            error.hint = f"`{invocation('workflow run')} FILE --help` lists the inputs of the workflow"
            raise
        body = call.values.body
        inputs = json.loads(body) if isinstance(body, bytes) else {}
        return with_defaults(self._document, self._workflow, inputs)

    def _run(
        self,
        run: Run,
        ctx: click.Context,
        sources: WorkflowSources,
        calls: _Calls,
        inputs: Mapping[str, Any],
        check_inputs: InputsCheck,
    ) -> None:
        steps = reached_steps(sources, self._document, self._workflow)
        prepared = self._prepared(steps, inputs)
        if run.options.dry_run:
            _show_steps(run, prepared)
            return
        if not ctx.params["mock"]:
            _confirm(run, steps)
        report = _StepLines(run, steps)
        workflow_run = WorkflowRun(
            sources,
            calls.make,
            check_inputs=check_inputs,
            on_step=report,
            warn=run.warn,
            most_steps=ctx.params["max_steps"],
            seconds=ctx.params["timeout_total"],
        )
        ended = workflow_run.run(self._document, self._workflow, inputs)
        calls.report.write(steps, ended.error)
        form = run.data_format
        if ended.error is None or ended.outputs:
            write_data(
                run.env, dict(ended.outputs), replace(form, format="json") if form.format == "auto" else form
            )
        if ended.error is not None:
            raise ended.error

    def _prepared(
        self, steps: list[ReachedStep], inputs: Mapping[str, Any]
    ) -> list[tuple[ReachedStep, Call | None, list[str]]]:
        """Return each step with its call or what it waits for; check what is known before the first request."""
        consents = {
            id(step.source): step.source.settings.consent for step in steps if step.source is not None
        }
        asks = {key: consent.ask for key, consent in consents.items()}
        for consent in consents.values():
            if consent.ask is not None:
                consent.ask = lambda question: True  # noqa: ARG005  - asked before the first request
        prepared = []
        for step in steps:
            is_first = (step.document, step.workflow) == (self._document, self._workflow)
            scope = RunScope(step.document, inputs if is_first else {}, {})
            try:
                prepared.append((step, *prepared_step(step, scope)))
            except DynacliError as error:
                error.details.setdefault("step", step.step["stepId"])
                raise
        for key, consent in consents.items():
            consent.ask = asks[key]
            consent.agreed.clear()
        return prepared


class _Calls:
    """Opens the APIs of a run, and makes their calls.

    Args:
        clients: Keeps connections open between the calls.
        report: Collects the calls for programs.
    """

    def __init__(self, ctx: click.Context, clients: ClientPool, report: RunReport) -> None:
        self._ctx, self._clients, self.report = ctx, clients, report
        self._run: Run = ctx.obj
        self._reported: set[tuple[str, ...]] = set()

    @contextmanager
    def opened(self, word: str) -> Iterator[OpenedApi]:
        """Open an API by its name, URL or path."""
        with opened_api(self._ctx, word) as api:
            yield api

    def engine(self, settings: CallSettings) -> Engine:
        """Return the engine for the calls of an API."""
        run = self._run
        if run.options.dry_run:
            from dynacli.commands.call.dry_run import engine_of_dry_run

            return engine_of_dry_run(run, settings)
        listener = TerminalListener(run, None)
        return Engine(run.env, settings, clients=self._clients, ask=asker(run), on_event=listener)

    def make(self, source: ApiSource, built: BuiltCall, seconds: float | None, step: str) -> MadeCall:
        """Make a call, report findings, and save the call in the history."""
        engine = source.engine.remembering(TypedWords())
        made, error, started = None, None, time.time()
        try:
            made = engine.make(*built, seconds=seconds, receive=read_step_response)
        except BaseException as failure:
            error = failure
            raise
        finally:
            if engine.latest is not None:
                words = self._words(engine.latest)
                response = made.response if made is not None else None
                engine.record_end(words, error, response)
                self.report.note_call(
                    step,
                    engine.latest,
                    started,
                    time.time() - started,
                    response,
                    made.validation if made is not None else None,
                    error if isinstance(error, DynacliError) else None,
                )
        self._report_findings(made)
        return made

    def _words(self, call: Call) -> list[str]:
        """Return the arguments of a command that makes the call."""
        from dynacli.commands.call.whole_inputs import inputs_json

        words = [call.described.api.name, call.described.operation.name]
        try:
            inputs = inputs_json(call, call.signed.masker, shows_secrets=False)
        except DynacliError:
            return words
        return [*words, "--inputs", json.dumps(inputs, default=str)] if inputs else words

    def _report_findings(self, made: MadeCall) -> None:
        """Report the findings of a response, unless an earlier response had findings of the same rules."""
        call, response, validation = made
        if validation is None or validation.is_valid:
            return
        rules = (call.described.operation.name, *sorted(finding.rule for finding in validation.findings))
        if rules not in self._reported:
            from dynacli.commands.call.conclude_call import report_validation_so_far

            self._reported.add(rules)
            report_validation_so_far(self._run, call, response, validation, None)


class _StepLines:
    """Prints a line to standard error for each step as it ends.

    Args:
        steps: All steps, for the width of the columns.
    """

    def __init__(self, run: Run, steps: list[ReachedStep]) -> None:
        self._run = run
        self._widths = (
            max((len(step.step["stepId"]) for step in steps), default=0),
            max((len(step.title[0]) for step in steps), default=0),
            max((len(step.title[1]) for step in steps), default=0),
        )

    def __call__(self, end: StepEnd) -> None:
        """Print the line of a step."""
        if self._run.error_format == "json":
            row: dict[str, Any] = {
                "step": end.step,
                "method": end.title[0],
                "operation": end.title[1],
                "status": end.status,
            }
            row |= {"seconds": round(end.seconds, 3), "retries": end.retries, "success": end.is_success}
            write_stderr(self._run.env, json.dumps(row))
            return
        columns = (end.step, *end.title)
        left = [text.ljust(width) for text, width in zip(columns, self._widths, strict=True)]
        left[0] += "  "
        status = str(end.status) if end.status is not None else "-"
        notes = [] if end.is_success else ["failed"]
        if end.retries:
            notes.append(f"retried {end.retries} {'time' if end.retries == 1 else 'times'}")
        notes.append(_duration(end.seconds))
        write_stderr(self._run.env, f"{' '.join(left)}  {status.ljust(3)}  {', '.join(notes)}")


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _confirm(run: Run, steps: list[ReachedStep]) -> None:
    """Ask once on a terminal about the steps that change something, unless `--yes` is given.

    The consent covers what dynacli asks about by itself. A policy still asks about each of its operations.

    Raises:
        RefusedError: The user did not agree, or a step needs consent and dynacli cannot ask.
    """
    changing = [step for step in steps if step.changes_something]
    if not changing or run.options.yes:
        return
    if not run.may_ask:
        for step in changing:
            if step.source is not None and step.described is not None:
                step.source.settings.permit(step.described)
        return
    lines = [f"  {visible(step.step['stepId'])}  {' '.join(step.title)}" for step in steps]
    write_stderr(run.env, "\n".join(["The workflow has these steps:", *lines]))
    run.confirm(
        f"Run it? {counted(len(changing), 'step')} may change something", RefusedError("Nothing was sent")
    )
    for step in changing:
        if step.source is None or step.described is None:
            continue
        settings = step.source.settings
        if settings.policy is None and step.described.operation.method not in SAFE_METHODS:
            settings.consent.agreed.add(step.described.operation.name)


def _shown_body(request: Request) -> Any:
    """Return the body of a request as its JSON value, or as text; None if it has none, or if it is from files."""
    body = request.body if isinstance(request.body, bytes) else None
    if body is None:
        return None
    if is_json(request.header("content-type") or ""):
        return json.loads(body)
    return body.decode("utf-8", "replace")


def _show_steps(run: Run, prepared: list[tuple[ReachedStep, Call | None, list[str]]]) -> None:
    """Print the steps: the requests that can be built, and what the others wait for."""
    rows: list[dict[str, Any]] = []
    for step, call, waits_for in prepared:
        row: dict[str, Any] = {
            "step": step.step["stepId"],
            "method": step.title[0],
            "url": None,
            "body": None,
        }
        if call is not None:
            shown = call.signed.shown
            row["url"] = shown.url
            row["body"] = _shown_body(shown)
        elif step.described is not None:
            row["url"] = step.described.operation.path
        else:
            row["url"] = step.title[1]
        rows.append({**row, "waits_for": waits_for})

    def text(*_: Any) -> str:
        lines = []
        for row in rows:
            lines.append(f"{visible(row['step'])}  {row['method']} {visible(row['url'] or '')}")
            if row["body"] is not None:
                lines.append(f"  {visible(text_of(row['body']))}")
            if row["waits_for"]:
                lines.append(f"  waits for {enumerated([f'`{visible(item)}`' for item in row['waits_for']])}")
        return "\n".join(lines) + "\n"

    write_data(run.env, rows, run.data_format, text)
    run.note("Nothing was sent")
