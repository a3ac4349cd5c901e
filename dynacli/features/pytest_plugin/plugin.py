"""The hooks and the fixture that pytest loads in every run; they import other modules only when needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from dynacli.client.api_client import Api
    from dynacli.features.pytest_plugin._session_apis import SessionApis

_APIS = pytest.StashKey["SessionApis"]()
_ITEM = pytest.StashKey[pytest.Item]()
"""The test that runs."""
_SENT_BY_WORKER = "dynacli"
"""The key in the output of a worker of pytest-xdist."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("dynacli", "APIs by their OpenAPI documents (dynacli)")
    group.addoption(
        "--dynacli-api",
        metavar="API",
        help="the API that the fixture `dynacli_api` opens if a test names none: a registered name, the URL of a "
        "document or the path to one, or `demo`",
    )
    group.addoption(
        "--dynacli-check",
        metavar="API",
        action="append",
        default=[],
        help="make a test of each read-only operation of API",
    )
    group.addoption(
        "--dynacli-report",
        metavar="json|junit[=FILE]",
        help="write the result of every call into FILE, else to standard error; FILE alone is JUnit XML if its "
        "name ends in `.xml`, else JSON",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Describe the marker, and check early that the report can be written.

    Raises:
        UsageError: The format is unknown, or the directory does not exist.
    """
    config.addinivalue_line(
        "markers",
        "dynacli(operation=NAME, api=API): the test is about this operation, which it has to call; "
        "`dynacli_api()` opens this API",
    )
    _, report = _report_of(config)
    folder = os.path.dirname(os.path.abspath(report)) if report else ""
    if folder and (not os.path.isdir(folder) or os.path.isdir(report)):
        raise pytest.UsageError(f"--dynacli-report: `{report}` cannot be written: there is no such directory")


def _report_of(config: pytest.Config) -> tuple[str, str]:
    """Return the format of the report (empty for no report) and its file (empty for standard error).

    Raises:
        UsageError: The format is unknown.
    """
    word = config.getoption("--dynacli-report") or ""
    form, equals, file = word.partition("=")
    if form not in {"json", "junit"}:
        if equals and form.isalnum():
            raise pytest.UsageError(f"--dynacli-report: `{form}` must be `json` or `junit`")
        form, file = ("junit" if word.lower().endswith(".xml") else "json") if word else "", word
    return form, file


def _apis_of(config: pytest.Config) -> SessionApis:
    if _APIS not in config.stash:
        from dynacli.features.pytest_plugin._session_apis import SessionApis

        config.stash[_APIS] = SessionApis()
    return config.stash[_APIS]


@pytest.fixture(scope="session")
def dynacli_api(pytestconfig: pytest.Config) -> Callable[..., Api]:
    """Open APIs for tests with `dynacli_api(NAME)`; a response that does not match the document fails the test.

    The default is the API of the test's marker, or else of `--dynacli-api`. Further arguments are as for
    `dynacli.open_api`. Each API is opened once, and closed at the end of the session.
    """

    def opened(api: str | os.PathLike[str] | None = None, /, **options: Any) -> Api:
        __tracebackhide__ = True
        item = pytestconfig.stash.get(_ITEM, None)
        word = api or (_marked(item).get("api") if item is not None else None)
        word = word or pytestconfig.getoption("--dynacli-api")
        if not word:
            pytest.fail("No API is named: `dynacli_api(NAME)`, or `pytest --dynacli-api NAME`", pytrace=False)
        return _apis_of(pytestconfig).open(word, **options)

    return opened


def _marked(item: pytest.Item) -> dict[str, Any]:
    """Return the arguments of the markers of a test; the nearest marker wins."""
    arguments: dict[str, Any] = {}
    for marker in item.iter_markers("dynacli"):
        if marker.args or not marker.kwargs.keys() <= {"operation", "api"}:
            pytest.fail("The marker `dynacli` takes `operation=` and `api=`", pytrace=False)
        arguments = {**marker.kwargs, **arguments}
    return arguments


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note the running test, for the calls that it makes."""
    item.config.stash[_ITEM] = item
    if _APIS in item.config.stash:
        item.config.stash[_APIS].begin_test(item.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Fail a marked test if the API does not have the operation, or if the test did not call it."""
    marked = _marked(pyfuncitem) if pyfuncitem.get_closest_marker("dynacli") else {}
    name = marked.get("operation")
    if name is None:
        return (yield)
    apis, word = (
        _apis_of(pyfuncitem.config),
        marked.get("api") or pyfuncitem.config.getoption("--dynacli-api"),
    )
    apis.begin_test(pyfuncitem.nodeid)
    operation = _operation(apis, word, name) if word else name
    result = yield
    if operation not in apis.called_operations:
        pytest.fail(f"The test is marked with the operation `{name}`, and did not call it", pytrace=False)
    return result


def _operation(apis: SessionApis, api: str, name: str) -> str:
    """Return the name of the operation in a test's marker; fail the test if the API does not have it."""
    from dynacli.errors import DynacliError

    try:
        return apis.open(api).operation(name).name
    except DynacliError as error:
        from dynacli.features.pytest_plugin._session_apis import shown_text

        pytest.fail(shown_text(error), pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """End the traceback of an error of dynacli at the call in the test."""
    if call.excinfo is not None and "dynacli_api" in getattr(item, "fixturenames", ()):
        from dynacli.features.pytest_plugin._session_apis import end_at_test

        end_at_test(call.excinfo.value, has_full_trace=bool(item.config.getoption("fulltrace")))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the tests of `--dynacli-check`, before pytest selects tests by `-k` and `-m`."""
    words = config.getoption("--dynacli-check")
    if words:
        from dynacli.features.pytest_plugin._check_items import collect_checks

        items.extend(collect_checks(session, list(dict.fromkeys(words)), _apis_of(config)))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Close the APIs, and write the report; a worker of pytest-xdist sends its calls instead."""
    config = session.config
    apis = config.stash.get(_APIS, None)
    if apis is not None:
        apis.close()
    if hasattr(config, "workeroutput"):
        if apis is not None:
            config.workeroutput[_SENT_BY_WORKER] = apis.calls.as_text()
        return
    form, file = _report_of(config)
    if form:
        from dynacli.features.pytest_plugin._session_apis import report_of, write_report

        calls = _apis_of(config).calls
        if file:
            write_report(form, file, calls)
        else:
            sys.stderr.write(report_of(form, calls))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Add the calls that a worker of pytest-xdist sent."""
    sent = getattr(node, "workeroutput", {}).get(_SENT_BY_WORKER)
    if sent is not None:
        _apis_of(node.config).calls.merge(sent)
    elif error is not None and ("dynacli.errors" in sys.modules or _APIS in node.config.stash):
        _apis_of(node.config).calls.lost_workers += 1


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the coverage of each API."""
    if _APIS not in config.stash:
        return
    from dynacli.features.pytest_plugin._session_apis import summary_lines

    lines = summary_lines(config.stash[_APIS].calls)
    if lines:
        terminalreporter.section("dynacli")
        for line in lines:
            terminalreporter.write_line(line)
