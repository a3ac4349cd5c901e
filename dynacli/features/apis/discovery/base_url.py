"""The base URL of an API whose document names no server: trial calls show whether its paths start below the origin.

Without `servers` the base URL is the origin of the document (OpenAPI 3.2.0, "OpenAPI Object"). But frameworks that are
mounted below a path often leave out `servers`, too.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from dynacli.features.apis.discovery._probes import UnaskedLogin, calls_of, is_unknown_there
from dynacli.features.apis.discovery.discovered import FoundBase
from dynacli.features.apis.discovery.search_origin import TrialResponses
from dynacli.http.connections import Peers
from dynacli.openapi.document.fetched import SIGN_IN, DocumentLogin
from dynacli.urls import origin_of, split_url

_MOST_BASES = 4
"""Maximum number of base URLs to try besides the origin."""
_SECONDS = 3.0
"""The time limit of the trials, whether the server responds or not."""


def find_base(tree: Mapping[str, Any], uri: str, places: Iterable[str], login: DocumentLogin) -> FoundBase:
    """Return the base URL of a document without servers.

    Call up to two safe operations, at the origin and below each of a few paths, without a credential.

    Args:
        tree: The document; only its operations count.
        uri: The URL that it was fetched from.
        places: URLs that may be below the base URL: the given one, and the URL of the document.
        login: Certificates for the connections.
    """
    origin = origin_of(uri)
    calls = calls_of({"paths": tree.get("paths")}, uri)
    listed = (base for place in places if origin_of(place) == origin for base in _bases(place))
    bases = list(dict.fromkeys(listed))[:_MOST_BASES]
    if not calls or not bases:
        return FoundBase()
    end = time.monotonic() + _SECONDS
    urls = [f"{base}{call.path}" for base in (origin, *bases) for call in calls]
    heads = TrialResponses(Peers(), UnaskedLogin(login, {})).ask(urls, end, end)
    if not all(f"{origin}{call.path}" in heads for call in calls):
        return FoundBase()  # a slow server may know these paths
    for base in (origin, *bases):
        for call in calls:
            head = heads.get(f"{base}{call.path}")
            if head is None or is_unknown_there(call, head):
                continue
            # A gateway may ask for a credential before it looks at the path.
            return FoundBase() if base == origin and head.status in SIGN_IN else FoundBase(base, call.path)
    return FoundBase()


def _bases(url: str) -> list[str]:
    """Return a URL and the URLs above it, without trailing slashes and without the origin."""
    segments = [segment for segment in split_url(url).path.split("/") if segment]
    return [f"{origin_of(url)}/{'/'.join(segments[:count])}" for count in range(len(segments), 0, -1)]
