"""A request as it was built is held against the policy again: it may be taken for more than its operation says.

A server may read another method in it, and another operation in the spelling of its path; and any name of an API leads
to the same server. If it is in doubt what a server reads, the strictest reading counts.
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
"""The end of the name, without its punctuation, of a header by which some servers take a request for another path.

`X-Original-URL` and `X-Rewrite-URL` (IIS, Symfony, Zend), `X-Forwarded-Uri`, `X-Envoy-Original-Path`, `PATH_INFO`.
"""
_PREFIX = re.compile(r"(?:scriptname|prefix|basepath)$")
"""The same for what servers take away from the path: `SCRIPT_NAME` (gunicorn), `X-Forwarded-Prefix`."""


def permit_request(
    described: DescribedOperation,
    settings: CallSettings,
    request: Request,
    base: str,
    *,
    is_whole: bool = True,
) -> None:
    """Let a request be sent if the policy does, whatever a server may take it for, and wherever it goes.

    Only a call that something binds has to be looked at: a policy, that of another API, or `reads_only_by`.

    Args:
        base: The URL that the path of the operation stands after.
        is_whole: Whether the body is there; false for one that is too large to be looked at.

    Raises:
        RefusedError: The policy denies it, that of another API does, or no one agreed.
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
    """Let a redirect be followed if the policy lets its request be sent: often an input says where it leads.

    No one is asked while a call is made: what is to be confirmed is refused, unless the person has agreed to the call.

    Args:
        request: The one that the redirect leads to.
        base: The URL that the path of the operation stands after.

    Raises:
        RefusedError: The policy denies it, or that of another API does.
    """
    consent = Consent(is_given=settings.consent.is_given, is_required=settings.consent.is_required)
    consent.agreed = settings.consent.agreed
    server = server_of(request.url)
    if server not in map(server_of, (base, *documented_bases(described.api))):
        settings = replace(settings, policy=None)  # it is about paths below the servers of this API
    try:
        permit_request(described, replace(settings, consent=consent), request, base)
    except RefusedError as error:
        path = visible(split_url(request.url).path, keep="")
        error.message = f"`{described.operation.name}` redirects to `{path}`, and that is not followed"
        raise


def _permit_in_doubt(
    described: DescribedOperation,
    settings: CallSettings,
    request: Request,
    methods: Mapping[str, str],
    sent: Sent,
) -> None:
    """Let a request be sent that may ask for any method: only if no policy is about one of them.

    Args:
        methods: Method → why the request may ask for it.

    Raises:
        RefusedError: A policy is, or only operations are called that read.
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
    """Yield the path of a request below each base URL of its server that it may belong to, in all readings."""
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
