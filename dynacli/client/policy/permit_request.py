"""Policies for built requests, which a server may take for other operations than the called one.

A header or a field may override the method, the spelling of a path may lead to another operation, and several APIs may
share a server. In doubt, the strictest decision counts.
"""

import re
from collections.abc import Iterator, Mapping

from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.policy.other_policies import documented_bases
from dynacli.client.policy.permission import check_that_it_reads, decision_on, obey
from dynacli.client.policy.policy_rules import ALLOWED
from dynacli.client.readings import ANY_METHOD, Sent, SentValues, methods_in, overrides_of, readings_of
from dynacli.environment import Consent
from dynacli.errors import RefusedError
from dynacli.http.built_request import Request
from dynacli.record import replace
from dynacli.text.terminal import visible
from dynacli.urls import server_of, split_url

_OTHER_PATH = re.compile(r"(?:url|uri|path|pathinfo)$")
"""End of the name, without punctuation, of headers with which some servers replace the path.

`X-Original-URL` and `X-Rewrite-URL` (IIS, Symfony, Zend), `X-Forwarded-Uri`, `X-Envoy-Original-Path`, `PATH_INFO`.
"""
_PREFIX = re.compile(r"(?:scriptname|prefix|basepath)$")
"""The same for headers that remove a prefix of the path: `SCRIPT_NAME` (gunicorn), `X-Forwarded-Prefix`."""


def permit_request(
    described: DescribedOperation,
    settings: CallSettings,
    request: Request,
    base: str,
    *,
    is_whole: bool = True,
) -> None:
    """Refuse a request unless the policies allow every operation for which a server may take it.

    Call this only if there is a policy, a policy of another API, or `reads_only_by`.

    Args:
        base: Base URL of the operation.
        is_whole: False if the body is too large to be searched.

    Raises:
        RefusedError: A policy denies the request, or it was not confirmed.
    """
    asked, doubt = overrides_of(request, is_whole=is_whole)
    values = SentValues(request, is_whole=is_whole)
    sent = Sent(tuple(dict.fromkeys(_paths(described, request, base, values))), values)
    settings.permit(described, asked, sent)
    if settings.others is not None:
        settings.others.permit(described, settings.consent, request, asked, sent.values)
    if doubt:
        methods = dict.fromkeys((*ANY_METHOD, *methods_in(described.api.catalog)), doubt)
        _permit_in_doubt(described, settings, request, methods, sent)


def permit_redirect(
    described: DescribedOperation, settings: CallSettings, request: Request, base: str
) -> None:
    """Refuse a redirect unless the policies allow its request. Inputs often decide where a redirect goes.

    dynacli does not ask during a call: a request that needs confirmation is refused, unless the call was confirmed.

    Args:
        request: Request to the target of the redirect.
        base: Base URL of the operation.

    Raises:
        RefusedError: A policy denies the request.
    """
    consent = Consent(is_given=settings.consent.is_given, is_required=settings.consent.is_required)
    consent.agreed = settings.consent.agreed
    server = server_of(request.url)
    if server not in map(server_of, (base, *documented_bases(described.api))):
        settings = replace(settings, policy=None)  # the policy is for paths on the servers of this API
    try:
        permit_request(described, replace(settings, consent=consent), request, base)
    except RefusedError as error:
        path = visible(split_url(request.url).path, keep="")
        error.message = f"The redirect of `{described.operation.name}` to `{path}` is not followed"
        raise


def _permit_in_doubt(
    described: DescribedOperation,
    settings: CallSettings,
    request: Request,
    methods: Mapping[str, str],
    sent: Sent,
) -> None:
    """Refuse a request with an unclear method, unless all methods are allowed.

    Args:
        methods: Method → reason why the request may be executed with it.

    Raises:
        RefusedError: A policy restricts one of the methods, or only read-only operations are allowed.
    """
    bounds = settings.bounds
    if bounds.reads_only_by:
        check_that_it_reads(described, bounds, methods)
    decisions = [decision_on(described, bounds, methods, sent)]
    if settings.others is not None:
        decisions.append(settings.others.decision(request.method, request.url, methods, sent.values))
    for decision in decisions:
        if decision.effect != ALLOWED:
            obey(decision, described, bounds.consent, methods)


def _paths(described: DescribedOperation, request: Request, base: str, values: SentValues) -> Iterator[str]:
    """Yield the paths of a request, relative to each base URL of its server, in all spellings."""
    server = server_of(base)
    bases = [base, *(url for url in documented_bases(described.api) if server_of(url) == server)]
    own, others = split_url(request.url).path, list(values.routes())
    for name, value in request.headers:
        plain = re.sub("[^a-z]", "", name.lower())
        if _OTHER_PATH.search(plain):
            others.append("/" + value.partition("://")[2].partition("/")[2] if "://" in value else value)
        if value.strip("/") and _PREFIX.search(plain):
            others.append(own.partition(value.rstrip("/"))[2])
    paths = [reading for path in (own, *others) for reading in readings_of(path)]
    for below in dict.fromkeys(split_url(base).path.rstrip("/") for base in bases):
        behind = [path[len(below) :] for path in paths if path.startswith(f"{below}/")]
        yield from (reading for path in behind for reading in readings_of(path))
    yield from (reading for path in others for reading in readings_of(path))
