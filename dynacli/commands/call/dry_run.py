"""`--dry-run`: build, sign and validate the request of a call as usual, and print it instead of sending it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dynacli.client.call import Call
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.commands.run import Run
from dynacli.errors import DynacliError, UsageError
from dynacli.options.standard_options import UNNAMED, Options

if TYPE_CHECKING:
    from dynacli.client.sign_request import Signed
    from dynacli.commands.call.call_report import CallReport
    from dynacli.http.built_request import Request
    from dynacli.output.har import HarCall
    from dynacli.secrets import Masker

_MAX_SHOWN = 1024 * 1024
"""Maximum size of the files of a body, for formats that show their contents."""


def engine_of_dry_run(run: Run, settings: CallSettings) -> Engine:
    """Return the engine of a dry run. It warns if the credential is missing, and prints the request without it."""

    def warn(error: DynacliError) -> None:
        run.warn("\n".join(filter(None, (f"{error.message}; the request is shown without it", error.hint))))

    return Engine(run.env, settings, on_unsigned=warn)


def show_request(
    run: Run,
    engine: Engine,
    described: DescribedOperation,
    inputs: CallInputs,
    report: CallReport | None,
) -> None:
    """Print the request in the requested format, with its secrets masked.

    Args:
        engine: The engine of a dry run.

    Raises:
        UsageError: The request does not match the document.
        FileError: A file of the body cannot be read.
    """
    from dynacli.output.render import write_content, write_data

    call = engine.prepare(described, inputs, is_checked=False)
    form = _dry_run_format(run.options)
    shown, masker = _masked_request(run, call, form)
    if call.validating is not None:
        from dynacli.commands.call.conclude_call import conclude_request, warn_of_request

        try:
            call.check_request()
        except UsageError as error:
            raise masker.mask_error(error) from error.__cause__
        warn_of_request(run, call.validating, masker, report)
        conclude_request(run, described, call.validating.validation, masker, engine.settings, report)
    # The filter and the columns apply to a response, not to a request.
    output = run.output_format()
    if form in {"json", "inputs"}:
        output = output.unfiltered(output.format if output.format == "yaml" else "json")
        write_data(run.env, _data(run.options, call, shown, masker, form), output)
        return
    if form == "body":
        if shown.body is None:
            run.note("The request has no body")
        write_content(run.env, _whole_body(shown), shown.header("content-type") or "", output.unfiltered())
        return
    text = _request_text(run, [(described, call.signed, shown)], form)
    write_content(
        run.env, text.encode("utf-8", "surrogateescape"), "text/plain; charset=utf-8", output.unfiltered()
    )


def show_requests(run: Run, calls: Iterable[Call]) -> None:
    """Print the requests of many calls: one line each as JSON, one archive as HAR.

    Raises:
        FileError: A file of a body cannot be read, or the requests cannot be written.
    """
    from dynacli.output.standard_output import written_text
    from dynacli.output.written_items import written_items
    from dynacli.text.terminal import visible

    form, output = _dry_run_format(run.options), run.data_format
    if form in {"json", "inputs"}:
        as_items = output.unfiltered(output.format if output.format == "yaml" else "ndjson")
        with written_items(run.env, as_items) as write_item:
            for call in calls:
                write_item(_data(run.options, call, *_masked_request(run, call, form), form))
        return
    requests = ((call.described, call.signed, _masked_request(run, call, form)[0]) for call in calls)
    with written_text(run.env, output.unfiltered()) as write:
        for number, group in enumerate([requests] if form == "har" else ([request] for request in requests)):
            text = _request_text(run, group, form)
            # A curl command is one line, and so is most JSON. Other texts need an empty line between them.
            apart = "\n" if number and form not in {"body", "curl"} else ""
            write(apart + (visible(text) if run.env.stdout_is_terminal else text))


def _data(options: Options, call: Call, shown: Request, masker: Masker, form: str) -> dict[str, Any]:
    """Return a request, or its inputs, as data."""
    if form == "inputs":
        from dynacli.commands.call.whole_inputs import inputs_json

        return inputs_json(call, masker, shows_secrets=options.show_secrets)
    from dynacli.request.preview import as_json

    return as_json(shown)


def _whole_body(request: Request) -> bytes:
    """Return the body of a request.

    Raises:
        UsageError: The body is too large to print.
    """
    if isinstance(request.body, bytes | None):
        return request.body or b""
    raise UsageError(
        f"The body is over {_MAX_SHOWN // 1024 // 1024} MiB, and is not printed",
        hint="`--dry-run` without a format names its files",
    )


def _dry_run_format(options: Options) -> str:
    form = options.dry_run
    return "http" if form == UNNAMED else form


def _masked_request(run: Run, call: Call, form: str) -> tuple[Request, Masker]:
    """Return a request as a format may show it, and the masker of its secrets."""
    from dynacli.client.secret_names import without_passwords

    signed, shows_secrets = call.signed, run.options.show_secrets
    request = signed.request if shows_secrets else signed.shown
    if not isinstance(request.body, bytes | None):
        request = _with_body(run, request, form)
    masked, masker = without_passwords(call.described, call.values, request)
    return request if shows_secrets else masked, signed.masker.joined(masker)


def _request_text(run: Run, requests: Iterable[tuple[DescribedOperation, Signed, Request]], form: str) -> str:
    """Return the text of a request in any format but JSON. HAR takes any number of requests."""
    from dynacli.request import preview

    if form == "body":
        ((_, _, request),) = requests
        return _whole_body(request).decode("utf-8", "surrogateescape").rstrip("\n") + "\n"
    if form == "har":
        from dynacli.output.har import har_of

        if run.options.show_secrets:
            run.note("HAR never contains credentials; `--dry-run curl` shows them")
        return har_of([_har_call(described, request) for described, _, request in requests])
    ((_, signed, request),) = requests
    if form == "curl":
        return _curl(run.options, signed, request)
    if form == "python":
        from dynacli.request.request_code import python_code

        return python_code(request)
    return preview.as_http(request)


def _har_call(described: DescribedOperation, request: Request) -> HarCall:
    from time import time

    from dynacli.output.har import HarCall

    body = request.body if isinstance(request.body, bytes) else None
    size = -1 if body is None and request.body is not None else len(body or b"")
    name = described.operation.name
    return HarCall(name, time(), 0.0, request.method, request.url, request.headers, body, size)


def _curl(options: Options, signed: Signed, request: Request) -> str:
    """Return the curl command. curl handles challenges and client certificates itself."""
    from dynacli.request.preview import as_curl

    logins = [login for login in (signed.login, signed.tls) if login is not None]
    words = [word for login in logins for word in login.curl_words(shows_secrets=options.show_secrets)]
    if signed.login is not None:
        headers = (pair for pair in request.headers if pair[0].lower() != "authorization")
        request = request._replace(headers=tuple(headers))
    return as_curl(request, words) + "\n"


def _with_body(run: Run, request: Request, form: str) -> Request:
    """Return a request with the files of its body read, if they are small and the format shows their contents.

    Raises:
        FileError: A file of the body cannot be read.
    """
    from dynacli.http.payload import Payload
    from dynacli.request.request_code import payload_words

    if not isinstance(request.body, Payload):
        return request
    is_named = form in {"http", "inputs"} or (form == "curl" and payload_words(request.body) is not None)
    if form == "python":
        from dynacli.request.request_code import has_code

        is_named = has_code(request.body)
    if is_named:
        return request  # these formats print the name of the file
    content = request.body.whole(_MAX_SHOWN)
    if content is None:
        run.warn(f"The body is over {_MAX_SHOWN // 1024 // 1024} MiB, so its files are named instead of read")
        return request
    return request._replace(body=content)
