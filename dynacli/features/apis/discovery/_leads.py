"""Candidates for documents: the usual URLs in their order, and the references in a page.

A page of Swagger UI, ReDoc or another viewer refers to its document in its setup. dynacli executes no script. The
patterns read a page once: possessive quantifiers (`++`), each followed by a character that ends it, never backtrack.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from dynacli.features.apis.discovery.discovered import Lead, Role, Way
from dynacli.http.link_values import Link

if TYPE_CHECKING:
    from dynacli.http.import_httpx import httpx

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
"""Paths to try below the given path and below the root of the origin."""

BELOW = (
    "api/openapi.json",  # Django Ninja, Prefect, many others after `/api`
    "api/v1/openapi.json",
    "v1/openapi.json",
    "api/swagger.json",
)
"""Paths to try together with the paths below the root. An application with its API below may also serve a document at
the root that has the wrong servers."""

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
"""Paths to try below the root if none of the first ones was a document."""

_ARMATURE = "api/armature/v1/openapi"
_ARMATURE_HOST = re.compile(
    r"(?:.+\.)?armature\.(?:app|tech)|127(?:\.\d{1,3}){3}|::1|localhost", re.IGNORECASE
)
"""The hosts of Armature, and of its demo API on this machine."""
_MAX_LENGTH = 2000
_NOT_IN_URLS = frozenset('<>{}|\\^`" ')
"""Characters that are not allowed in a URL (RFC 3986, section 2); braces belong to templates."""
_DEFAULT_PORTS = {"http": 80, "https": 443}
_FILE = re.compile(r"\.[A-Za-z]{2,5}")
GIVEN, _CATALOG, USUAL = range(3)
"""The first stages of a search: the given URL and its references, the catalog of the origin, the first usual paths."""
_ROLES = {
    "service-desc": Role.DOCUMENT,
    "describedby": Role.DOCUMENT,
    "api-catalog": Role.CATALOG,
    "item": Role.API,
    "service-doc": Role.PAGE,
}
"""Link relation → its expected target (RFC 8631, RFC 9727); `describedby` is older and still in use."""
MAX_CHARACTERS = 5_000_000
"""Maximum number of characters of a page to search."""
_MIN_REFERENCE = 7
_MAX_REFERENCE = 500
_MAX_TAG = 5000
_MAX_LEADS = 12
_MAX_MENTIONS = 10
_VIEWER = re.compile(
    r"swagger-?ui|\bredoc\b|rapi-?doc|@scalar|scalar\.js|createApiReference|api-reference"
    r"|elements-api|apiDescriptionUrl|openapi-explorer",
    re.IGNORECASE,
)
# A script often has JSON inside a string.
_ESCAPES = {"\\/": "/", '\\"': '"', "\\u002F": "/", "\\u002f": "/", "\\u0022": '"', "\\u0026": "&"}
_SETTING = re.compile(
    r"""
    (?<![\w$-])
    (?P<name>url|specUrl|spec-url|data-url|swaggerUrl|data-spec-url|apiDescriptionUrl|openapi-url|openapiUrl
        |document-url|configUrl)
    ["']?\s*+(?:[:=]\s*+)(?:["'`](?P<quoted>[^"'`<>\s]++)["'`]|(?P<bare>[^"'`<>\s,;(){}]++))
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CALL = re.compile(
    r"""(?<![\w$])(?:Redoc\.init|createApiReference)\(\s*+["'`]([^"'`<>\s]++)["'`]""",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(?:link|a)\s([^<>]*+)>", re.IGNORECASE)
_BASE = re.compile(r"<base\s([^<>]*+)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(?<![\w-])([\w-]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""")
_WORD = re.compile(r"""[^\s"'`<>(){}\[\]|,;\\*]++""")
_FILE_WORDS = ("openapi", "swagger", "api-doc", "apidoc", "apispec", "api-spec", "spec.json")
_FILE_STARTS = ("spec.", "oas.", "oas3.")
_PLACES = (
    *("openapi", "swagger", "api-docs", "apidocs", "swagger-config", "openapi/v1.json", "openapi/v2"),
    *("openapi/json", "swagger/json", "documentation/json", "docs/json"),
    *("specs/oas", "full-spec", "api-spec", "openapi-spec", "api/spec"),
    *("redoc", "swagger-ui", "swagger-ui.html", "swagger-ui/index.html", "swagger/index.html"),
)
"""Ends of paths of documents and viewers that have no file extension such as `.json`."""
_SCRIPTS = ("swagger-initializer.js", "swagger-ui-init.js", "/index.js", "/scalar.js")
"""Setup scripts of viewers, if the setup is not in the page itself."""
_ENDINGS = tuple(f"/{place}" for place in _PLACES)
_ASSETS = (
    *(".js", ".mjs", ".css", ".map", ".html", ".htm", ".txt", ".md"),
    *(".png", ".svg", ".ico", ".gif", ".jpg", ".jpeg", ".webp", ".woff", ".woff2", ".ttf"),
)
_EXAMPLES = ("petstore.swagger.io", "petstore3.swagger.io", "registry.scalar.com")
"""Hosts of the example documents of viewers, which are never the document of the API."""
_MAX_CONTEXTS = 1000
_MAX_CHARACTERS = 500_000
_MAX_LINKS = 500
_MAX_DEPTH = 6
_MAX_INDEX_LEADS = 8
_ANCHOR = re.compile(r"<(?:a|link)\s([^<>]*+)>((?:[^<]|<(?!/?a\b)){0,400}+)", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^<>]*+>")
_MAX_LABEL = 80
_VERSION = re.compile(r"v?\d+(?:[._]\d+)*")
_REFERENCE = re.compile(r"(?:https?:/|\.{0,2})/\S{1,500}")
_LINK_WORD = re.compile(r"[a-z]+")
_SPECS = frozenset(("openapi", "swagger", "oas", "spec", "specs", "specification", "apispec", "schema"))
"""Words in links to a document itself."""
_DOCS = frozenset(
    ("api", "apis", "doc", "docs", "documentation", "developer", "developers", "reference", "redoc")
)
"""Words in links to pages that may name a document."""
_LINKED_ASSETS = (".js", ".css", ".png", ".svg", ".ico", ".jpg", ".webp", ".woff2", ".pdf", ".xml", ".zip")


def places_of_host(host: str) -> tuple[str, ...]:
    """Return the paths to try first at a host: Armature serves its document at its own path."""
    return (_ARMATURE,) if _ARMATURE_HOST.fullmatch(host.rstrip(".")) else ()


class Address(NamedTuple):
    """The target URL of a reference.

    Args:
        url: An absolute URL without fragment.
        is_same_origin: Whether it has the origin that is searched.
    """

    url: str
    is_same_origin: bool


class SearchedOrigin:
    """The origin that is searched (RFC 6454), and the URL that you gave."""

    def __init__(self, url: str) -> None:
        """Take the origin of a URL.

        Raises:
            httpx.InvalidURL: The URL is malformed.
        """
        from dynacli.http.import_httpx import httpx

        parsed = httpx.URL(url).copy_with(fragment=None)
        self._url = parsed.copy_with(raw_path=parsed.raw_path)  # `/` if it has none
        self.url = str(self._url)
        self.host = self._url.host

    def at(self, path: str) -> str:
        """Return the URL of a path below the root of the origin; the path has no leading slash."""
        return str(self._url.copy_with(raw_path=f"/{path}".encode()))

    def prefix(self, *, is_page: bool) -> str:
        """Return the base path of the API, without a leading slash: `api/v1/`, for example.

        Args:
            is_page: Whether the given URL is a page of the API, and not the API itself. A last segment such as
                `index.html` is always a page; `v1.2` is not.
        """
        path = self._url.raw_path.decode().partition("?")[0]
        directory, _, last = path.rpartition("/")
        is_file = is_page or _FILE.fullmatch(last[max(last.rfind("."), 0) :])
        return f"{directory if is_file or not last else path}/".lstrip("/")

    def find(self, reference: str, base: str) -> Address | None:
        """Return the target of a reference, or None if it cannot be followed.

        Args:
            reference: A URL or a relative reference from untrusted text.
            base: The URL that the reference is relative to.
        """
        from dynacli.http.import_httpx import httpx

        reference = reference.strip()
        if not reference or len(reference) > _MAX_LENGTH or not reference.isprintable():
            return None
        if not _NOT_IN_URLS.isdisjoint(reference):
            return None
        try:
            # ValueError includes the UnicodeError of the library for international host names.
            target = httpx.URL(base).join(reference).copy_with(fragment=None)
            if target.scheme not in _DEFAULT_PORTS or not target.host or target.userinfo:
                return None
            target = self._encrypted(target)
            return Address(str(target), _origin(target) == _origin(self._url))
        except (httpx.InvalidURL, ValueError):
            return None

    def has(self, url: str) -> bool:
        """Return whether an absolute URL has this origin."""
        address = self.find(url, url)
        return address is not None and address.is_same_origin

    def is_upgrade(self, location: str) -> bool:
        """Return whether a redirect goes from `http` to `https` of the same host."""
        address = self.find(location, self.url)
        if address is None or self._url.scheme != "http":
            return False
        from dynacli.http.import_httpx import httpx

        target = httpx.URL(address.url)
        return target.scheme == "https" and target.host == self._url.host

    def _encrypted(self, target: httpx.URL) -> httpx.URL:
        # If a proxy ends TLS, the application often believes that it is served over `http`.
        # A request over `https` stays at the origin that was named.
        is_same_host = target.host == self._url.host and target.port is None and self._url.port is None
        if is_same_host and target.scheme == "http" and self._url.scheme == "https":
            return target.copy_with(scheme="https")
        return target


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or _DEFAULT_PORTS[url.scheme]


class Candidate(NamedTuple):
    """A URL to request.

    Args:
        url: An absolute URL.
        stage: Number of the stage of the search; a document of an earlier stage is better.
        place: Position among the URLs of the stage: the position of the candidate that refers to it, then its own.
        way: Source of the URL.
        role: The expected target.
        base: Base of references in a script or configuration; empty if it is the URL of that script.
        catalogs: Number of catalogs on the way to it.
        is_last_resort: Whether it must leave some requests for URLs that pages name.
        is_rival: Whether it is one of the likeliest paths of a document; a slow server gets these requests first.
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
        """Whether you, the API or a page of the API named the URL; otherwise it is a guess."""
        return self.way is not Way.USUAL and self.role is not Role.PAGE

    @property
    def level(self) -> tuple[int, Way]:
        """Group of candidates that are requested in parallel."""
        return self.stage, self.way

    @property
    def rank(self) -> tuple[Any, ...]:
        """Sort key of the candidates; it does not depend on the timing of responses."""
        return self.stage, self.way, self.role, len(self.place), self.place

    @property
    def likelihood(self) -> tuple[Any, ...]:
        """Sort key of the requests to a slow server, which may not respond to all of them in time."""
        return self.stage >= USUAL, not self.is_rival, self.place, self.rank

    @property
    def order(self) -> tuple[Any, ...]:
        """Sort key of the report: a candidate comes before those that it refers to."""
        return self.stage, len(self.place), self.way, self.role, self.place


def later_stages(origin: SearchedOrigin, prefix: str) -> list[list[Candidate]]:
    """Return the later stages: the catalog of the origin, then each group of usual paths.

    Args:
        prefix: The base path of the API, as `SearchedOrigin.prefix` returns it.
    """
    catalog = Candidate(origin.at(CATALOG), _CATALOG, (0,), Way.USUAL, Role.CATALOG, catalogs=1)
    groups = [[base + place for place in FIRST] for base in dict.fromkeys((prefix, ""))]
    # Documents at `BELOW` may disagree with the first, so they are requested with it. The page at the root may name
    # a document, too.
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
    """Return the source of a URL that the response of a candidate refers to."""
    if lead.is_stated:
        return Way.STATED
    return Way.NAMED if parent.way in {Way.GIVEN, Way.STATED, Way.NAMED} else Way.PAGE


def leads_of(links: Iterable[Link]) -> list[Lead]:
    """Return the links whose relation and media type allow a document.

    `alternate` counts if its media type is OpenAPI's own.
    """
    leads = []
    for link in links:
        if not link.target:
            continue
        for relation in link.relations:
            if relation in _ROLES:
                role = _ROLES[relation]
                leads.append(Lead(link.target, role, is_stated=role is not Role.PAGE))
                break
            if relation == "alternate" and "openapi" in link.media_type.lower():
                leads.append(Lead(link.target, is_stated=True))
                break
    return leads


def is_viewer(text: str) -> bool:
    """Return whether a page is a viewer: a program that shows an API."""
    return _VIEWER.search(text, 0, MAX_CHARACTERS) is not None


def read_page(text: str, *, is_script: bool = False) -> list[Lead]:
    """Return the references in a page: links by relation, then references in its setup, then any others.

    Args:
        text: HTML, a script, or any other text.
        is_script: Whether the text is the setup script of a viewer.
    """
    text = text[:MAX_CHARACTERS]
    base = _base_of(text)
    stated = leads_of(_links(text))
    if "&" in text:
        text = html.unescape(text)
    for escaped, character in _ESCAPES.items():
        text = text.replace(escaped, character)
    leads: dict[str, Lead] = {}
    if is_script or is_viewer(text):
        for lead in _settings(text):
            leads.setdefault(lead.reference, lead)
            if len(leads) >= _MAX_LEADS:
                break
    for lead in _mentions(text, with_scripts=is_viewer(text)):
        if len(leads) >= _MAX_LEADS + _MAX_MENTIONS:
            break
        leads.setdefault(lead.reference, lead)
    return [lead._replace(base=base) for lead in (*stated, *leads.values())]


def read_config(tree: object) -> list[Lead]:
    """Return the documents that a configuration of Swagger UI names: its `url`, or the list of its `urls`."""
    if not isinstance(tree, dict):
        return []
    urls = tree.get("urls")
    entries = [tree, *(urls if isinstance(urls, list) else [])]
    named = [entry.get("url") for entry in entries if isinstance(entry, dict)]
    return [Lead(url) for url in named if isinstance(url, str)][:_MAX_LEADS]


def leads_in_query(url: str) -> list[Lead]:
    """Return the documents and configurations that the query of a viewer's own URL names."""
    try:
        query = parse_qs(urlsplit(url).query, max_num_fields=20)
    except ValueError:
        return []
    config_urls = (*query.get("configUrl", ()), *query.get("configurl", ()))
    return [*map(Lead, query.get("url", ())), *(Lead(url, Role.SETUP) for url in config_urls)]


def read_neighbours(url: str, text: str) -> list[Lead]:
    """Return the URL of the document that some frameworks serve beside the URL of the viewer."""
    path = urlsplit(url).path.removesuffix("/index.html").rstrip("/")
    neighbours = {"swagger-ui-init.js": "-json", "/static/swagger-initializer.js": "/json"}  # NestJS, Fastify
    return [Lead(path + ending) for script, ending in neighbours.items() if path and script in text]


def has_document_inside(text: str) -> bool:
    """Return whether a script of Swagger UI contains the document itself instead of its URL."""
    return '"swaggerDoc": {' in text[:MAX_CHARACTERS]


def _settings(text: str) -> Iterator[Lead]:
    for match in _SETTING.finditer(text):
        name = match["name"].lower()
        # A value without quotes is code, such as `url: location.origin`, or an attribute of minified HTML.
        reference = match["quoted"] or (match["bare"] if "-" in name else "")
        if reference and _may_be_document(reference):
            yield Lead(reference, Role.SETUP if name == "configurl" else Role.DOCUMENT)
    for match in _CALL.finditer(text):
        if _may_be_document(match[1]):
            yield Lead(match[1])


def _may_be_document(reference: str) -> bool:
    path = _path_of_reference(reference)
    is_possible = bool(path) and len(reference) <= _MAX_REFERENCE
    return is_possible and not path.endswith(_ASSETS) and not _is_example(path)


def _path_of_reference(reference: str) -> str:
    """Return a reference in lower case without its query and fragment."""
    return reference.partition("?")[0].partition("#")[0].lower()


def _is_example(reference: str) -> bool:
    return reference.partition("://")[2].startswith(_EXAMPLES)


def _mentions(text: str, *, with_scripts: bool) -> Iterator[Lead]:
    """Yield the strings that end like the path of a document, of a viewer or of a viewer's setup script."""
    for match in _WORD.finditer(text):
        if not _MIN_REFERENCE <= match.end() - match.start() <= _MAX_REFERENCE:
            continue
        word = _unquoted(match[0]).rstrip(".:!?")  # punctuation at the end of a sentence
        path = _path_of_reference(word)
        if with_scripts and (f"/{path}".endswith(_SCRIPTS) or "?script=" in word):
            yield Lead(word, Role.SETUP)
        elif (_is_file(path) or _is_place(path)) and not _is_example(path):
            yield Lead(word)


def _is_file(path: str) -> bool:
    name = path.rpartition("/")[2]
    is_named = name.startswith(_FILE_STARTS) or any(word in name for word in _FILE_WORDS)
    return is_named and name.endswith((".json", ".yaml", ".yml"))


def _is_place(path: str) -> bool:
    # `openapi` may be a word of a sentence, so it counts only in a reference such as `/openapi`.
    is_reference = path.startswith(("/", "./", "../", "http://", "https://"))
    return is_reference and path.rstrip("/").endswith(_ENDINGS)


def _unquoted(word: str) -> str:
    """Return the value of an attribute without quotes, such as `href=/openapi.json`, or the string itself."""
    name, mark, value = word.partition("=")
    return value if mark and name.replace("-", "").isalpha() else word


def _links(text: str) -> Iterator[Link]:
    for match in _TAG.finditer(text):
        if "rel" in match[1].lower():
            attributes = _attributes_of(match[1])
            relations = tuple(attributes.get("rel", "").lower().split())
            yield Link(attributes.get("href", ""), relations, media_type=attributes.get("type", ""))


def _base_of(text: str) -> str:
    """Return the `<base>` of a page for its references; empty if it has none."""
    match = _BASE.search(text)
    return _attributes_of(match[1]).get("href", "") if match else ""


def _attributes_of(tag: str) -> dict[str, str]:
    """Return the attributes of a tag by their names in lower case."""
    attributes: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(tag[:_MAX_TAG]):
        attributes.setdefault(match[1].lower(), html.unescape(match[2] or match[3] or match[4] or "").strip())
    return attributes


def is_linkset(tree: Any) -> bool:
    """Return whether a value is a link set (RFC 9264)."""
    return isinstance(tree, dict) and isinstance(tree.get("linkset"), (list, dict))


def read_linkset(tree: Any) -> list[Lead]:
    """Return the links of a link set to descriptions, other catalogs and APIs.

    Omit malformed links, and links to documentation for people if the same API links to its description.
    """
    contexts = tree["linkset"] if is_linkset(tree) else []
    leads: list[Lead] = []
    for context in (contexts if isinstance(contexts, list) else [contexts])[:_MAX_CONTEXTS]:
        if isinstance(context, dict):
            own = leads_of(_links_of(context))
            is_described = any(lead.role is Role.DOCUMENT for lead in own)
            leads.extend(lead for lead in own if lead.role is not Role.PAGE or not is_described)
    return leads


def _links_of(context: dict[str, Any]) -> Iterator[Link]:
    for relation, targets in context.items():
        for target in targets if isinstance(targets, list) else [targets]:
            href = target.get("href") if isinstance(target, dict) else None
            if isinstance(href, str):
                kind = target.get("type")
                yield Link(href, (str(relation).lower(),), media_type=kind if isinstance(kind, str) else "")


def read_index(content: bytes) -> list[Lead]:
    """Return the links of an index page, links to documents before links to pages.

    Args:
        content: HTML or JSON. Other content has no links.
    """
    text = content[:_MAX_CHARACTERS].decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    links: Iterator[tuple[str, str]] = iter(())
    base = ""
    if text.startswith("<"):
        links, base = _links_of_page(text), _base_of(text)
    elif text.startswith(("{", "[")) and len(content) <= _MAX_CHARACTERS:
        try:
            links = _links_of_json(json.loads(text), (), _MAX_DEPTH)
        except (ValueError, RecursionError):
            return []
    leads: dict[str, Lead] = {}
    for number, (reference, label) in enumerate(links):
        role = _role(reference, label)
        if role is not None:
            leads.setdefault(reference, Lead(reference, role, base=base))
        if number >= _MAX_LINKS:
            break
    return sorted(leads.values(), key=lambda lead: lead.role)[:_MAX_INDEX_LEADS]


def _links_of_page(text: str) -> Iterator[tuple[str, str]]:
    """Yield the reference and the text of each link of a page."""
    for match in _ANCHOR.finditer(text):
        reference = _attributes_of(match[1]).get("href", "")
        if reference and not reference.startswith(("#", "mailto:", "javascript:")):
            yield reference, _ANY_TAG.sub(" ", match[2]).strip()[:_MAX_LABEL]


def _links_of_json(tree: Any, keys: tuple[str, ...], depth: int) -> Iterator[tuple[str, str]]:
    """Yield each reference in a value with its label: its keys, and the names in the same object."""
    if isinstance(tree, str):
        if _REFERENCE.fullmatch(tree):
            yield tree, " ".join(keys[-3:])
    elif depth and isinstance(tree, dict):
        names = [value for key in ("rel", "name", "title", "type") if isinstance(value := tree.get(key), str)]
        for key, value in tree.items():
            yield from _links_of_json(value, (*keys, *names, str(key)), depth - 1)
    elif depth and isinstance(tree, list):
        for value in tree:
            yield from _links_of_json(value, keys, depth - 1)


def _role(reference: str, label: str) -> Role | None:
    """Return the expected target of a link, by its text and the end of its path; None if it is of no use."""
    path = _path_of_reference(reference)
    if path.endswith(_LINKED_ASSETS):
        return None
    end = path.partition("://")[2].partition("/")[2] if "://" in path else path
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)
    *above, last = end.rstrip("/").split("/")
    # A version does not tell the kind of target, but the path above it does.
    named = " ".join(above) if _VERSION.fullmatch(last) else last
    words = {*_LINK_WORD.findall(spaced.lower()), *_LINK_WORD.findall(named)}
    if words & _SPECS:
        return Role.DOCUMENT
    return Role.PAGE if words & _DOCS else None
