"""One exchange with whoever gives tokens: small, short, never redirected."""

from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

from dynacli.auth.oauth.oauth_flow import SignInContext, check_endpoint
from dynacli.environment import invocation
from dynacli.errors import AuthError, RefusedError
from dynacli.http.encodings import BadEncodingError, decode_chunks
from dynacli.http.exchange import REDIRECTS, Connections, open_client, run_within
from dynacli.http.failures import from_httpx
from dynacli.record import record
from dynacli.urls import without_query

__all__ = ["ProviderAnswer", "ask_provider", "exchange"]

_MAX_BYTES = 1024 * 1024
_CONNECT_SECONDS = 10.0


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
    from dynacli.http.import_httpx import httpx

    def check(size: int) -> None:
        if size > _MAX_BYTES:
            raise _unreadable(url, role, "it is larger than 1 MiB")

    def work(connections: Connections) -> ProviderAnswer:
        try:
            with open_client(
                urlsplit(url).scheme, connect=_CONNECT_SECONDS, read=context.timeout, context=context.tls
            ) as client:
                request = client.build_request(
                    method, url, headers=headers, content=content, extensions={"trace": connections.trace}
                )
                response = client.send(request, stream=True, auth=None)
                try:
                    connections.take_from(response.extensions)
                    encodings = response.headers.get_list("content-encoding", split_commas=True)
                    body = b"".join(decode_chunks(response.iter_raw(), encodings, check))
                finally:
                    response.close()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise from_httpx(error, url) from None
        except BadEncodingError as error:
            raise _unreadable(url, role, str(error)) from None
        return ProviderAnswer(response.status_code, response.headers.get("content-type", ""), body)

    answer = run_within(context.timeout, url, work)
    if answer.status in REDIRECTS:
        raise RefusedError(
            f"The {role} `{without_query(url)}` redirects, which is not followed",
            why="Secrets go to the address that was accepted, and to no other",
            hint=f"If the document is wrong, an overlay can correct it: `{invocation('help overlays')}`",
        )
    return answer


def _unreadable(url: str, role: str, why: str) -> AuthError:
    return AuthError(f"The answer of the {role} `{without_query(url)}` cannot be read", why=why)
