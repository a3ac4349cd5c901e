"""The call: values → request → credentials → verdict → sending → verdict → output."""

from typing import Any

from dynacli.commands.inputs import Values, collect_values
from dynacli.commands.operation import Given, OperationCommand
from dynacli.commands.requests import request_of
from dynacli.commands.run import Run
from dynacli.errors import (
    AuthError,
    DynacliError,
    FileError,
    RefusedError,
    UsageError,
)
from dynacli.request.model import Request

__all__ = ["make_call"]

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
    timeout = _timeout(run)
    level = str(run.option("validate", "warn"))
    values = collect_values(run, command, given, is_strict=level != "off")
    try:
        request = request_of(run, command, values)
        if run.option("dry_run"):
            _show(run, command, values, request, level)
        else:
            _send(run, command, values, request, level, timeout)
    except BaseException:
        if values.draft is not None:
            run.warn(values.draft.kept())
        raise
    if values.draft is not None:
        values.draft.discard()


def _timeout(run: Run) -> float | None:
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


def _show(run: Run, command: OperationCommand, values: Values, request: Request, level: str) -> None:
    from dynacli.commands.signing import sign, unsigned
    from dynacli.output.render import write_body, write_data
    from dynacli.request import preview

    try:
        signed = sign(run, command.api, command.operation, request, may_ask=False)
    except (AuthError, RefusedError) as error:
        run.warn(f"{error.what}; the request is shown without it")
        signed = unsigned(run, command.operation, request)
    if level != "off":
        from dynacli.commands.judging import Judging

        judging = Judging(command, request, values)
        judging.run()
        judging.gate()
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
    level: str,
    timeout: float | None,
) -> None:
    judging: Any = None
    if level != "off":
        from dynacli.commands.judging import Judging

        judging = Judging(command, request, values)
    from dynacli.commands.signing import sign

    signed = sign(run, command.api, command.operation, request, may_ask=True)
    if judging is not None:
        # First, because httpx and openapi-core are each imported with stand-ins for what neither needs of the other:
        # from here on the one connects while the other is imported.
        import dynacli.wire.engine  # noqa: F401

        judging.start()
    try:
        answer = _exchange(run, signed, judging, timeout)
        _write(run, answer)
        verdict = None
        if judging is not None:
            from dynacli.validation.judge import Answered

            answered = Answered(
                answer.status, dict(answer.headers), answer.header("content-type"), answer.body
            )
            verdict = judging.judge.response(answered, is_exact=level == "exact")
        from dynacli.commands.outcome import conclude

        conclude(run, command, signed, answer, verdict, level)
    except DynacliError as error:
        raise signed.masker.mask_error(error) from error.__cause__


def _exchange(run: Run, signed: Any, judging: Any, timeout: float | None) -> Any:
    from dynacli.transport.send import FILE_LIMIT, RENDER_LIMIT, Budget, send

    is_verbose = bool(run.option("verbose"))

    def gate() -> None:
        if judging is not None:
            judging.gate()
        # From here on the request may be on its way; nothing is tried again behind the person's back.
        run.has_sent = True
        if is_verbose:
            from dynacli.commands.heads import show_request

            show_request(run, signed)

    budget = Budget(timeout, FILE_LIMIT if run.output_format.startswith("@") else RENDER_LIMIT)
    try:
        answer = send(signed.request, budget, gate)
    except DynacliError:
        if judging is not None and not run.has_sent:
            # Nothing was sent, so what is wrong with the request comes first, whatever the network does.
            judging.gate()
        raise
    if is_verbose:
        from dynacli.commands.heads import show_answer

        show_answer(run, signed, answer)
    return answer


def _write(run: Run, answer: Any) -> None:
    from dynacli.output.render import write_body

    try:
        write_body(run.env, answer.body, answer.header("content-type"), run.output_format)
    except UsageError as error:
        # An answer that cannot be written in this format; the code of wrong usage would say that nothing was sent.
        raise FileError(error.what, why=error.why, hint=error.hint) from error
