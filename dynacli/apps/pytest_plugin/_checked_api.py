"""An API whose operations are checked one by one, by the plan of `dynacli check`."""

import time

from dynacli.check.check_records import CheckResults
from dynacli.check.check_run import CheckRun, CheckSettings, settings_of_check
from dynacli.check.select_operations import select_operations
from dynacli.client.call_settings import CallOptions
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.open_document import OpenDocument
from dynacli.environment import Environment


class CheckedApi(OpenDocument):
    """An API whose safe operations can each be checked by themselves.

    Attributes:
        left_out: Operation → why it is not called, of those that only read.

    Raises:
        DynacliError: The API cannot be opened.
    """

    def __init__(self, word: str) -> None:
        super().__init__(word, Environment(), CallOptions())
        api = self._opened
        settings = settings_of_check(self._env, api, CallOptions())
        selection = select_operations(
            api, refusal=lambda operation: settings.denial(DescribedOperation(api, operation))
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
        """The operations that only read, in the order in which they are called, then those that are left out."""
        return (*self._run.order, *self.left_out)

    def check(self, name: str) -> CheckResults:
        """Call one operation, and before it those whose responses give values for it, unless they were called.

        Returns:
            What became of that operation alone.
        """
        start = time.monotonic()
        checked = self._run.run_operation(name)
        seconds = time.monotonic() - start
        return CheckResults(self._opened, [checked], [], seconds=seconds, is_interrupted=False)
