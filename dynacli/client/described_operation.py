"""An operation together with its part of the document."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from dynacli.environment import invocation_words
from dynacli.errors import UsageError
from dynacli.http.semantics import METHODS_WITHOUT_BODY, ReceivedBody, best_match, essence
from dynacli.openapi.model.media_types import body_schema, is_as_good_as_json, preferred, sent_as
from dynacli.openapi.model.operation import ANY_BODY, MediaType, Operation, Parameter, documented_status
from dynacli.record import record, replace
from dynacli.registry.configuration import DEMO
from dynacli.registry.opened_api import OpenedApi

if TYPE_CHECKING:
    from dynacli.http.exchange import WireResponse
    from dynacli.media.text_values import BodySchema
    from dynacli.openapi.model.find_items import KnownItems
    from dynacli.openapi.schema.flatten_schema import FlatSchemas

EXAMPLE_OPTION = "--example"
_SERVER = ("--server", "URL")
_MOST_LISTED = 12
"""Maximum number of media types in a message."""


@record
class DescribedOperation:
    """An operation of an API and its part of the document, which is read when it is needed.

    Args:
        api: The open API.
        operation: The operation from the catalog.
        media_type: Media type of the body; None if there is no body.
    """

    api: OpenedApi
    operation: Operation
    media_type: MediaType | None = None

    is_documented = True  # without an annotation, which would make it a field

    def sending(self, content_type: str) -> DescribedOperation:
        """Return the operation with the media type of its body set.

        Args:
            content_type: The media type, or a part of it; empty for the preferred one.

        Raises:
            UsageError: The operation takes no body of this media type.
        """
        media_type = choose_media_type(self.operation, content_type)
        return replace(self, media_type=media_type) if media_type is not None else self

    def with_any_body(self) -> DescribedOperation:
        """Return the operation with any body allowed, if the document declares no body and the method permits one."""
        if self.operation.body is not None or self.operation.method in METHODS_WITHOUT_BODY:
            return self
        return replace(self, operation=replace(self.operation, body=ANY_BODY)).sending("")

    @property
    def has_undeclared_body(self) -> bool:
        """True if a body is sent although the document declares none."""
        return self.is_documented and self.operation.body is ANY_BODY

    @property
    def example_line(self) -> str:
        """Command line of a working call."""
        return self.line_of(self.operation.example)

    def line_of(self, words: tuple[str, ...], command: str = "") -> str:
        """Return the command line of a call with the given arguments. The last one may be `--example`.

        Args:
            words: The arguments after the operation.
            command: Command that makes the call, such as `read`; empty for none.
        """
        return " ".join(self.shell_words_of(words, command))

    def shell_words_of(self, words: tuple[str, ...], command: str = "") -> list[str]:
        """Return the parts of `line_of`, each quoted for a shell."""
        from dynacli.openapi.model.wording import shell_word

        name, *api = invocation_words(command, self.api.name)
        ahead: tuple[str, ...] = ()
        server = _SERVER if self._needs_server else ()
        if words[-1:] == (EXAMPLE_OPTION,) or server:
            fields = self.media_type.fields if self.media_type is not None else ()
            # If the operation has an option of this name, it is dynacli's own only before the operation.
            own = {
                *(parameter.option for parameter in self.operation.parameters),
                *(field.option for field in fields),
            }
            if words[-1:] == (EXAMPLE_OPTION,) and EXAMPLE_OPTION[2:] in own:
                words, ahead = words[:-1], (EXAMPLE_OPTION,)
            if server and server[0][2:] in own:
                server, ahead = (), (*ahead, *server)
        return [*map(shell_word, (name, *ahead, *api, self.operation.name, *words, *server))]

    @cached_property
    def _needs_server(self) -> bool:
        """True if calls must name a server, because neither the document nor the configuration does."""
        entry = self.api.entry
        profiles = entry.get("profiles")
        tables = [entry, *(profiles.values() if isinstance(profiles, dict) else ())]
        if self.api.name == DEMO or any(isinstance(table, dict) and table.get("server") for table in tables):
            return False
        servers = self.operation.servers or self.api.servers
        if servers and "://" in servers[0].url:
            return False
        from dynacli.request.choose_server import choose_server

        try:
            choose_server(servers, self.api.uri)
        except UsageError as error:
            return "--server" in error.details.get("missing", ())
        return False

    @cached_property
    def part(self) -> dict[str, Any]:
        """The operation and its path item, as in the document."""
        return self.api.catalog.part(self.operation.name)

    @cached_property
    def flat_schemas(self) -> FlatSchemas:
        """Flattened schemas of the document, shared so that each is flattened once."""
        from dynacli.openapi.schema.flatten_schema import FlatSchemas

        return FlatSchemas(self.resolve)

    @property
    def version(self) -> Any:
        """Version of OpenAPI: `3.0`, `3.1` or `3.2`."""
        return self.api.catalog.meta["dialect"]

    def resolve(self, reference: str) -> Any:
        """Return the target of a reference in the document.

        Raises:
            LookupError: The target does not exist.
        """
        return self.api.catalog.resolve(reference)

    def follow(self, value: Any) -> Any:
        """Return the final target of a chain of references; None if it does not exist."""
        if not isinstance(value, dict) or "$ref" not in value:
            return value
        from dynacli.openapi.references import follow_reference

        return follow_reference(value, self.resolve)

    def sent_schema(self) -> BodySchema:
        """Return the schema of the body that is sent."""
        from dynacli.media.text_values import BodySchema

        schema = self.body_schema()
        return BodySchema(True if schema is None else schema, self.resolve)

    def received(self, response: WireResponse) -> ReceivedBody:
        """Return the body of a response. Its schema is found when it is needed."""
        find_schema = partial(self.response_schema, response.status, response.headers)
        media_type = response.header("content-type")
        return ReceivedBody(response.body, media_type, find_schema, lambda: self.known_items)

    def response_schema(self, status: int, headers: Iterable[tuple[str, str]]) -> BodySchema:
        """Return the documented schema of a response body, by its status and media type."""
        from dynacli.media.text_values import BodySchema

        media_type = ", ".join(value for name, value in headers if name.lower() == "content-type")
        responses = self.raw_responses
        described = self.follow(responses.get(documented_status(status, responses)))
        content = described.get("content") if isinstance(described, dict) else None
        name = best_match(media_type, content) if isinstance(content, dict) else None
        media = self.follow(content[name]) if name is not None and isinstance(content, dict) else None
        schema = body_schema(media) if isinstance(media, dict) else None
        return BodySchema(True if schema is None else schema, self.resolve)

    @cached_property
    def known_items(self) -> KnownItems | None:
        """Items of the response according to the document; None if the response is not described."""
        from dynacli.openapi.model.media_types import success_response, success_schema
        from dynacli.openapi.schema.response_fields import items_of_schema, listed_items_of_schema

        schema = success_schema(success_response(self.raw_responses, self.follow), self.follow)
        known = items_of_schema(schema, self.resolve, self.operation.path)
        if known is None or known.holder == "object" or self.listed_resource is None:
            return known
        steps, identity = self.listed_resource
        if (
            steps != known.steps or known.holder != "array"
        ):  # the configuration or the document names the list
            known = listed_items_of_schema(schema, self.resolve, steps)
        return replace(known, identity=identity)

    @cached_property
    def listed_resource(self) -> tuple[tuple[str, ...], str] | None:
        """The steps to the list of a resource in the response, and the field with the id; None if it lists none.

        The field is empty if it is unknown or within an object.
        """
        from dynacli.openapi.document.json_trees import split

        name = self.operation.name
        for resource in self.api.catalog.resources_of(name) if self.is_documented else ():
            field = split(resource.identity.field) if resource.identity is not None else ()
            for listed in resource.lists:
                if listed.operation == name and listed.items is not None:
                    return split(listed.items), field[0] if len(field) == 1 else ""
        return None

    @property
    def raw_responses(self) -> dict[str, Any]:
        """The Responses Object, whose members may be references; empty if there is none."""
        found = self.follow(self.part["operation"].get("responses"))
        return found if isinstance(found, dict) else {}

    @cached_property
    def raw_parameters(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Parameter Objects by location and name. Parameters of the operation override those of the path."""
        holders = (self.part["path_item"], self.part["operation"])
        found = (self.follow(raw) for holder in holders for raw in reversed(holder.get("parameters") or []))
        return {(str(raw.get("in")), str(raw.get("name"))): raw for raw in found if isinstance(raw, dict)}

    def parameter_schema(self, parameter: Parameter) -> Any:
        """Return the schema of a parameter; None if it has none."""
        return schema_of_parameter(self.raw_parameters.get(parameter.key, {}))

    def raw_media_type(self) -> dict[str, Any]:
        """Return the Media Type Object of the body that is sent; empty if there is none."""
        body = self.follow(self.part["operation"].get("requestBody"))
        content = body.get("content") if isinstance(body, dict) else None
        if not isinstance(content, dict) or self.media_type is None:
            return {}
        wanted = self.media_type.name
        asked = essence(wanted)
        same = [media for name, media in content.items() if essence(name) == asked]
        ranges = [media for name, media in content.items() if _is_range_of(name, asked)]
        found = self.follow(content.get(wanted) or next(iter([*same, *ranges]), None))
        return found if isinstance(found, dict) else {}

    def body_schema(self) -> Any:
        """Return the raw schema of the body that is sent."""
        return body_schema(self.raw_media_type())


def schema_of_parameter(raw: dict[str, Any]) -> Any:
    """Return the schema of a Parameter Object, from `schema` or `content`."""
    content = raw.get("content")
    if isinstance(content, dict) and content:
        media = next(iter(content.values()))
        return media.get("schema") if isinstance(media, dict) else None
    return raw.get("schema")


def choose_media_type(operation: Operation, wanted: str) -> MediaType | None:
    """Return the media type in which a body is sent; None if the operation takes no body.

    Args:
        wanted: A media type of the operation, or a part of it; empty for the preferred one.

    Raises:
        UsageError: The operation takes no body of the requested media type.
    """
    if operation.body is None:
        return None
    content = operation.body.content
    if not wanted:
        return sent_as(preferred(content))
    name = essence(wanted)
    for media_type in content:
        if media_type.name.lower() == wanted.lower():
            return sent_as(media_type)
    for media_type in content:
        if essence(media_type.name) == name:
            # A media type with parameters, such as a boundary, is sent exactly as the user gave it.
            return replace(media_type, name=wanted) if ";" in wanted else sent_as(media_type)
    if "/" in wanted:
        for media_type in content:
            if _is_range_of(media_type.name, name):
                return replace(media_type, name=wanted)
    matching = [media_type for media_type in content if essence(media_type.name).partition("/")[2] == name]
    matching = matching or [media_type for media_type in content if name in media_type.name.lower()]
    if len(matching) == 1:
        return sent_as(matching[0])
    message = f"`{operation.name}` takes no body of `{wanted}`"
    if matching:
        message = f"`{wanted}` matches {len(matching)} media types of `{operation.name}`"
    names = [f"`{media_type.name}`" for media_type in matching or content]
    listed = ", ".join(names[:_MOST_LISTED]) + (
        f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    )
    raise UsageError(
        message, reason=f"It takes {listed}", hint="Name one of them, or a part that only one of them has"
    )


def _is_range_of(media_range: str, name: str) -> bool:
    return media_range in {"", "*", "*/*", f"{name.partition('/')[0]}/*"} or (
        name == "application/json" and is_as_good_as_json(media_range)
    )
