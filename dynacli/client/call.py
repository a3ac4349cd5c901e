"""The call: values → request → credentials → verdict → sending → verdict → output."""

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from dynacli.client.call_request import request_of
from dynacli.client.validation_settings import Settings, settings_of
from dynacli.commands.call.collect_values import Values, collect_values
from dynacli.commands.operation_command import Given, OperationCommand
from dynacli.commands.run import Run
from dynacli.errors import AuthError, DynacliError, RefusedError, UsageError
from dynacli.request.built_request import Request

if TYPE_CHECKING:
    from dynacli.commands.call.receive_response import Reception

__all__ = ["make_call", "timeout_of"]

MAX_TIMEOUT = 1e6
SHOWN = 1024 * 1024
"""Bytes up to which `--dry-run json` reads the files of a body."""


def make_call(run: Run, command: OperationCommand, given: Given) -> None:
    """Make one call, or show it.

    Raises:
        DynacliError: Whatever ends it; the exit code is the error's.
    """
    from dynacli.output.render import check_format

    check_format(run.output_format)
    settings = settings_of(run, command.api)
    with _reported(run, command, settings):
        _make(run, command, given, settings)


def _reported(run: Run, command: OperationCommand, settings: Settings) -> AbstractContextManager[None]:
    if not run.option("report"):
        return nullcontext()
    from dynacli.commands.call.call_report import reported

    return reported(run, command, settings)


def _make(run: Run, command: OperationCommand, given: Given, settings: Settings) -> None:
    timeout = timeout_of(run)
    values = collect_values(run, command, given, is_strict=settings.level != "off")
    try:
        request = request_of(run, command, values)
        if run.option("dry_run"):
            _show(run, command, values, request, settings)
        else:
            _send(run, command, values, request, settings, timeout)
    except BaseException:
        if values.draft is not None:
            run.warn(values.draft.kept())
        raise
    if values.draft is not None:
        values.draft.discard()


def timeout_of(run: Run) -> float | None:
    """Return the seconds that a call may take; None where nothing was said.

    Raises:
        UsageError: It is no time limit.
    """
    text = run.option("timeout")
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < MAX_TIMEOUT:
        raise UsageError(f"`{text}` is no time limit", hint="Give seconds, for example `--timeout 2.5`")
    return seconds


def _show(run: Run, command: OperationCommand, values: Values, request: Request, settings: Settings) -> None:
    from dynacli.client.sign_request import sign, unsigned
    from dynacli.output.render import write_body, write_data
    from dynacli.request import preview

    try:
        signed = sign(run, command.api, command.operation, request, may_ask=False)
    except (AuthError, RefusedError) as error:
        run.warn(f"{error.what}; the request is shown without it")
        signed = unsigned(run, command.operation, request)
    if settings.level != "off":
        from dynacli.client.validate_call import Judging
        from dynacli.commands.call.conclude_call import conclude_request

        judging = Judging(command, request, values, settings)
        judging.run()
        try:
            judging.gate()
        except UsageError as error:
            raise signed.masker.mask_error(error) from error.__cause__
        judging.warn(run, signed.masker)
        conclude_request(run, command, signed.masker, judging.asked, settings)
    shown = signed.request if run.option("show_secrets") else signed.shown
    if not isinstance(shown.body, bytes | None):
        shown = _with_body(run, shown, str(run.option("dry_run")))
    form = str(run.option("dry_run"))
    is_file = run.output_format.startswith("@")
    if form == "json":
        is_data = is_file or run.output_format == "yaml"
        write_data(run.env, preview.as_json(shown), run.output_format if is_data else "json", None)
        return
    text = preview.as_curl(shown) + "\n" if form == "curl" else preview.as_http(shown)
    write_body(
        run.env,
        text.encode("utf-8", "surrogateescape"),
        "text/plain; charset=utf-8",
        run.output_format if is_file else "auto",
    )


def _with_body(run: Run, request: Request, form: str) -> Request:
    """Return a request with its body read, where it is small and shown as it is.

    Raises:
        FileError: A file of it cannot be read.
    """
    from dynacli.request.curl import payload_words
    from dynacli.request.payload import Payload

    if not isinstance(request.body, Payload):
        return request
    if form == "http" or (form == "curl" and payload_words(request.body) is not None):
        return request  # there a file is named
    content = request.body.whole(SHOWN)
    if content is None:
        run.warn(f"The body is over {SHOWN // 1024 // 1024} MiB: what is shown names its files")
        return request
    return request._replace(body=content)


def _send(
    run: Run,
    command: OperationCommand,
    values: Values,
    request: Request,
    settings: Settings,
    timeout: float | None,
) -> None:
    judging: Any = None
    if settings.level != "off":
        from dynacli.client.validate_call import Judging

        judging = Judging(command, request, values, settings)
    from dynacli.client.sign_request import sign

    signed = sign(run, command.api, command.operation, request, may_ask=True)
    if judging is not None:
        # First, because httpx and openapi-core are each imported with stand-ins for what neither needs of the other:
        # from here on the one connects while the other is imported.
        import dynacli.wire.import_httpx  # noqa: F401

        judging.start()
    from dynacli.commands.call.receive_response import Reception

    reception = Reception(
        run, signed, judging, is_exact=settings.level == "exact", has_time=timeout is not None
    )
    try:
        answer = _exchange(run, signed, judging, timeout, reception)
        verdict = reception.finish(answer)
        from dynacli.commands.call.conclude_call import conclude

        asked = judging.asked if judging is not None else None
        conclude(run, command, signed, answer, verdict, settings, asked, reception.unwritten)
    except BrokenPipeError:
        raise
    except BaseException as error:
        if not reception.is_finished and reception.verdict is not None:
            from dynacli.commands.call.conclude_call import tell_so_far

            tell_so_far(run, command, signed, reception.answer, reception.verdict, settings)
        if not isinstance(error, DynacliError):
            raise
        raise signed.masker.mask_error(error) from error.__cause__


def _exchange(run: Run, signed: Any, judging: Any, timeout: float | None, reception: "Reception") -> Any:
    from dynacli.transport.send import Budget, send

    def gate() -> None:
        if judging is not None:
            judging.gate()
            judging.warn(run, signed.masker)
        # From here on the request may be on its way; nothing is tried again behind the person's back.
        run.has_sent = True
        if run.option("verbose"):
            from dynacli.commands.call.message_heads import show_request

            show_request(run, signed)

    try:
        return send(signed.request, Budget(timeout), gate, reception.receive)
    except DynacliError:
        if judging is not None and not run.has_sent:
            # Nothing was sent, so what is wrong with the request comes first, whatever the network does.
            judging.gate()
        raise
