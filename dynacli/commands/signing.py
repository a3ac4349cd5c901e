"""The credentials of a call: found, held against the origin that they would go to, and put into the request."""

from collections.abc import Callable
from typing import NamedTuple

from dynacli.auth.credentials import attach, find_credentials, places_of
from dynacli.auth.origins import check_origin
from dynacli.auth.secret import MASK, Masker, Secret
from dynacli.auth.variables import Variables, prefix_of
from dynacli.catalog.apis import DEMO, Api, Configuration
from dynacli.catalog.model import Operation
from dynacli.commands.run import Run
from dynacli.request.model import Request
from dynacli.request.servers import origin_of, parse_origin

__all__ = ["Signed", "sign", "unsigned"]

_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})


class Signed(NamedTuple):
    """A request with its credentials.

    Args:
        request: As it is sent.
        shown: As a person may see it.
        masker: Takes its secrets out of whatever is printed.
        secret_headers: The names of headers whose values are not shown, in lower case.
    """

    request: Request
    shown: Request
    masker: Masker
    secret_headers: frozenset[str]


def unsigned(run: Run, operation: Operation, request: Request) -> Signed:
    """Return the request as it is; what the person gave as a credential with `-H` is masked all the same."""
    names = _SECRET_HEADERS | {
        scheme.parameter.lower()
        for alternative in operation.security
        for scheme in alternative
        if scheme.type == "apiKey" and scheme.location == "header"
    }
    given = {word.partition(":")[0].strip().lower() for word in run.option("header", ())}
    secrets: list[Secret] = []
    headers = []
    for name, value in request.headers:
        if name.lower() in names & given:
            word, space, rest = value.partition(" ")
            secrets.extend(Secret(one) for one in (value, rest) if one)
            headers.append((name, f"{word} {MASK}" if space and name.lower() == "authorization" else MASK))
        else:
            headers.append((name, value))
    return Signed(request, request._replace(headers=tuple(headers)), Masker(secrets), frozenset(names))


def sign(run: Run, api: Api, operation: Operation, request: Request, *, may_ask: bool) -> Signed:
    """Return the request with the credentials that its operation needs.

    Args:
        may_ask: Whether the person may be asked to accept a new origin.

    Raises:
        AuthError: There is none.
        RefusedError: It would go to an origin that nobody accepted.
    """
    plain = unsigned(run, operation, request)
    if not operation.security:
        return plain
    others = [prefix_of(name) for name in (*Configuration(run.env).apis(), DEMO)]
    variables = Variables(api.prefix, run.env.variables, others)
    credentials = find_credentials(operation.security, variables, places_of(request))
    if not credentials:
        return plain
    origin = origin_of(request.url)
    accepted = {*api.origins, *map(parse_origin, run.option("accept_origin", ()))}
    server = str(run.option("server", ""))
    if "://" in server:
        accepted.add(origin)  # the person's own word for this call
    is_new = check_origin(origin, accepted, _asker(run) if may_ask else None, f"`--accept-origin {origin}`")
    if is_new and api.is_registered:
        Configuration(run.env).edit(api.name, {"origins": [*api.origins, origin]})
    header = next((one for name, one in request.headers if name.lower() == "authorization"), "")
    given = [Secret(one) for one in (header, header.partition(" ")[2]) if one]
    return Signed(
        attach(request, credentials),
        attach(plain.shown, [one.masked() for one in credentials]),
        Masker([*given, *(part for one in credentials for part in one.parts)]),
        plain.secret_headers,
    )


def _asker(run: Run) -> Callable[[str], bool] | None:
    """Return what asks the person; None where nobody can be asked, or wants to be.

    `--yes` is no answer to this question: it says nothing about which origin.
    """
    if run.option("yes") or run.option("no_input"):
        return None
    if not (run.env.stdin_is_terminal and run.env.stderr_is_terminal):
        return None

    def ask(origin: str) -> bool:
        from dynacli.output.terminal import visible

        run.env.stderr.write(f"Send the credential to {visible(origin)} from now on? [y/N] ")
        run.env.stderr.flush()
        return run.env.stdin.readline().strip().lower() in {"y", "yes"}

    return ask
