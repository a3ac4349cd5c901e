"""The APIs that the tests of a session have open, and what their calls came to."""

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from dynacli.apps.pytest_plugin._session_report import ApiCalls, SessionCalls
from dynacli.client.api_client import Api, open_api
from dynacli.client.call import CallEvent, Findings, RowDone
from dynacli.client.responses.response import Response
from dynacli.errors import DocumentError, MismatchError
from dynacli.output.finding_reports import ValidatedCall
from dynacli.urls import with_masked_query

if TYPE_CHECKING:
    import os

    from dynacli.apps.pytest_plugin._checked_api import CheckedApi
    from dynacli.check.check_results import CheckResults
    from dynacli.client.batch.rows import RowResult
    from dynacli.client.open_document import OpenDocument
    from dynacli.openapi.model.operation import Operation

__all__ = ["SessionApis"]


class SessionApis:
    """The APIs of a session: each is opened once, and open until `close`.

    Attributes:
        calls: The calls that the tests made.
        test: The node id of the test that runs.
        called_operations: The names of the operations that the test has called.
    """

    def __init__(self) -> None:
        self.calls = SessionCalls()
        self.test = ""
        self.called_operations: set[str] = set()
        self._open = ExitStack()
        self._apis: dict[str, Api] = {}
        self._checked: dict[str, CheckedApi] = {}
        self._documents: dict[str, OpenDocument] = {}

    def begin_test(self, test: str) -> None:
        """Note that a test begins, unless it has begun.

        Args:
            test: Its node id.
        """
        if test != self.test:
            self.test, self.called_operations = test, set()

    def open(self, api: "str | os.PathLike[str]", **options: Any) -> Api:
        """Return an API, opened once for the same options.

        Args:
            api: As `dynacli.open_api` takes it.
            options: As `dynacli.open_api` takes them.

        Raises:
            DynacliError: What `dynacli.open_api` raises.
        """
        key = repr((api, sorted(options.items(), key=lambda pair: pair[0])))
        if key not in self._apis:
            opened = self._open.enter_context(open_api(api, **options))
            opened.on_event = _Listener(self, opened)
            self._apis[key] = opened
            self._documents.setdefault(_shown_name(opened), opened)
        return self._apis[key]

    def checked(self, word: str) -> "CheckedApi":
        """Return an API whose operations are checked.

        Raises:
            DynacliError: It cannot be opened.
        """
        if word not in self._checked:
            from dynacli.apps.pytest_plugin._checked_api import CheckedApi

            opened = self._open.enter_context(CheckedApi(word))
            self._checked[word] = opened
            self._documents.setdefault(_shown_name(opened), opened)
        return self._checked[word]

    def calls_of(self, api: "OpenDocument") -> ApiCalls:
        """Return the calls of an API, by whatever options it was opened."""
        return self.calls.of_api(_shown_name(api))

    def note_check(self, api: "CheckedApi", results: "CheckResults") -> None:
        """Note the calls of an operation that was checked."""
        noted = self.calls_of(api)
        for call in results.calls():
            if not call.skipped:
                noted.note(self.test, call)

    def close(self) -> None:
        """Close all of them, after their documents have told what could have been called."""
        for name, api in self._documents.items():
            if name in self.calls.apis:
                self.calls.of_api(name).documented = {
                    summary.name: [response.status for response in operation.responses]
                    for summary in api.operations
                    if (operation := _callable_operation(api, summary.name)) is not None
                }
        self._documents.clear()
        self._apis.clear()
        self._checked.clear()
        self._open.close()


def _shown_name(api: "OpenDocument") -> str:
    return with_masked_query(api.name)


def _callable_operation(api: "OpenDocument", name: str) -> "Operation | None":
    try:
        return api.operation(name)
    except DocumentError:  # the document has it, and it cannot be called
        return None


def _validated_call(response: Response) -> ValidatedCall:
    from dynacli.client.responses.validation_text import validation_json

    described = response.described
    operation = described.operation
    validation: dict[str, list[Any]] = {
        "findings": [],
        "tolerated": [],
        "not_validated": [],
        "suppressed": [],
    }
    for each in response.validations:
        for key, values in response.masker.mask_value(validation_json(described.api, each)).items():
            validation[key] += values
    if not response.is_validated:
        validation["not_validated"].append("nothing was validated")
    return ValidatedCall(
        with_masked_query(described.api.name),
        *(operation.name, operation.method, operation.path),
        url=response.request.url,
        status=response.status,
        seconds=response.seconds,
        findings=tuple(validation["findings"]),
        tolerated=tuple(validation["tolerated"]),
        not_validated=tuple(dict.fromkeys(validation["not_validated"])),
        suppressed=tuple(validation["suppressed"]),
    )


class _Listener:
    """Notes the calls of one API, and lets those fail whose responses do not match the document."""

    def __init__(self, apis: SessionApis, api: Api) -> None:
        self._apis, self._api = apis, api

    def __call__(self, event: CallEvent) -> None:
        """Take an event.

        Raises:
            MismatchError: A response does not match the document.
        """
        if isinstance(event, Findings):
            response = Response(event.call, event.response, event.validation, event.lock)
            self._note(_validated_call(response), response.redirects)
            response.raise_for_findings()
        elif isinstance(event, RowDone):
            self._note_row(event.operation, event.result)

    def _note_row(self, operation: str, result: "RowResult") -> None:
        from dynacli.output.finding_reports import sentence

        found = self._api.operation(operation)
        error = str((result.error or {}).get("message", ""))
        call = ValidatedCall(
            _shown_name(self._api),
            *(found.name, found.method, found.path),
            status=result.status,
            findings=result.findings,
            error=error,
        )
        self._note(call, ())
        if result.findings:
            reason = "\n".join(sentence(finding) for finding in result.findings)
            raise MismatchError(
                f"The response to row {result.row} does not match the document",
                reason=reason,
                findings=result.findings,
            )

    def _note(self, call: ValidatedCall, redirects: tuple[int, ...]) -> None:
        self._apis.called_operations.add(call.operation)
        self._apis.calls_of(self._api).note(self._apis.test, call, redirects)
