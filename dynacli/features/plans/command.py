"""`dynacli plan`: lists, shows and applies the plans that `--plan` made."""

from collections.abc import Iterable
from contextlib import closing
from typing import Any

import click

from dynacli.client.engine.call_engine import Engine
from dynacli.commands.call.make_call import TerminalListener, asker
from dynacli.commands.demo_api import demo_params, opened_api
from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import RefusedError
from dynacli.features.plans.apply_plan import AppliedPlan, apply_plan, apply_settings
from dynacli.features.plans.plan import OtherKeyError, Plan, instant
from dynacli.features.plans.plan_store import read_plan, stored_plans
from dynacli.features.plans.planned_call import show_plan
from dynacli.http.exchange import ClientPool
from dynacli.output.render import is_for_people, write_data, write_rows
from dynacli.registry.configuration import DEMO
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import table_lines

_HEADER = ["plan", "state", "api", "requests", "valid until"]


@click.pass_obj
def list_plans(run: Run) -> None:
    """Run `plan list`."""
    found = stored_plans(run.env)
    rows = [
        {
            "name": stored.name,
            "state": stored.state,
            "api": stored.plan.api if stored.plan else None,
            "requests": len(stored.plan.requests) if stored.plan else None,
            "made_at": instant(stored.plan.made_at) if stored.plan else None,
            "expires_at": instant(stored.plan.expires_at) if stored.plan else None,
            "reason": stored.reason,
        }
        for stored in found
    ]

    def lines(paint: Painter, width: int) -> Iterable[str]:
        cells = [
            [
                visible(str(row[key] or ""), keep="")
                for key in ("name", "state", "api", "requests", "expires_at")
            ]
            for row in rows
        ]
        return table_lines([_HEADER, *cells], width, right={3}, paint_header=paint.bold) if cells else []

    write_rows(run.env, rows, run.data_format, lines)
    if not rows:
        run.note("There are no plans in the state directory; `--plan -` writes one there")


@click.pass_obj
def show(run: Run, plan: str) -> None:
    """Run `plan show`. A plan of another user is shown, too, with a warning."""
    try:
        found, _ = read_plan(run.env, plan)
        data, lines = found.as_json(), list(found.lines(Painter.for_stdout(run.env)))
    except OtherKeyError as error:
        data, lines = error.shown(Painter.for_stdout(run.env))
        run.warn(
            "The plan was made by another user or on another machine\n"
            f"dynacli cannot tell whether it was changed since; `{invocation('plan apply')}` refuses it here"
        )
    show_plan(run, data, lambda _: lines)


@click.pass_context
def apply(ctx: click.Context, /, plan: str, *, resume_: bool, **params: Any) -> None:
    """Run `plan apply`.

    Raises:
        DynacliError: The plan is not applied, or one of its requests failed.
    """
    run: Run = ctx.obj
    found, path = read_plan(run.env, plan)
    with (
        opened_api(ctx, found.api, demo_params(params) if found.api == DEMO else {}) as api,
        closing(ClientPool()) as clients,
    ):
        options = run.call_options
        settings = apply_settings(run.env, found, api, options)
        listener = TerminalListener(run, None)
        engine = Engine(run.env, settings, clients=clients, ask=asker(run), on_event=listener)
        applied = apply_plan(
            found, path, api, engine, lambda question: _agree(run, found, question), is_resumed=resume_
        )
    _report(run, applied)


def _agree(run: Run, plan: Plan, question: str) -> None:
    """Show a plan, and ask for agreement. The file may have been replaced since the person read it.

    Raises:
        RefusedError: You declined, or no question is possible.
    """
    if run.options.yes:
        return
    if not run.may_ask:
        raise RefusedError(
            "The plan is not applied",
            reason="A person must agree to it, and there is no terminal to ask on",
            hint=f"Read it with `{invocation('plan show')}`, then add `--yes`",
        )
    from dynacli.commands.questions import agrees
    from dynacli.output.standard_error import write_stderr

    lines = plan.lines(Painter.for_stderr(run.env))
    write_stderr(run.env, "".join(f"{line}\n" for line in lines))
    if not agrees(run.env, question):
        raise RefusedError.declined("The plan is not applied")


def _report(run: Run, applied: AppliedPlan) -> None:
    """Write the result of a plan.

    Raises:
        DynacliError: The plan stopped with this error.
    """
    form = run.data_format
    if is_for_people(form) and not form.is_of_value:
        write_rows(run.env, (), form, lambda _paint, _width: applied.lines())
    else:
        write_data(run.env, applied.as_json(), form)
    if applied.path:
        run.note(f"{applied.text}; the result is in {visible(applied.path, keep='')}")
    if applied.is_interrupted:
        raise KeyboardInterrupt
    if applied.error is not None:
        raise applied.error
