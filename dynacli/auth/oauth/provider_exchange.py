"""One exchange with whoever gives tokens: small, short, never redirected."""

from collections.abc import Sequence
from urllib.parse import urlencode

from dynacli.auth.oauth.oauth_flow import SignInContext, check_endpoint
from dynacli.environment import invocation
from dynacli.errors import AuthError, RefusedError
from dynacli.http.built_request import Request
from dynacli.http.encodings import BadEncodingError, TooLargeError
from dynacli.http.exchange import REDIRECTS, OneContext
from dynacli.http.send import Answer, Budget, Pieces, send
from dynacli.record import record
from dynacli.urls import without_query

__all__ = ["ProviderAnswer", "ask_provider", "exchange"]

_MAX_BYTES = 1024 * 1024


@record
class ProviderAnswer:
    """An answer of a provider; its body may hold secrets."""

    status: int
    media_type: str
    body: bytes


def ask_provider(
    url: str,
    role: str,
    context: SignInContext,
    form: Sequence[tuple[str, str]] | None = None,
    *,
    authorization: str = "",
) -> ProviderAnswer:
    """Send a form to an endpoint of a provider, or fetch what is there, and return the answer.

    Args:
        role: What the endpoint is for, as messages say it: `token endpoint`.
        form: The names and values to send; None for a GET.
        authorization: The value of the header `Authorization`; empty for none.

    Raises:
        AuthError: The answer is too large, or cannot be read.
        NetworkError: The connection failed or broke.
        RefusedError: The URL may not be used, or the endpoint redirects.
        TimedOutError: The time was used up.
        UsageError: A proxy or certificate variable of the environment is malformed.
    """
    check_endpoint(url, role)
    headers = [("Accept", "application/json")]
    if form is not None:
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    if authorization:
        headers.append(("Authorization", authorization))
    content = None if form is None else urlencode(form).encode("ascii")
    method = "GET" if form is None else "POST"
    return exchange(method, url, f"provider's {role}", context, headers, content)


def exchange(
    method: str,
    url: str,
    role: str,
    context: SignInContext,
    headers: Sequence[tuple[str, str]],
    content: bytes | None,
) -> ProviderAnswer:
    """Send a request that gets a token, and return the answer.

    Args:
        role: What the URL is for, as messages say it behind "the".
        content: The body; None for none.

    Raises:
        AuthError: The answer is too large, or cannot be read.
        NetworkError: The connection failed or broke.
        RefusedError: The server redirects.
        TimedOutError: The time was used up.
        UsageError: A proxy or certificate variable of the environment is malformed.
    """

    def receive(_: Answer, pieces: Pieces) -> bytes:
        try:
            return pieces.whole(_MAX_BYTES)
        except TooLargeError:
            raise _unreadable(url, role, "it is larger than 1 MiB") from None
        except BadEncodingError as error:
            raise _unreadable(url, role, str(error)) from None

    request = Request(method, url, tuple(headers), content)
    budget = Budget(context.timeout, follow=lambda *_: None)
    answer = send(request, budget, receive=receive, tls=OneContext(context.tls))
    if answer.status in REDIRECTS:
        raise RefusedError(
            f"The {role} `{without_query(url)}` redirects, which is not followed",
            why="Secrets go to the address that was accepted, and to no other",
            hint=f"If the document is wrong, an overlay can correct it: `{invocation('help overlays')}`",
        )
    return ProviderAnswer(answer.status, answer.header("content-type"), answer.body)


def _unreadable(url: str, role: str, why: str) -> AuthError:
    return AuthError(f"The answer of the {role} `{without_query(url)}` cannot be read", why=why)
