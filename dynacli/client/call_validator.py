"""The validator of a call: it validates the request before it is sent, and the response."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallValues
from dynacli.errors import UsageError
from dynacli.http.built_request import Request
from dynacli.lean_imports import import_jsonschema_rs

if TYPE_CHECKING:
    from dynacli.validation.finding import ValidationResult
    from dynacli.validation.validate_by_level import LevelValidator
    from dynacli.validation.validated_messages import ValidatedRequest, ValidatedResponse

_ALLOWED = frozenset({"undocumented-property"})
"""Rules that report values which the document does not mention. They do not stop a request."""


class CallValidator:
    """Validates the request and the response of a call, the request in a thread if `start` is used.

    Attributes:
        described: The operation.
        has_begun: True if the validation of the request has started.
        validator: Validator of the operation. It exists after the request was validated.
        validation: Validation result of the request. It exists after the request was validated.

    Args:
        validator: The validator, if an earlier call has made it.
    """

    validator: LevelValidator
    validation: ValidationResult

    def __init__(
        self,
        described: DescribedOperation,
        request: Request,
        values: CallValues,
        settings: CallSettings,
        validator: LevelValidator | None = None,
    ) -> None:
        self.described, self._request, self._values = described, request, values
        self._settings = settings
        self._known = validator
        self.has_begun = self._is_accepted = False
        self._thread: threading.Thread | None = None
        self._is_validated: threading.Event | None = None
        self._error: BaseException | None = None

    def start(self) -> None:
        """Validate the request in a thread, and then prepare the validation of the response."""
        import_jsonschema_rs()  # while this is the only thread
        self._is_validated = threading.Event()
        self._thread = threading.Thread(
            target=self._validate_and_prepare, name="dynacli-validator", daemon=True
        )
        self._thread.start()

    def _validate_and_prepare(self) -> None:
        self.validate_request()
        if self._error is None:
            try:
                self.validator.prepare()
            except BaseException as error:  # noqa: BLE001  - raised again in the thread that waits
                self._error = error

    def validate_request(self) -> None:
        """Validate the request in the current thread."""
        self.has_begun = True
        try:
            from dynacli.validation.validate_by_level import LevelValidator

            operation, settings = self.described.operation, self._settings
            self.validator = self._known or LevelValidator(
                self.described.api.catalog,
                operation,
                may_accept=settings.may_accept,
                is_exact=settings.level == "exact",
            )
            request = validated_request(self._request, self._values)
            if settings.timeout is not None:
                request = request._replace(end=time.perf_counter() + settings.timeout)
            self.validation = self.validator.request(request)
            settings.set_apart(self.validation, operation)
        except BaseException as error:  # noqa: BLE001  - raised again in the thread that waits
            self._error = error
        finally:
            if self._is_validated is not None:
                self._is_validated.set()

    def accept(self) -> None:
        """Treat the request and its response as valid, because both were validated before without findings."""
        from dynacli.validation.finding import ValidationResult

        self.has_begun = self._is_accepted = True
        self.validation = ValidationResult(is_accepted=True)

    def check(self) -> None:
        """Wait for the validation of the request.

        Raises:
            UsageError: The request does not match the document.
        """
        if self._is_validated is not None:
            self._is_validated.wait()
        if self._error is not None:
            raise self._error
        if all(finding.rule in _ALLOWED for finding in self.validation.findings):
            return
        from dynacli.client.responses.validation_text import validation_json

        raise UsageError(
            "The document does not allow this request",
            reason=self.findings_text(),
            hint="Fix it, or send it anyway with `--validate off`",
            **validation_json(self.described.api, self.validation),
        )

    def validate_response(self, response: ValidatedResponse) -> ValidationResult:
        """Return the validation result of the response."""
        if self._is_accepted:
            return self.validation
        if self._thread is not None:
            self._thread.join()
        if self._error is not None:
            raise self._error
        return self.validator.response(response)

    def findings_text(self) -> str:
        """Return the findings in the request, each with the invalid part of the request."""
        from dynacli.client.responses.validation_text import Evidence, findings_text

        operation = self.described.operation
        evidence = Evidence.of_request(
            operation.method, operation.path, self._request, self._values.media_type
        )
        return findings_text(
            self.described.api, self.validation.findings, evidence, self._settings.is_verbose
        )


def validated_request(request: Request, values: CallValues) -> ValidatedRequest:
    """Return the parts of a request that are validated."""
    from urllib.parse import unquote

    from dynacli.validation.validated_messages import ValidatedRequest

    # Query pairs that the configuration adds to all calls are not validated.
    defaults = {pair.name for pair in values.query if pair.is_default} if values.query else ()
    return ValidatedRequest(
        path={name: unquote(text) for name, text in request.parts.path.items()},
        query=[(pair.name, pair.value) for pair in request.parts.query if pair.name not in defaults],
        headers=request.parts.headers,
        cookies=[(pair.name, pair.value) for pair in request.parts.cookies],
        media_type=values.media_type,
        body=_validated_body(values),
        values=values.parameters,
        querystring=request.parts.querystring,
    )


def _validated_body(values: CallValues) -> Any:
    """Return the body for validation. Files are replaced by their sizes, since they are read while sending."""
    body = values.body
    if isinstance(body, bytes | None) and values.form is None:
        return body
    from dynacli.openapi.schema.evaluation.schema_error import BinaryText
    from dynacli.validation.read_body import FormValue, UnreadBody

    def text(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: text(item) for name, item in value.items()}
        if isinstance(value, list):
            return [text(item) for item in value]
        return value if isinstance(value, str | int | float | None) else BinaryText(value.size)

    if values.form is not None:
        form = text(values.form)
        if isinstance(form, dict):  # a form omits members that are null
            form = {name: item for name, item in form.items() if item is not None}
        return FormValue(form)
    size = None if isinstance(body, bytes | None) else body.length
    return b"" if size == 0 else UnreadBody(size)
