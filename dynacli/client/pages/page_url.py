"""The request of a further page whose URL an answer gave."""

from collections.abc import Callable
from urllib.parse import quote, unquote_plus, urlsplit

from dynacli.client.call import base_url_of
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallValues
from dynacli.client.operation_at import operation_at
from dynacli.http.built_request import Request

__all__ = ["led_to"]


def led_to(
    url: str, described: DescribedOperation, settings: CallSettings, values: CallValues
) -> Callable[[Request], Request]:
    """Return what makes the request of a page of that of its inputs.

    A search that is made by POST goes on by POST at its own path, and where the document has one at the new path;
    elsewhere the URL is all that is needed.

    Args:
        url: The URL of the page.
        values: What the request is built of.
    """

    def adapt(request: Request) -> Request:
        path = urlsplit(url).path
        is_elsewhere = path != urlsplit(request.url).path
        if request.method == "POST" and is_elsewhere:
            base = urlsplit(base_url_of(described, settings)).path.rstrip("/")
            if operation_at(described.api.catalog, "POST", path.removeprefix(base)) is None:
                headers = tuple(pair for pair in request.headers if pair[0].lower() != "content-type")
                request = request._replace(method="GET", headers=headers, body=None)
        return request._replace(url=_with_own_keys(url, described, values))

    return adapt


def _with_own_keys(url: str, described: DescribedOperation, values: CallValues) -> str:
    """Return a URL without the API keys that a server repeats in it, and with those that were given as inputs.

    Those of the environment are added when the request is signed.
    """
    names = {name for location, name in described.operation.api_keys if location == "query"}
    if not names:
        return url
    parts = urlsplit(url)
    pairs = [pair for pair in parts.query.split("&") if pair]
    kept = [pair for pair in pairs if unquote_plus(pair.partition("=")[0]) not in names]
    given = [(name, values.parameters.get(("query", name))) for name in sorted(names)]
    kept += [
        f"{quote(name, safe='')}={quote(str(value), safe='')}" for name, value in given if value is not None
    ]
    return parts._replace(query="&".join(kept)).geturl()
