"""The contents of an export, independent of its format: folders of requests, and variables.

A credential is only the name of a variable here, so that no export can reveal its value.
`EXPORT_FORMATS` lists the formats, with the module that writes each.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from importlib import import_module
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

from dynacli.client.operation_description import DescribedInput
from dynacli.http.semantics import is_json
from dynacli.openapi.model.kebab_names import kebab
from dynacli.openapi.model.operation import SecurityScheme
from dynacli.record import record
from dynacli.request.build_request import path_text
from dynacli.text.body_text import decoded
from dynacli.text.json_text import reindent

BASE_URL = "baseUrl"
"""The variable with the URL of the server."""
_LONGEST_STEM = 80
_VARIABLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def stable_id(*names: str) -> str:
    """Return a UUID made of names, which is the same in each export."""
    return str(uuid5(NAMESPACE_URL, "\n".join(("dynacli", *names))))


def file_stem(name: str) -> str:
    """Return a name for a file or folder, without an extension, that is valid in every file system."""
    stem = kebab(name)[:_LONGEST_STEM].strip("-") or "api"
    # Windows reserves these names for devices, with any extension.
    return f"{stem}-" if re.fullmatch(r"con|prn|aux|nul|(com|lpt)\d", stem) else stem


def variable_name(text: str) -> str:
    """Return the name of a variable that is valid in every format."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_") or "value"
    return f"_{name}" if name[0].isdigit() else name


def without_templates(text: str) -> str:
    """Return text without variables in double braces, for programs that have no escape for braces."""
    return re.sub(r"\{(?=\{)", "{ ", text)


def variable_in_braces(name: str) -> str:
    """Return a reference to a variable, for programs with variables in double braces."""
    return f"{{{{{name}}}}}"


def url_with_query(base: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return a URL with a query, whose pairs must be percent-encoded."""
    query = "&".join(f"{name}={value}" for name, value in pairs)
    return f"{base}?{query}" if query else base


def indented_json(value: Any) -> str:
    """Return a JSON value as the text of a file."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def distinct_name(name: str, taken: dict[str, int], separated: str = " ({})") -> str:
    """Return a name, with a number if it is taken, and note it as taken; case does not matter.

    Args:
        taken: Name → the last number that was tried for it, so that many equal names take linear time.
    """
    distinct, key = name, name.casefold()
    while distinct.casefold() in taken:
        taken[key] += 1
        distinct = name + separated.format(taken[key])
    taken[distinct.casefold()] = 1
    return distinct


@record
class Entry:
    """A header, or a pair of a query.

    Args:
        name: The name; percent-encoded in a query.
        value: The value, or the text before its variable; percent-encoded in a query.
        variable: The variable at the end of the value; empty for none.
        is_new: Whether each request needs a new value, which is not secret.
    """

    name: str
    value: str
    variable: str = ""
    is_new: bool = False

    @property
    def in_braces(self) -> str:
        """The value for programs with variables in double braces, and with a `$guid` that is new in each request."""
        if self.is_new:
            return "{{$guid}}"
        text = without_templates(self.value)
        return text + variable_in_braces(self.variable) if self.variable else text


@record
class ExportedPart:
    """A part of a form.

    Args:
        name: The name.
        text: The content; None for a file that is not text.
        media_type: The media type; empty if the part has none.
        file_name: The name of the file; None if the part is not a file.
    """

    name: str
    text: str | None
    media_type: str = ""
    file_name: str | None = None


@record
class ExportedBody:
    """A body.

    Args:
        media_type: The media type as it is sent.
        content: The bytes.
        form: The pairs of a form, decoded; None for another body.
        parts: The parts of `multipart/form-data`; None for another body.
    """

    media_type: str
    content: bytes
    form: tuple[tuple[str, str], ...] | None = None
    parts: tuple[ExportedPart, ...] | None = None

    @cached_property
    def text(self) -> str | None:
        """The body as text; None if it is not text."""
        return decoded(self.content, self.media_type)

    @cached_property
    def laid_out(self) -> str | None:
        """The body as readable text, with JSON indented; None if it is not text."""
        if self.text is None or not is_json(self.media_type):
            return self.text
        try:
            return reindent(self.text)
        except ValueError:
            return self.text

    @property
    def without_templates(self) -> str:
        """The readable text without variables in double braces. An escape leaves the value of JSON unchanged."""
        text = self.laid_out or ""
        if is_json(self.media_type):
            # Indented JSON has two braces side by side only within strings.
            text = re.sub(r"\{(?=\{)", r"\\u007b", text)
        return without_templates(text)


@record
class Authorization:
    """The authorization of a request.

    Args:
        scheme: The security scheme of the document.
        kind: `basic`, `digest`, `bearer`, `oauth2` or `apiKey`.
        variable: The variable of the token or key. For a user name and a password, it is the beginning of the names
            of two variables.
        authorization_url: The authorization URL of OAuth; empty if the document has none.
        token_url: The token URL of OAuth; empty if the document has none.
        grant: The flow of OAuth, as named in the document; empty if the document has none.
    """

    scheme: SecurityScheme
    kind: str
    variable: str
    authorization_url: str = ""
    token_url: str = ""
    grant: str = ""

    @property
    def has_password(self) -> bool:
        """Whether the credential is a user name and a password."""
        return self.kind in {"basic", "digest"}

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables to fill in."""
        if self.has_password:
            return self.username, self.password
        return (self.variable, self.client_id, self.client_secret) if self.grant else (self.variable,)

    @property
    def client_id(self) -> str:
        """The variable of the client's id for OAuth."""
        return f"{self.variable}_client_id"

    @property
    def client_secret(self) -> str:
        """The variable of the client's secret for OAuth."""
        return f"{self.variable}_client_secret"

    @property
    def username(self) -> str:
        """The variable of the user name."""
        return f"{self.variable}_username"

    @property
    def password(self) -> str:
        """The variable of the password."""
        return f"{self.variable}_password"

    @property
    def location(self) -> str:
        """The location of the credential: `header`, `query` or `cookie`."""
        return self.scheme.location if self.kind == "apiKey" else "header"

    @property
    def entry(self) -> Entry:
        """The credential as a header, a pair of the query or a cookie."""
        if self.kind == "apiKey":
            return Entry(self.scheme.parameter, "", self.variable)
        word = {"basic": "Basic", "digest": "Digest"}.get(self.kind, "Bearer")
        return Entry("Authorization", f"{word} ", self.variable)


@record
class ExportedRequest:
    """A request.

    Args:
        name: The name of the operation, unique in the collection.
        title: The title in a list, unique in the folder.
        description: The document's own text, in Markdown.
        method: The method.
        path: The path as in the document, without a query.
        path_values: Name of a placeholder → its percent-encoded value.
        query: The query.
        headers: The headers, without those for authorization.
        body: The body; None if there is none.
        authorizations: The authorizations, which are all needed; empty if none is.
        server: The variable with the URL of its server.
        lacking: The reason why it has no example; empty if it has one.
        is_deprecated: Whether the document marks it as deprecated.
        successes: The success statuses in the document.
        inputs: The inputs.
        responses: Status → description of the response in the document, in Markdown.
    """

    name: str
    title: str
    method: str
    path: str
    description: str = ""
    path_values: Mapping[str, str] = {}
    query: tuple[Entry, ...] = ()
    headers: tuple[Entry, ...] = ()
    body: ExportedBody | None = None
    authorizations: tuple[Authorization, ...] = ()
    server: str = BASE_URL
    lacking: str = ""
    is_deprecated: bool = False
    successes: tuple[str, ...] = ()
    inputs: tuple[DescribedInput, ...] = ()
    responses: Mapping[str, str] = {}

    @property
    def main_authorization(self) -> Authorization | None:
        """The authorization that a program handles itself: no cookie, a password if there is one, else the first."""
        found = [authorization for authorization in self.authorizations if authorization.location != "cookie"]
        return min(found, key=lambda authorization: not authorization.has_password, default=None)

    @property
    def uncovered_headers(self) -> tuple[Entry, ...]:
        """The headers for a program that handles `main_authorization` and the parts of a body itself."""
        has_parts = self.body is not None and self.body.parts is not None
        return self.sent_headers(self.main_authorization, without_type=has_parts)

    @property
    def notes(self) -> str:
        """The description and further remarks, in Markdown."""
        reported = [self.description.strip()]
        if self.is_deprecated:
            reported.insert(0, "**Deprecated.**")
        if self.lacking:
            reported.append(f"**No example could be made**, so values are missing: {self.lacking}.")
        return "\n\n".join(filter(None, reported))

    @property
    def filled_path(self) -> str:
        """The path as in a URL, with the values of its placeholders; a placeholder without a value stays."""
        return path_text(self.path, self.path_values)

    def path_with_variables(self) -> tuple[str, dict[str, str]]:
        """Return the path with `:name` for each segment that is a placeholder, and the values of these names."""
        segments, values = [], {}
        for segment in self.path.split("/"):
            found = _VARIABLE.fullmatch(segment)
            if found:
                segments.append(f":{found[1]}")
                values[found[1]] = self.path_values.get(found[1], "")
            else:
                filled = path_text(segment, self.path_values)
                # A colon at the front would turn the segment into a variable.
                segments.append(f"%3A{filled[1:]}" if filled.startswith(":") else filled)
        return "/".join(segments), values

    def sent_headers(
        self, covered: Authorization | None = None, *, without_type: bool = False
    ) -> tuple[Entry, ...]:
        """Return the headers, including those for authorization.

        Args:
            covered: The authorization that the format expresses in another way.
            without_type: Whether the program adds the media type of the body, with its own boundary.
        """
        found = [authorization for authorization in self.authorizations if authorization is not covered]
        headers = [authorization.entry for authorization in found if authorization.location == "header"]
        cookies = [authorization.entry for authorization in found if authorization.location == "cookie"]
        headers.extend(Entry("Cookie", f"{cookie.name}=", cookie.variable) for cookie in cookies)
        own = (header for header in self.headers if not without_type or header.name.lower() != "content-type")
        return (*own, *headers)

    def sent_query(self, covered: Authorization | None = None) -> tuple[Entry, ...]:
        """Return the query, including pairs for authorization; `covered` is the same as in `sent_headers`."""
        found = [
            authorization
            for authorization in self.authorizations
            if authorization is not covered and authorization.location == "query"
        ]
        return (*self.query, *(authorization.entry for authorization in found))


@record
class Folder:
    """The requests of a tag. A folder without a name has the requests without a tag.

    Args:
        name: The tag.
        description: Its description.
        requests: The requests.
        above: The tags or groups above it, from the top.
    """

    name: str
    description: str = ""
    requests: tuple[ExportedRequest, ...] = ()
    above: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The tag after those above it: `Site / files`."""
        return " / ".join((*self.above, self.name))


@record
class Surroundings:
    """A server or a profile.

    Args:
        name: The name, unique in the collection.
        values: Variable → value, without the variables of credentials.
    """

    name: str
    values: Mapping[str, str]


@record
class Collection:
    """Everything that is exported.

    Args:
        name: The title of the API.
        version: The version of the API in its document.
        description: The document's own text, in Markdown.
        folders: The folders, in the order of the document.
        surroundings: The servers, the one in use first, and the profiles.
        secrets: The variables of credentials, which have no value.
    """

    name: str
    version: str = ""
    description: str = ""
    folders: tuple[Folder, ...] = ()
    surroundings: tuple[Surroundings, ...] = ()
    secrets: tuple[str, ...] = ()

    def requests(self) -> Iterator[ExportedRequest]:
        """Yield all requests."""
        for folder in self.folders:
            yield from folder.requests

    @property
    def variables(self) -> dict[str, str]:
        """Variable → value in the first surroundings. The values of credentials are empty."""
        first = self.surroundings[0].values if self.surroundings else {}
        return {**first, **dict.fromkeys(self.secrets, "")}


def http_text(request: ExportedRequest) -> str:
    """Return the request as text with the complete URL in its first line, as HTTP clients in editors read it."""
    query = ((entry.name, _templated_value(entry)) for entry in request.sent_query())
    url = url_with_query(variable_in_braces(request.server) + request.filled_path, query)
    lines = [f"{request.method} {url}"]
    lines.extend(f"{header.name}: {_templated_value(header)}" for header in request.sent_headers())
    body = ""
    if request.body is not None:
        text = request.body.laid_out
        body = f"[{len(request.body.content)} bytes]" if text is None else text
    return "\n".join(lines) + (f"\n\n{body}" if body else "") + "\n"


def _templated_value(entry: Entry) -> str:
    return entry.value + variable_in_braces(entry.variable) if entry.variable else entry.value


class Format(NamedTuple):
    """A format of an export.

    Args:
        module: The module of this package, without its underscore, whose `files_of` writes the format.
        media_type: The media type of the main file.
        is_directory: Whether the export is a directory without a main file.
    """

    module: str
    media_type: str
    is_directory: bool = False

    def files(self, collection: Collection) -> dict[str, str]:
        """Return file name, with `/` between its parts → text. The first file is the main one.

        Raises:
            UsageError: The format cannot hold the collection.
        """
        files: dict[str, str] = import_module(f"dynacli.features.export._{self.module}").files_of(collection)
        return files


EXPORT_FORMATS = {
    "postman": Format("postman_collection", "application/json"),
    "insomnia": Format("insomnia_export", "application/json"),
    "bruno": Format("bruno_directory", "", is_directory=True),
    "har": Format("har_file", "application/json"),
    "hurl": Format("hurl_file", "text/plain; charset=utf-8"),
    "markdown": Format("markdown_page", "text/markdown; charset=utf-8"),
    "html": Format("html_documentation", "text/html; charset=utf-8"),
}
