"""The verdict on a call: openapi-core is imported and judges the request while the connection is made."""

import threading
from typing import Any

from dynacli.client.validation_settings import Settings
from dynacli.commands.call.collect_values import Values
from dynacli.commands.operation_command import OperationCommand
from dynacli.commands.run import Run
from dynacli.errors import UsageError
from dynacli.request.built_request import Request

__all__ = ["Judging", "sent_of"]

_ALLOWED = frozenset({"undocumented-property"})
"""Rules by which a request holds more than the document mentions, and nothing that it forbids."""


class Judging(threading.Thread):
    """Judges a request, in a thread of its own once it is started.

    Attributes:
        judge: The judge of the answer, when the request was judged.
        asked: The verdict on the request.
    """

    def __init__(
        self, command: OperationCommand, request: Request, values: Values, settings: Settings
    ) -> None:
        super().__init__(name="dynacli-judge", daemon=True)
        self._command, self._request, self._values = command, request, values
        self._settings = settings
        self.judge: Any = None
        self.asked: Any = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Judge the request; for the thread, and for who does not want one."""
        try:
            from dynacli.validation.judge import Judge

            self.judge = Judge(self._command.api.catalog, self._command.operation)
            sent = sent_of(self._request, self._values)
            verdict = self.judge.request(sent, is_exact=self._settings.level == "exact")
            self.asked = self._settings.apply(verdict, self._command.operation)
        except BaseException as error:  # noqa: BLE001  - raised again in the thread that waits
            self._error = error

    def gate(self) -> None:
        """Let the request pass, or end the call.

        Raises:
            UsageError: The document does not allow the request.
        """
        if self.ident is not None:
            self.join()
        if self._error is not None:
            raise self._error
        if all(one.rule in _ALLOWED for one in self.asked.findings):
            return
        from dynacli.client.verdict_text import verdict_json

        raise UsageError(
            "The document does not allow this request",
            why=self._text(),
            hint="Mend it, or send it all the same with `--validate off`",
            **verdict_json(self._command.api, self.asked),
        )

    def warn(self, run: Run, masker: Any) -> None:
        """Say what a request that passed holds besides what the document mentions, which is asked for by `exact`.

        Args:
            masker: Takes its secrets out of whatever is printed.
        """
        if self.asked.is_valid or (run.report is not None and run.report.is_on_stderr):
            return
        details: dict[str, Any] = {}
        if run.error_format == "json":
            from dynacli.client.verdict_text import verdict_json

            details = masker.mask_value(verdict_json(self._command.api, self.asked))
        what = "The request holds what the document does not mention"
        run.warn(masker.mask(f"{what}\n{self._text()}"), **details)

    def _text(self) -> str:
        from dynacli.client.evidence import Evidence
        from dynacli.client.verdict_text import findings_text

        api, operation = self._command.api, self._command.operation
        evidence = Evidence.of_request(
            operation.method, operation.path, self._request, self._values.media_type
        )
        return findings_text(api, self.asked.findings, evidence)


def sent_of(request: Request, values: Values) -> Any:
    """Return a request as it is judged."""
    from urllib.parse import unquote

    from dynacli.validation.judge import Sent

    return Sent(
        path={name: unquote(text) for name, text in request.parts.path.items()},
        query=[(pair.name, pair.value) for pair in request.parts.query],
        headers=request.parts.headers,
        cookies=[(pair.name, pair.value) for pair in request.parts.cookies],
        media_type=values.media_type,
        body=_judged_body(values),
        values=values.parameters,
        querystring=request.parts.querystring,
    )


def _judged_body(values: Values) -> Any:
    """Return the body as it is judged: what is read only when it is sent, without that."""
    body = values.body
    if isinstance(body, bytes | None) and values.form is None:
        return body
    from dynacli.validation.bodies.read_forms import BinaryText, FormValue, UnreadBody

    def text(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: text(item) for name, item in value.items()}
        if isinstance(value, list):
            return [text(item) for item in value]
        return value if isinstance(value, str | int | float | None) else BinaryText(value.size)

    if values.form is not None:
        form = text(values.form)
        if isinstance(form, dict):  # null has no form, and so no part
            form = {name: item for name, item in form.items() if item is not None}
        return FormValue(form)
    size = None if isinstance(body, bytes | None) else body.length
    return b"" if size == 0 else UnreadBody(size)
