"""The candidates of a search: the well-known places and the URLs to ask for, in their stages, and their order."""

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.openapi.document.discovery.discovered import Lead, Role, Way

if TYPE_CHECKING:
    from dynacli.http.import_httpx import httpx

__all__ = [
    "BELOW",
    "CATALOG",
    "FIRST",
    "GIVEN",
    "SECOND",
    "USUAL",
    "Candidate",
    "SearchedOrigin",
    "later_stages",
    "places_of_host",
    "way_of",
]

CATALOG = ".well-known/api-catalog"
"""The path of an API catalog (RFC 9727, section 2)."""

FIRST = (
    "openapi.json",  # FastAPI, Huma, LoopBack, Connexion, APIFlask, flask-smorest
    "swagger.json",  # Flask-RESTX, hapi-swagger, Connexion 2, go-swagger
    "v3/api-docs",  # springdoc
    "swagger/v1/swagger.json",  # Swashbuckle, NSwag
    "openapi.yaml",
    "openapi",  # MicroProfile, Phoenix
    "v2/api-docs",  # Springfox
    "api-docs",  # swagger-jsdoc, rswag
    "openapi/v1.json",  # ASP.NET Core 9
    "docs",  # FastAPI's page
    "swagger/index.html",  # the page of Swashbuckle, NSwag, swaggo
    "swagger-ui/index.html",  # the page of springdoc
    "v3/api-docs/swagger-config",  # springdoc's groups
)
"""The paths to try under the path that was given, and under the root of the origin."""

BELOW = (
    "api/openapi.json",  # Django Ninja, Prefect, many others after `/api`
    "api/v1/openapi.json",
    "v1/openapi.json",
    "api/swagger.json",
)
"""The paths to try together with those under the root: if an application has its API below, it may serve a document
at the root, too, whose servers are not those of the API."""

SECOND = (
    "api/v1/swagger.json",
    "api/v1/swagger.yaml",
    "api/v1/openapi.yaml",
    "api/v2/swagger.json",
    "v1/swagger.json",
    "api/schema/",  # drf-spectacular
    "swagger/doc.json",  # swaggo
    "documentation/json",  # Fastify
    "api-json",  # NestJS
    "docs-json",  # NestJS, too
    "api-docs.json",
    "q/openapi",  # Quarkus
    "api/docs",  # the page of API Platform, Django Ninja
    "docs/openapi.json",  # Sanic
    "swagger.yaml",
    "openapi.yml",
    "apispec_1.json",  # Flasgger
    "schema/openapi.json",  # Litestar
    "doc",  # Hono
    "swagger",
    "api/openapi",  # Phoenix
    "redoc",
    "openapi/v2",  # Kubernetes
    ".well-known/openapi.json",
    "api-docs/openapi.json",  # utoipa
    "server/specs/oas",  # Directus
    "docs/api.json",  # Scramble
    "docs/api-docs.json",  # L5-Swagger
    "api/doc.json",  # NelmioApiDocBundle
    "swagger/docs/v1",  # Swashbuckle for ASP.NET Web API
    "api/spec.yaml",
    "api/spec.json",
    "api/openapi.yaml",
    "api/v1/full-spec",  # changedetection.io
    "api/v1/_openapi",  # Flask-AppBuilder, Superset
    "openapi/openapi.json",  # Flask-OpenAPI3
    "apidoc/openapi.json",  # SpecTree
    "_openapi.json",  # Nitro, Nuxt
)
"""The paths to try under the root if none of the first ones was a document."""

_ARMATURE = "api/armature/v1/openapi"
_ARMATURE_HOST = re.compile(
    r"(?:.+\.)?armature\.(?:app|tech)|127(?:\.\d{1,3}){3}|::1|localhost", re.IGNORECASE
)
"""The hosts of Armature, and those of its demo API, which runs on this machine."""


def places_of_host(host: str) -> tuple[str, ...]:
    """Return the paths to try before all others at a certain host: Armature's has its document at its own path."""
    return (_ARMATURE,) if _ARMATURE_HOST.fullmatch(host.rstrip(".")) else ()


_MAX_LENGTH = 2000
_NOT_IN_URLS = frozenset('<>{}|\\^`" ')
"""Characters that no URL has (RFC 3986, section 2); braces belong to templates."""
_DEFAULT_PORTS = {"http": 80, "https": 443}
_FILE = re.compile(r"\.[A-Za-z]{2,5}")


class _Address(NamedTuple):
    """The URL that a reference leads to.

    Args:
        url: An absolute URL without fragment.
        is_same_origin: Whether it is at the origin that the person named.
    """

    url: str
    is_same_origin: bool


class SearchedOrigin:
    """The origin that is searched (RFC 6454), and the URL of it that the person gave."""

    def __init__(self, url: str) -> None:
        """Make the origin of a URL.

        Raises:
            httpx.InvalidURL: The URL is malformed.
        """
        from dynacli.http.import_httpx import httpx

        parsed = httpx.URL(url).copy_with(fragment=None)
        self._url = parsed.copy_with(raw_path=parsed.raw_path)  # `/` if it has none
        self.url = str(self._url)
        self.host = self._url.host

    def at(self, path: str) -> str:
        """Return the URL of a path under the root of the origin; the path has no leading slash."""
        return str(self._url.copy_with(raw_path=f"/{path}".encode()))

    def prefix(self, *, is_page: bool) -> str:
        """Return the path that the API is under, for instance `api/v1/`, without leading slash.

        Args:
            is_page: Whether the given URL is that of a page of the API, rather than of the API itself. A last segment
                such as `index.html` is always a page; `v1.2` is not.
        """
        path = self._url.raw_path.decode().partition("?")[0]
        directory, _, last = path.rpartition("/")
        is_file = is_page or _FILE.fullmatch(last[max(last.rfind("."), 0) :])
        return f"{directory if is_file or not last else path}/".lstrip("/")

    def find(self, reference: str, base: str) -> _Address | None:
        """Return where a reference leads, or None if it cannot be followed.

        Args:
            reference: A URL or a relative reference, from anywhere.
            base: The URL that the reference is relative to.
        """
        from dynacli.http.import_httpx import httpx

        reference = reference.strip()
        if not reference or len(reference) > _MAX_LENGTH or not reference.isprintable():
            return None
        if not _NOT_IN_URLS.isdisjoint(reference):
            return None
        try:
            # ValueError: also the UnicodeError that httpx's library for international host names raises.
            target = httpx.URL(base).join(reference).copy_with(fragment=None)
            if target.scheme not in _DEFAULT_PORTS or not target.host or target.userinfo:
                return None
            target = self._encrypted(target)
            return _Address(str(target), _origin(target) == _origin(self._url))
        except (httpx.InvalidURL, ValueError):
            return None

    def has(self, url: str) -> bool:
        """Return whether an absolute URL is one of this origin."""
        address = self.find(url, url)
        return address is not None and address.is_same_origin

    def is_upgrade(self, location: str) -> bool:
        """Return whether a redirect leads from `http` to `https` of the same host."""
        address = self.find(location, self.url)
        if address is None or self._url.scheme != "http":
            return False
        from dynacli.http.import_httpx import httpx

        target = httpx.URL(address.url)
        return target.scheme == "https" and target.host == self._url.host

    def _encrypted(self, target: "httpx.URL") -> "httpx.URL":
        # After a proxy that ends TLS, an application often takes itself to be served over `http`.
        # Asking over `https` stays at the origin that was named.
        is_same_host = target.host == self._url.host and target.port is None and self._url.port is None
        if is_same_host and target.scheme == "http" and self._url.scheme == "https":
            return target.copy_with(scheme="https")
        return target


def _origin(url: "httpx.URL") -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or _DEFAULT_PORTS[url.scheme]


GIVEN, _CATALOG, USUAL = range(3)
"""The first stages of a search: what the given URL leads to, the catalog of the origin, the first usual places."""


class Candidate(NamedTuple):
    """A URL to ask for.

    Args:
        url: An absolute URL.
        stage: The number of the stage of the search; what is found in an earlier one is better.
        place: The position among the URLs of the stage: that of the candidate that leads to it, then its own there.
        way: How the URL was found.
        role: What the URL is expected to lead to.
        base: What references in a script or configuration there are relative to; empty if that is its own URL.
        catalogs: How many catalogs led to it.
        is_last_resort: Whether it leaves some of the requests for URLs that pages name.
        is_rival: Whether it is one of the likeliest places of a document; of a slow server these are asked for first.
    """

    url: str
    stage: int
    place: tuple[int, ...]
    way: Way
    role: Role = Role.DOCUMENT
    base: str = ""
    catalogs: int = 0
    is_last_resort: bool = False
    is_rival: bool = False

    @property
    def is_named(self) -> bool:
        """Whether the person, the API or a page of it says that a document is there; else it is a guess."""
        return self.way is not Way.USUAL and self.role is not Role.PAGE

    @property
    def level(self) -> tuple[int, Way]:
        """What decides when it is asked for: candidates of the same level are asked for side by side."""
        return self.stage, self.way

    @property
    def rank(self) -> tuple[Any, ...]:
        """The order of candidates; it does not depend on which server responds first."""
        return self.stage, self.way, self.role, len(self.place), self.place

    @property
    def likelihood(self) -> tuple[Any, ...]:
        """The order of the requests, for a slow server that may not respond to all of them in time."""
        return self.stage >= USUAL, not self.is_rival, self.place, self.rank

    @property
    def order(self) -> tuple[Any, ...]:
        """The order in which candidates are reported: what leads to another comes before it."""
        return self.stage, len(self.place), self.way, self.role, self.place


def later_stages(origin: SearchedOrigin, prefix: str) -> list[list[Candidate]]:
    """Return the catalog of the origin and the groups of usual places, each a stage.

    Args:
        prefix: The path that the API is under, as `SearchedOrigin.prefix` returns it.
    """
    catalog = Candidate(origin.at(CATALOG), _CATALOG, (0,), Way.USUAL, Role.CATALOG, catalogs=1)
    groups = [[base + place for place in FIRST] for base in dict.fromkeys((prefix, ""))]
    # Those that may disagree with the first are asked for with it; the root itself may name what is nowhere else.
    groups[-1] = [FIRST[0], *BELOW, *FIRST[1:], ""]
    groups.append([*places_of_host(origin.host), *SECOND])
    usual = [
        [
            Candidate(
                origin.at(path),
                stage,
                (index,),
                Way.USUAL,
                is_last_resort=group is groups[-1],
                is_rival=path.removeprefix(prefix) == FIRST[0] or path in BELOW,
            )
            for index, path in enumerate(group)
        ]
        for stage, group in enumerate(groups, USUAL)
    ]
    return [[catalog], *usual]


def way_of(parent: Candidate, lead: Lead) -> Way:
    """Return how a URL was found that the response of a candidate leads to."""
    if lead.is_stated:
        return Way.STATED
    return Way.NAMED if parent.way in {Way.GIVEN, Way.STATED, Way.NAMED} else Way.PAGE
