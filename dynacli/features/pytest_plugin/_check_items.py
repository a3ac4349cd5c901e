"""The option `--dynacli-check API` of pytest: a test of each read-only operation, as in the command `check`."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from _pytest.runner import collect_one_node

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.open_document import OpenDocument
from dynacli.environment import Environment, invocation
from dynacli.errors import DynacliError, MismatchError
from dynacli.features.check.check_records import CheckResults
from dynacli.features.check.check_run import CheckRun, CheckSettings, settings_of_check
from dynacli.features.check.check_text import check_error, findings_lines
from dynacli.features.check.select_operations import select_operations
from dynacli.features.pytest_plugin._session_apis import SessionApis, shown_text
from dynacli.options.standard_options import Options
from dynacli.secrets import with_masked_query
from dynacli.text.terminal import Painter, visible

_WIDTH = 120
"""Width of the lines that a failed test shows, in columns."""


def collect_checks(session: pytest.Session, words: Iterable[str], apis: SessionApis) -> list[pytest.Item]:
    """Return the tests of some APIs, and report them to pytest like tests in files.

    Raises:
        UsageError: An API cannot be opened.
    """
    items: list[pytest.Item] = []
    for word in words:
        name = invocation("check", visible(with_masked_query(word), keep=""))
        collector = _CheckedDocument.from_parent(session, name=name, nodeid=name, word=word, apis=apis)
        report = collect_one_node(collector)
        collector.ihook.pytest_collectreport(report=report)
        items.extend(item for item in report.result or () if isinstance(item, pytest.Item))
    return items


class _CheckedApi(OpenDocument):
    """An API with a separate check for each read-only operation.

    Attributes:
        left_out: Read-only operation that is not called → the reason.

    Raises:
        DynacliError: The API cannot be opened.
    """

    def __init__(self, word: str) -> None:
        super().__init__(word, Environment(), Options())
        api = self._opened
        settings = settings_of_check(self._env, api, Options())
        selection = select_operations(
            api,
            policy=settings.policy,
            refusal=lambda operation: settings.denial(DescribedOperation(api, operation)),
        )
        self.left_out = {
            checked.operation.name: checked.skip_reason
            for checked in selection.left_out
            if checked.skip_kind != "unsafe"
        }
        self._run = CheckRun(
            self._env,
            [DescribedOperation(api, operation) for operation in selection.called],
            settings,
            CheckSettings(),
            chains=(),
            changing_names=(),
            preset={},
            on_progress=lambda _done, _running, _planned: None,
            on_exchange=lambda _exchange: None,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The read-only operations: first the called ones in their order, then the ones that are left out."""
        return (*self._run.order, *self.left_out)

    def check(self, name: str) -> CheckResults:
        """Call an operation; before it, call those that provide values for it, unless they were called already.

        Returns:
            The results of this operation alone.
        """
        start = time.monotonic()
        checked = self._run.run_operation(name)
        seconds = time.monotonic() - start
        return CheckResults(self._opened, [checked], [], seconds=seconds, is_interrupted=False)


class _CheckedDocument(pytest.Collector):
    """The tests of one API."""

    def __init__(self, word: str, apis: SessionApis, **settings: Any) -> None:
        super().__init__(**settings)
        self._word, self._apis = word, apis

    def collect(self) -> Iterator[pytest.Item]:
        """Yield a test for each operation.

        Raises:
            CollectError: The API cannot be opened.
        """
        try:
            api = self._apis.keep(_CheckedApi(self._word))
        except DynacliError as error:
            raise self.CollectError(shown_text(error)) from error
        for name in api.names:
            yield _CheckedOperation.from_parent(self, name=name, api=api, apis=self._apis)


class _CheckedOperation(pytest.Item):
    """The test of one operation."""

    def __init__(self, api: _CheckedApi, apis: SessionApis, **settings: Any) -> None:
        super().__init__(**settings)
        self._api, self._apis = api, apis

    def runtest(self) -> None:
        """Check the operation.

        Raises:
            DynacliError: The responses do not match the document, or a call failed.
        """
        if self.name in self._api.left_out:
            pytest.skip(self._api.left_out[self.name])
        results = self._api.check(self.name)
        self._apis.note_check(self._api, results)
        if results.checked[0].skip_reason:
            pytest.skip(results.checked[0].skip_reason)
        error = check_error(results, is_strict=True)
        if isinstance(error, MismatchError):
            error.reason = "\n".join(findings_lines(results, Painter(enabled=False), _WIDTH)[1:])
            error.hint = ""
        if error is not None:
            raise error

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the text that pytest shows for a failed test."""
        error = excinfo.value
        return shown_text(error) if isinstance(error, DynacliError) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Return the location and the title of the test."""
        return self.path, None, f"{self.parent.name if self.parent else ''}: {self.name}"
