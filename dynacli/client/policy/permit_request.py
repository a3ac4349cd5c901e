"""A request as it was built is held against the policy once more: it may be taken for more than its operation says.

A server may read another method in it, and another operation in the spelling of its path; and any name of an API leads
to the same server. If it is in doubt what a server reads, the strictest reading counts.
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.policy.method_overrides import ANY_METHOD, overrides_of
from dynacli.client.policy.other_policies import documented_bases
from dynacli.client.policy.path_readings import Sent, methods_in
from dynacli.request.built_request import Request
from dynacli.urls import server_of

__all__ = ["permit_request"]

_REWRITES = frozenset(("xoriginaluri", "xoriginalurl", "xrewriteurl"))
"""Headers by which some servers take a request for one of another path, without their punctuation."""


def permit_request(
    described: DescribedOperation,
    settings: CallSettings,
    request: Request,
    base: str,
    *,
    is_whole: bool = True,
) -> None:
    """Let a request be sent if the policy does, whatever a server may take it for, and wherever it goes.

    Args:
        base: The URL that the path of the operation stands behind.
        is_whole: Whether the body is there; false for one that is too large to be looked at.

    Raises:
        RefusedError: The policy denies it, that of another API does, or nobody agreed.
    """
    asked, doubt = overrides_of(request, is_whole=is_whole)
    sent = Sent(tuple(_paths(described, request, base)), dict(_values(request)))
    settings.permit(described, asked, sent)
    if settings.others is not None:
        settings.others.permit(described, settings, request, asked, sent.values)
    if doubt and (settings.policy is not None or settings.others is not None or settings.reads_only_by):
        from dynacli.client.policy.permission import permit_in_doubt

        methods = dict.fromkeys((*ANY_METHOD, *methods_in(described.api.catalog)), doubt)
        permit_in_doubt(described, settings, request, methods, sent)


def _paths(described: DescribedOperation, request: Request, base: str) -> Iterator[str]:
    """Yield the path of a request below each base URL of its server that it may belong to."""
    documented = documented_bases(described.api)
    bases = [base, *(url for url in documented if server_of(url) == server_of(base))]
    paths = [urlsplit(request.url).path]
    for name, value in request.headers:
        if re.sub("[^a-z]", "", name.lower()) in _REWRITES:
            paths.append("/" + value.partition("://")[2].partition("/")[2] if "://" in value else value)
    for below in dict.fromkeys(urlsplit(each).path.rstrip("/") for each in bases):
        yield from (path[len(below) :] for path in paths if path.startswith(f"{below}/"))
    yield from paths[1:]


def _values(request: Request) -> Iterator[tuple[tuple[str, str], str]]:
    for name, value in parse_qsl(urlsplit(request.url).query, keep_blank_values=True):
        yield ("query", name), value
    for name, value in request.headers:
        yield ("header", name.lower()), value
