"""The call: values → request → credentials → verdict → sending → verdict → output."""

import threading
from typing import Any

from dynacli.catalog.model import Server
from dynacli.commands.inputs import Values, collect_values
from dynacli.commands.operation import Given, OperationCommand
from dynacli.commands.run import Run
from dynacli.errors import DynacliError, HttpError, MismatchError, UsageError
from dynacli.request.build import build_request, check_header
from dynacli.request.model import Request
from dynacli.request.servers import choose_server, origin_of

__all__ = ["make_call"]


def make_call(run: Run, command: OperationCommand, given: Given) -> None:
    """Make one call, or show it.

    Raises:
        DynacliError: Whatever ends it; the exit code is the error's.
    """
    from dynacli.output.render import check_format

    check_format(run.output_format)
    level = str(run.option("validate", "warn"))
    values = collect_values(run, command, given, is_strict=level != "off")
    request = _request(run, command, values)
    if run.option("dry_run"):
        _dry_run(run, command, values, request, level)
        return
    signed, secrets = _signed(run, command, request)
    _send(run, command, values, signed, secrets, level)


def _request(run: Run, command: OperationCommand, values: Values) -> Request:
    operation, api = command.operation, command.api
    servers = operation.servers or tuple(Server(**one) for one in api.catalog.meta["servers"])
    base_url = choose_server(
        servers,
        api.uri,
        str(run.option("server", "")),
        _pairs(run.option("server_var", ()), "=", "--server-var"),
    )
    headers = list(_pairs(run.option("header", ()), ":", "--header").items())
    for name, value in headers:
        check_header(name, value)
    return build_request(operation, base_url, values.parameters, values.body, values.media_type, headers)


def _pairs(words: Any, separator: str, option: str) -> dict[str, str]:
    pairs = {}
    for word in words:
        name, found, value = word.partition(separator)
        if not found or not name.strip():
            # The word may hold a secret: it is not repeated.
            raise UsageError(
                f"A value of {option} has no `{separator}`", hint=f"Write `{option} NAME{separator}VALUE`"
            )
        pairs[name.strip()] = value.strip()
    return pairs


def _signed(run: Run, command: OperationCommand, request: Request) -> tuple[Request, list[Any]]:
    """Return the request with its credentials, and the secrets in it."""
    operation, api = command.operation, command.api
    if not operation.security:
        return request, []
    from dynacli.auth.credentials import attach, find_credentials
    from dynacli.auth.origins import check_origin

    given = frozenset(name.lower() for name, _ in request.headers)
    credentials = find_credentials(operation.security, api.prefix, run.env.variables, given)
    if not credentials:
        return request, []
    origin = origin_of(request.url)
    accepted = {*api.origins, *(_origin_option(one) for one in run.option("accept_origin", ()))}
    server = str(run.option("server", ""))
    if "://" in server:
        accepted.add(origin_of(server))  # the person's own word for this call
    is_new = check_origin(origin, accepted, _asker(run), f"`--accept-origin {origin}`")
    if is_new and api.is_registered:
        from dynacli.catalog.apis import Configuration

        Configuration(run.env).edit(api.name, {"origins": [*api.origins, origin]})
    secrets = [part for credential in credentials for part in credential.parts]
    return attach(request, credentials), secrets


def _origin_option(text: str) -> str:
    try:
        origin = origin_of(text)
    except ValueError:
        origin = ""
    if not text.startswith(("http://", "https://")):
        raise UsageError(f"`{text}` is no origin", hint="Write it like `https://api.example.com`")
    return origin


def _asker(run: Run) -> Any:
    if (
        run.option("yes")
        or run.option("no_input")
        or not (run.env.stdin_is_terminal and run.env.stderr_is_terminal)
    ):
        return None

    def ask(origin: str) -> bool:
        from dynacli.output.terminal import visible

        run.env.stderr.write(f"Send the credential to {visible(origin)} from now on? [y/N] ")
        run.env.stderr.flush()
        return run.env.stdin.readline().strip().lower() in {"y", "yes"}

    return ask


def _dry_run(run: Run, command: OperationCommand, values: Values, request: Request, level: str) -> None:
    from dynacli.auth.secret import Masker
    from dynacli.errors import AuthError, RefusedError
    from dynacli.output.render import write_data
    from dynacli.request import preview

    secrets: list[Any] = []
    try:
        request, secrets = _signed(run, command, request)
    except (AuthError, RefusedError) as error:
        run.warn(f"{error.what}; the request is shown without it")
    if level != "off":
        _refuse_findings(_judge(command).request(_sent(request, values)), command)
    masker = Masker(() if run.option("show_secrets") else secrets)
    form = str(run.option("dry_run"))
    if form == "json":
        shown = preview.as_json(request, masker.mask)
        write_data(run.env, shown, _data_format(run), None)
        return
    text = (preview.as_curl if form == "curl" else preview.as_http)(request, masker.mask)
    _write_text(run, text if text.endswith("\n") else text + "\n")


def _data_format(run: Run) -> str:
    return "json" if run.output_format in {"auto", "raw", "text"} else run.output_format


def _write_text(run: Run, text: str) -> None:
    from dynacli.output.render import write_body

    write_body(run.env, text.encode("utf-8", "surrogateescape"), "text/plain; charset=utf-8", "auto")


class _Judging(threading.Thread):
    """openapi-core is imported and judges the request while the connection is made."""

    def __init__(self, command: OperationCommand, request: Request, values: Values) -> None:
        super().__init__(name="dynacli-judge", daemon=True)
        self._command, self._request, self._values = command, request, values
        self.judge: Any = None
        self._verdict: Any = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self.judge = _judge(self._command)
            self._verdict = self.judge.request(_sent(self._request, self._values))
        except BaseException as error:  # noqa: BLE001  - raised again in the thread that waits
            self._error = error

    def gate(self) -> None:
        """Let the request pass, or end the call.

        Raises:
            UsageError: The document does not allow the request.
        """
        self.join()
        if self._error is not None:
            raise self._error
        _refuse_findings(self._verdict, self._command)


def _judge(command: OperationCommand) -> Any:
    from dynacli.validation.judge import Judge

    return Judge(command.api.catalog, command.operation)


def _sent(request: Request, values: Values) -> Any:
    from urllib.parse import unquote

    from dynacli.validation.judge import Sent

    return Sent(
        path={name: unquote(text) for name, text in request.parts.path.items()},
        query=[(pair.name, pair.value) for pair in request.parts.query],
        headers=request.parts.headers,
        cookies=request.parts.cookies,
        media_type=values.media_type,
        body=values.body,
        values=values.parameters,
    )


def _refuse_findings(verdict: Any, command: OperationCommand) -> None:
    if verdict.is_valid:
        return
    from dynacli.commands.verdict import findings_json, findings_text

    raise UsageError(
        "The document does not allow this request",
        why=findings_text(command.api, verdict.findings),
        hint="Mend it, or send it all the same with `--validate off`",
        findings=findings_json(command.api, verdict.findings),
    )


def _send(
    run: Run, command: OperationCommand, values: Values, request: Request, secrets: list[Any], level: str
) -> None:
    judging = None if level == "off" else _Judging(command, request, values)
    if judging is not None:
        judging.start()
    from dynacli.auth.secret import Masker
    from dynacli.output.render import write_body
    from dynacli.transport.send import FILE_LIMIT, RENDER_LIMIT, Budget, send

    masker = Masker(secrets)
    budget = Budget(_timeout(run), FILE_LIMIT if run.output_format.startswith("@") else RENDER_LIMIT)
    if run.option("verbose"):
        _show_request(run, request, masker)
    # From here on the request may be on its way; nothing is tried again behind the person's back.
    run.has_sent = True
    answer = send(request, budget, judging.gate if judging is not None else None)
    if run.option("verbose"):
        _show_answer(run, answer, masker)
    verdict = None
    if judging is not None:
        from dynacli.validation.judge import Answered

        answered = Answered(answer.status, dict(answer.headers), answer.header("content-type"), answer.body)
        verdict = judging.judge.response(answered, is_exact=level == "exact")
    write_body(run.env, answer.body, answer.header("content-type"), run.output_format)
    _conclude(run, command, answer, verdict, level, masker)


def _conclude(
    run: Run, command: OperationCommand, answer: Any, verdict: Any, level: str, masker: Any
) -> None:
    from dynacli.commands.verdict import findings_json, findings_text, report_unchecked

    is_failing = level in {"strict", "exact"} and not run.option("no_fail")
    failure: DynacliError | None = None
    if not 200 <= answer.status < 300 and not run.option("no_fail"):
        failure = _http_error(command, answer, masker)
    if verdict is not None:
        report_unchecked(run, verdict)
        if not verdict.is_valid:
            what = "The answer breaks the document"
            text = masker.mask(findings_text(command.api, verdict.findings))
            if is_failing and failure is None:
                failure = MismatchError(what, why=text, findings=findings_json(command.api, verdict.findings))
            else:
                run.warn(f"{what}\n{text}")
    if failure is not None:
        raise failure


def _http_error(command: OperationCommand, answer: Any, masker: Any) -> HttpError:
    from dynacli.wire.failures import without_query

    reason = f" {answer.reason}" if answer.reason else ""
    hint = ""
    if answer.status in {401, 403} and command.operation.security:
        hint = "Check the credential: it may be wrong, expired, or without the right for this"
    elif 300 <= answer.status < 400 and answer.header("location"):
        hint = "The redirect was not followed: only safe methods are"
    return HttpError(
        answer.status,
        masker.mask(
            f"`{command.operation.method} {without_query(answer.url)}` answered {answer.status}{reason}"
        ),
        hint=hint,
    )


def _timeout(run: Run) -> float | None:
    text = run.option("timeout")
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < 1e6:
        raise UsageError(f"`{text}` is no time limit", hint="Give seconds, for example `--timeout 2.5`")
    return seconds


def _show_request(run: Run, request: Request, masker: Any) -> None:
    from dynacli.output.terminal import write_stderr

    lines = [f"> {request.method} {request.url}"]
    lines.extend(f"> {name}: {_shown(name, value)}" for name, value in request.headers)
    write_stderr(run.env, masker.mask("\n".join([*lines, ""])))


def _show_answer(run: Run, answer: Any, masker: Any) -> None:
    from dynacli.output.terminal import write_stderr

    lines = [f"< {status} {url}" for status, url in answer.hops]
    lines.append(f"< {answer.http_version} {answer.status} {answer.reason}".rstrip())
    lines.extend(f"< {name}: {_shown(name, value)}" for name, value in answer.headers)
    lines.append(f"* {len(answer.body)} bytes in {answer.seconds * 1000:.0f} ms")
    write_stderr(run.env, masker.mask("\n".join([*lines, ""])))


def _shown(name: str, value: str) -> str:
    from dynacli.auth.secret import MASK

    return MASK if name.lower() in {"authorization", "cookie", "set-cookie", "proxy-authorization"} else value
