"""The operations of the tag runs."""

from collections.abc import Iterator
from typing import Any

from dynacli.demo._data.data_reference import NOW, RANGES, timestamp
from dynacli.demo._data.run_data import SUMMARY_FIELDS, evaluation, tool_calls, trace
from dynacli.demo._error_answers import FieldError, Problem, invalid, not_found
from dynacli.demo._operations.demo_operation import DemoAnswer, DemoCall, DemoOperation
from dynacli.demo._query_parameters import ChoiceParameter, IntegerParameter, QueryParameter, TextParameter

__all__ = ["RUN_OPERATIONS"]

_STATUSES = ("pending", "running", "pass", "partial", "fail", "error")

_SORT_KEYS = ("startedAt", "durationMs", "costUsd", "status", "workflowName")

_QUERY: dict[str, QueryParameter] = {
    "range": ChoiceParameter(("24h", "7d", "30d"), "24h"),
    "workflowId": TextParameter(),
    "status": ChoiceParameter(_STATUSES),
    "classification": TextParameter(),
    "search": TextParameter(max_length=200),
    "page": IntegerParameter(1, None, 1),
    "pageSize": IntegerParameter(1, 100, 20),
    "sort": TextParameter(default="-startedAt"),
}


def _search(call: DemoCall) -> DemoAnswer:
    rows = _sorted(list(_matching(call)), call.query["sort"])
    page, size = call.query["page"], call.query["pageSize"]
    first = (page - 1) * size
    shown = [{name: run[name] for name in SUMMARY_FIELDS} for run in rows[first : first + size]]
    return DemoAnswer(200, {"rows": shown, "page": page, "pageSize": size, "total": len(rows)})


def _matching(call: DemoCall) -> Iterator[dict[str, Any]]:
    query = call.query
    since = timestamp(NOW - RANGES[query["range"]])
    exact = ("workflowId", "status", "classification")
    wanted = {name: query[name] for name in exact if query[name] is not None}
    words = (query["search"] or "").casefold()
    for run in call.store.runs.values():
        # Pending runs have no start yet, and belong to every range that ends now.
        if run["startedAt"] is not None and run["startedAt"] < since:
            continue
        if any(run[name] != value for name, value in wanted.items()):
            continue
        if words in f"{run['workflowName']}\n{run['reason'] or ''}".casefold():
            yield run


def _sorted(rows: list[dict[str, Any]], sort: str) -> list[dict[str, Any]]:
    key, descending = sort.removeprefix("-"), sort.startswith("-")
    if key not in _SORT_KEYS:
        raise invalid(
            [FieldError("sort", f"is one of {', '.join(_SORT_KEYS)}, with or without a `-` in front")]
        )
    if key == "startedAt":
        # The store holds the newest first, pending ones before them.
        return rows if descending else rows[::-1]
    known = [run for run in rows if run[key] is not None]
    return [
        *sorted(known, key=lambda run: run[key], reverse=descending),
        *(run for run in rows if run[key] is None),
    ]


def _get(call: DemoCall) -> DemoAnswer:
    return DemoAnswer(200, call.store.look_at(_run(call)))


def _trace(call: DemoCall) -> DemoAnswer:
    run = _run(call)
    return DemoAnswer(200, trace(run, call.store.tools_of_run(run)))


def _evaluation(call: DemoCall) -> DemoAnswer:
    run = _run(call)
    judged = evaluation(run, call.store.criteria_of(run), call.store.tools_of_run(run))
    if judged is None:
        raise Problem(404, "not_found", f"The run `{call.id}` was not judged: it is {run['status']}")
    return DemoAnswer(200, judged)


def _tool_calls(call: DemoCall) -> DemoAnswer:
    run = _run(call)
    return DemoAnswer(200, {"rows": tool_calls(run, call.store.tools_of_run(run))})


def _run(call: DemoCall) -> dict[str, Any]:
    run = call.store.runs.get(call.id)
    if run is None:
        raise not_found("run", call.id)
    return run


RUN_OPERATIONS = (
    DemoOperation("searchRuns", "GET", "/runs", _search, query=_QUERY),
    DemoOperation("getRun", "GET", "/runs/{id}", _get),
    DemoOperation("getRunTrace", "GET", "/runs/{id}/trace", _trace),
    DemoOperation("getRunEvaluation", "GET", "/runs/{id}/evaluation", _evaluation),
    DemoOperation("listRunToolCalls", "GET", "/runs/{id}/tool-calls", _tool_calls),
)
