"""What an export holds, before it is written in the form of any program: folders of requests, and variables.

A credential is never more than the name of a variable here, so that no writer can give its value away.
`EXPORT_FORMATS` has the formats, and what writes each.
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
"""The variable that holds the URL of the server."""
_LONGEST_STEM = 80
_VARIABLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def stable_id(*names: str) -> str:
    """Return a UUID that is made of names, and so is the same in each export."""
    return str(uuid5(NAMESPACE_URL, "\n".join(("dynacli", *names))))


def file_stem(name: str) -> str:
    """Return the name of a file or folder that every file system takes, without its ending."""
    stem = kebab(name)[:_LONGEST_STEM].strip("-") or "api"
    # Windows keeps these names for devices, whatever the ending.
    return f"{stem}-" if re.fullmatch(r"con|prn|aux|nul|(com|lpt)\d", stem) else stem


def variable_name(text: str) -> str:
    """Return the name of a variable that every target takes."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_") or "value"
    return f"_{name}" if name[0].isdigit() else name


def without_templates(text: str) -> str:
    """Return text in which no program finds a variable in double braces, for those that have no escape for braces."""
    return re.sub(r"\{(?=\{)", "{ ", text)


def variable_in_braces(name: str) -> str:
    """Return a reference to a variable for programs whose variables are in double braces."""
    return f"{{{{{name}}}}}"


def url_with_query(base: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return a URL with a query, whose pairs are percent-encoded already."""
    query = "&".join(f"{name}={value}" for name, value in pairs)
    return f"{base}?{query}" if query else base


def indented_json(value: Any) -> str:
    """Return a JSON value as the text of a file."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def distinct_name(name: str, taken: dict[str, int], separated: str = " ({})") -> str:
    """Return a name, with a number if it is taken, and note it as taken; the case of letters does not count.

    Args:
        taken: Name → the last number that was tried for it, so that a thousand equal names take no million steps.
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
        name: The name; in a query percent-encoded.
        value: The value, in a query percent-encoded; with a variable what stands before the variable.
        variable: The variable that the value ends with; empty for none.
        is_new: Whether each request needs a value of its own, which is not secret.
    """

    name: str
    value: str
    variable: str = ""
    is_new: bool = False

    @property
    def in_braces(self) -> str:
        """The value for programs whose variables are in double braces, and whose `$guid` is new in each request."""
        if self.is_new:
            return "{{$guid}}"
        text = without_templates(self.value)
        return text + variable_in_braces(self.variable) if self.variable else text


@record
class ExportedPart:
    """A part of a form.

    Args:
        name: The name.
        text: The content; of a file that is not text, None.
        media_type: The media type; empty if the part says none.
        file_name: The name of a file; None if the part is none.
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
        """The body as text; None if it is none."""
        return decoded(self.content, self.media_type)

    @cached_property
    def laid_out(self) -> str | None:
        """The body as text for people, JSON indented; None if it is not text."""
        if self.text is None or not is_json(self.media_type):
            return self.text
        try:
            return reindent(self.text)
        except ValueError:
            return self.text

    @property
    def without_templates(self) -> str:
        """The text for people, with no variable in double braces; JSON has an escape, and its value stays the same."""
        text = self.laid_out or ""
        if is_json(self.media_type):
            # Indented JSON has two braces side by side only within strings.
            text = re.sub(r"\{(?=\{)", r"\\u007b", text)
        return without_templates(text)


@record
class Authorization:
    """How a request is authorized.

    Args:
        scheme: The security scheme of the document.
        kind: `basic`, `digest`, `bearer`, `oauth2` or `apiKey`.
        variable: The variable that holds the token or key; for a user name and a password the first part of the
            names of two variables.
        authorization_url: Of OAuth; empty if the document names none.
        token_url: Of OAuth; empty if the document names none.
        grant: The flow of OAuth, as the document calls it; empty if the document names none.
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
        """The variables that a person fills in."""
        if self.has_password:
            return self.username, self.password
        return (self.variable, self.client_id, self.client_secret) if self.grant else (self.variable,)

    @property
    def client_id(self) -> str:
        """The variable of the client's id, with which OAuth gives a token."""
        return f"{self.variable}_client_id"

    @property
    def client_secret(self) -> str:
        """The variable of the client's secret."""
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
        """Where the credential is sent: `header`, `query` or `cookie`."""
        return self.scheme.location if self.kind == "apiKey" else "header"

    @property
    def entry(self) -> Entry:
        """The credential as a header, a pair of the query or a cookie; of a password it says only the scheme."""
        if self.kind == "apiKey":
            return Entry(self.scheme.parameter, "", self.variable)
        word = {"basic": "Basic", "digest": "Digest"}.get(self.kind, "Bearer")
        return Entry("Authorization", f"{word} ", self.variable)


@record
class ExportedRequest:
    """A request.

    Args:
        name: The name of the operation, which no other request of the collection has.
        title: What a person reads in a list; no other request of the folder has it.
        description: The document's own text, in Markdown.
        method: The method.
        path: The path as the document has it, without a query.
        path_values: Name of a placeholder → its percent-encoded value.
        query: The query.
        headers: The headers, without those that authorize it.
        body: The body; None if there is none.
        authorizations: What authorizes it, all together; empty if nothing does.
        server: The variable that holds the URL of its server.
        lacking: Why there is no example of it; empty if there is one.
        is_deprecated: Whether the document advises against it.
        successes: The statuses of success that the document has.
        inputs: What it takes.
        responses: Status → what the document says of the response, in Markdown.
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
        """What authorizes it and is not a cookie: a password, which is of two variables, else the first."""
        found = [authorization for authorization in self.authorizations if authorization.location != "cookie"]
        return min(found, key=lambda authorization: not authorization.has_password, default=None)

    @property
    def uncovered_headers(self) -> tuple[Entry, ...]:
        """The headers for a program that has a form of its own for `main_authorization` and for the parts of a body."""
        has_parts = self.body is not None and self.body.parts is not None
        return self.sent_headers(self.main_authorization, without_type=has_parts)

    @property
    def notes(self) -> str:
        """The description with what else a reader should know, in Markdown."""
        reported = [self.description.strip()]
        if self.is_deprecated:
            reported.insert(0, "**Deprecated.**")
        if self.lacking:
            reported.append(f"**No example could be made**, so values are missing: {self.lacking}.")
        return "\n\n".join(filter(None, reported))

    @property
    def filled_path(self) -> str:
        """The path as a URL has it, with the values of its placeholders; one without a value stays."""
        return path_text(self.path, self.path_values)

    def path_with_variables(self) -> tuple[str, dict[str, str]]:
        """Return the path with `:name` for each segment that is a placeholder, and the values of these."""
        segments, values = [], {}
        for segment in self.path.split("/"):
            found = _VARIABLE.fullmatch(segment)
            if found:
                segments.append(f":{found[1]}")
                values[found[1]] = self.path_values.get(found[1], "")
            else:
                filled = path_text(segment, self.path_values)
                # A colon at the front would make a variable of it.
                segments.append(f"%3A{filled[1:]}" if filled.startswith(":") else filled)
        return "/".join(segments), values

    def sent_headers(
        self, covered: Authorization | None = None, *, without_type: bool = False
    ) -> tuple[Entry, ...]:
        """Return the headers with those that authorize it.

        Args:
            covered: What the target has a form of its own for.
            without_type: Whether the target says the media type of the body by itself, with its own boundary.
        """
        found = [authorization for authorization in self.authorizations if authorization is not covered]
        headers = [authorization.entry for authorization in found if authorization.location == "header"]
        cookies = [authorization.entry for authorization in found if authorization.location == "cookie"]
        headers.extend(Entry("Cookie", f"{cookie.name}=", cookie.variable) for cookie in cookies)
        own = (header for header in self.headers if not without_type or header.name.lower() != "content-type")
        return (*own, *headers)

    def sent_query(self, covered: Authorization | None = None) -> tuple[Entry, ...]:
        """Return the query with what authorizes it; the argument is that of `sent_headers`."""
        found = [
            authorization
            for authorization in self.authorizations
            if authorization is not covered and authorization.location == "query"
        ]
        return (*self.query, *(authorization.entry for authorization in found))


@record
class Folder:
    """Requests of one tag; those without a tag are in a folder without a name."""

    name: str
    description: str = ""
    requests: tuple[ExportedRequest, ...] = ()


@record
class Surroundings:
    """A server or a profile.

    Args:
        name: What a person calls it; no other surroundings of the collection have it.
        values: Variable → value, of the variables that are no credentials.
    """

    name: str
    values: Mapping[str, str]


@record
class Collection:
    """All that is exported.

    Args:
        name: The title of the API.
        version: The version of the API, as its document says it.
        description: The document's own text, in Markdown.
        folders: In the order of the document.
        surroundings: The servers, the one that is used first, and the profiles.
        secrets: The variables of credentials, which are empty.
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
        """Variable → value, as the first surroundings have it; of credentials empty."""
        first = self.surroundings[0].values if self.surroundings else {}
        return {**first, **dict.fromkeys(self.secrets, "")}


def http_text(request: ExportedRequest) -> str:
    """Return the request with a whole URL in its first line, as the editors' clients for HTTP read it."""
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
    """A form of an export.

    Args:
        module: The module of this package, without its underscore, whose `files_of` writes it.
        media_type: Of the main file.
        is_directory: Whether it is a directory without a main file.
    """

    module: str
    media_type: str
    is_directory: bool = False

    def files(self, collection: Collection) -> dict[str, str]:
        """Return file name, with `/` between its parts → text; the first file stands for all.

        Raises:
            UsageError: The form cannot hold the collection.
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
