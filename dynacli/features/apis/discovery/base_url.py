"""The base URL of an API whose document names no server: trials show whether its paths are below the origin.

Without `servers` it is the origin of the document (OpenAPI 3.2.0, "OpenAPI Object"). Frameworks that are mounted below
a path often leave `servers` out, too.
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
"""How many base URLs are tried besides the origin."""
_SECONDS = 3.0
"""The time limit of the trials, whether the server responds or not."""


def find_base(tree: Mapping[str, Any], uri: str, places: Iterable[str], login: DocumentLogin) -> FoundBase:
    """Return where the paths of a document without servers start.

    Up to two safe operations are called, at the origin and below each of a few paths, all without a credential.

    Args:
        tree: The document; only its operations count.
        uri: The URL that it was fetched from.
        places: URLs that may be below the base URL: the one that was given, and that of the document.
        login: Has the certificates of the connections.
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
        return FoundBase()  # it may know them, and is slow
    for base in (origin, *bases):
        for call in calls:
            head = heads.get(f"{base}{call.path}")
            if head is None or is_unknown_there(call, head):
                continue
            # A gateway may ask for a credential before it looks at the path.
            return FoundBase() if base == origin and head.status in SIGN_IN else FoundBase(base, call.path)
    return FoundBase()


def _bases(url: str) -> list[str]:
    """Return a URL and those above it, without slashes at their ends; the origin is not among them."""
    segments = [segment for segment in split_url(url).path.split("/") if segment]
    return [f"{origin_of(url)}/{'/'.join(segments[:count])}" for count in range(len(segments), 0, -1)]
