"""The records of a comparison of two revisions, and the kinds of changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple


class _Kind(NamedTuple):
    """A kind of change.

    Args:
        meaning: Description of the change for the manual.
        phrase: Predicate of a sentence about the change. `{from}` and `{to}` are the values, `{keyword}` the keyword.
        is_text: Whether only a text for people changed, which no client can notice.
    """

    meaning: str
    phrase: str
    is_text: bool = False


KINDS: dict[str, _Kind] = {
    # The document.
    "specification-changed": _Kind(
        "the version of OpenAPI", "is written in OpenAPI {to}, was {from}", is_text=True
    ),
    "version-changed": _Kind("the version of the API", "is {to}, was {from}"),
    "info-changed": _Kind("another field of `info`", "is another text", is_text=True),
    "server-added": _Kind("a server", "is new"),
    "server-removed": _Kind("a server", "is gone"),
    "server-changed": _Kind("the variables of a server", "has other variables"),
    "security-scheme-added": _Kind("a security scheme", "is new"),
    "security-scheme-removed": _Kind("a security scheme", "is gone"),
    "security-scheme-changed": _Kind("a field of a security scheme", "is {to}, was {from}"),
    "tag-added": _Kind("a tag of the document", "is new", is_text=True),
    "tag-removed": _Kind("a tag of the document", "is gone", is_text=True),
    "webhook-added": _Kind("a webhook", "is new"),
    "webhook-removed": _Kind("a webhook", "is gone"),
    "not-compared": _Kind(
        "the rest of two documents that are too large to compare", "was too much to compare"
    ),
    # Operations.
    "operation-moved": _Kind("the method or path of an operationId", "has moved to {to} from {from}"),
    "operation-renamed": _Kind("the operationId of a method and path", "is called {to}, was {from}"),
    "deprecated": _Kind("something became deprecated", "is deprecated"),
    "deprecation-lifted": _Kind("`deprecated` is gone", "is not deprecated any more"),
    "sunset-changed": _Kind("the date of `x-sunset`", "ends on {to}, was {from}"),
    "summary-changed": _Kind("a summary", "has another summary", is_text=True),
    "description-changed": _Kind("a description", "has another description", is_text=True),
    "title-changed": _Kind("a title", "has another title", is_text=True),
    "tags-changed": _Kind("the tags of an operation", "has the tags {to}, had {from}", is_text=True),
    "secured": _Kind("an operation now needs credentials", "needs credentials now"),
    "made-public": _Kind("an operation stopped needing credentials", "needs no credentials any more"),
    "security-alternative-added": _Kind("a set of credentials that suffices", "{to} suffices, too"),
    "security-alternative-removed": _Kind(
        "a set of credentials that sufficed", "{from} does not suffice any more"
    ),
    "scope-added": _Kind("a required scope", "asks for the scope {to}"),
    "scope-removed": _Kind("a required scope", "does not ask for the scope {from} any more"),
    "callback-added": _Kind("a callback", "is new"),
    "callback-removed": _Kind("a callback", "is gone"),
    # Requests.
    "parameter-added": _Kind("a parameter", "is new"),
    "parameter-removed": _Kind("a parameter", "is gone"),
    "parameter-moved": _Kind("the location of a parameter", "goes into the {to}, was in the {from}"),
    "parameter-renamed": _Kind("the name of a path parameter", "is called {to}, was {from}"),
    "parameter-required": _Kind("a parameter became required", "is required now"),
    "parameter-optional": _Kind("a parameter became optional", "is optional now"),
    "style-changed": _Kind(
        "the serialization of a parameter or header: `style`, `explode`, `allowReserved` or its media type",
        "is written as {to}, was {from}",
    ),
    "body-added": _Kind("a body", "is new"),
    "body-removed": _Kind("a body", "is gone"),
    "body-required": _Kind("a body became required", "is required now"),
    "body-optional": _Kind("a body became optional", "is optional now"),
    # Requests and responses.
    "media-type-added": _Kind("a media type", "can be of {to}"),
    "media-type-removed": _Kind("a media type", "cannot be of {from} any more"),
    "media-type-changed": _Kind("the parameters of a media type", "is of {to}, was of {from}"),
    "encoding-changed": _Kind("`encoding` of a part of a form", "is encoded otherwise"),
    "schema-added": _Kind("a schema, if there was none", "is described now"),
    "schema-removed": _Kind("a schema, if there is none now", "is not described any more"),
    # Responses.
    "response-added": _Kind("a status", "is new"),
    "response-removed": _Kind("a status", "is gone"),
    "header-added": _Kind("a header of a response", "is new"),
    "header-removed": _Kind("a header of a response", "is gone"),
    "header-required": _Kind("a header became required in a response", "always comes now"),
    "header-optional": _Kind("a header became optional in a response", "may be missing now"),
    "link-added": _Kind("a link", "is new"),
    "link-removed": _Kind("a link", "is gone"),
    "link-changed": _Kind("a link", "leads elsewhere"),
    # Values.
    "type-changed": _Kind("the types of a value", "is {to}, was {from}"),
    "nullable-added": _Kind("null is allowed", "may be null"),
    "nullable-removed": _Kind("null is not allowed any more", "may not be null any more"),
    "enum-added": _Kind("a list of values, if all were allowed", "is one of {to}"),
    "enum-removed": _Kind("the list of values, so that all are allowed", "is not one of {from} alone"),
    "enum-value-added": _Kind("a listed value", "can be {to}"),
    "enum-value-removed": _Kind("a listed value", "cannot be {from} any more"),
    "const-changed": _Kind("the only allowed value", "is {to}, was {from}"),
    "limit-added": _Kind(
        "a limit: bounds, lengths, counts, multiples, uniqueness", "has the limit {keyword} {to}"
    ),
    "limit-removed": _Kind("a limit", "has no limit {keyword} any more, was {from}"),
    "limit-tightened": _Kind("a limit allows less", "has the limit {keyword} {to}, was {from}"),
    "limit-loosened": _Kind("a limit allows more", "has the limit {keyword} {to}, was {from}"),
    "limit-changed": _Kind(
        "a limit is neither tighter nor looser", "has the limit {keyword} {to}, was {from}"
    ),
    "pattern-added": _Kind("a pattern", "has the pattern {to}"),
    "pattern-removed": _Kind("a pattern", "has no pattern any more, was {from}"),
    "pattern-changed": _Kind("a pattern", "has the pattern {to}, was {from}"),
    "format-added": _Kind("a format", "has the format {to}"),
    "format-removed": _Kind("a format", "has no format any more, was {from}"),
    "format-changed": _Kind("a format", "has the format {to}, was {from}"),
    "default-added": _Kind("a default", "is {to} by default"),
    "default-removed": _Kind("a default", "has no default any more, was {from}"),
    "default-changed": _Kind("a default", "is {to} by default, was {from}"),
    "read-only-set": _Kind("`readOnly` is set", "is read-only"),
    "read-only-lifted": _Kind("`readOnly` is gone", "is not read-only any more"),
    "write-only-set": _Kind("`writeOnly` is set", "is write-only"),
    "write-only-lifted": _Kind("`writeOnly` is gone", "is not write-only any more"),
    "property-added": _Kind("a property", "is new"),
    "property-removed": _Kind("a property", "is gone"),
    "property-required": _Kind("a property became required", "is required now"),
    "property-optional": _Kind("a property became optional", "is optional now"),
    "additional-properties-allowed": _Kind("undescribed properties are allowed", "may have other properties"),
    "additional-properties-refused": _Kind(
        "undescribed properties are refused", "may not have other properties any more"
    ),
    "alternative-added": _Kind("a schema of `oneOf` or `anyOf`", "can be {to}"),
    "alternative-removed": _Kind("a schema of `oneOf` or `anyOf`", "cannot be {from} any more"),
    "alternatives-added": _Kind("a whole `oneOf` or `anyOf`", "is held to alternatives: {to}"),
    "alternatives-removed": _Kind(
        "a whole `oneOf` or `anyOf`", "is held to no alternatives any more, was to {from}"
    ),
    "alternatives-changed": _Kind("`oneOf` became `anyOf`, or the reverse", "is {to}, was {from}"),
    "discriminator-changed": _Kind("a discriminator", "has another discriminator"),
    "constraint-changed": _Kind("any other keyword of a schema", "has another {keyword}"),
}


class OperationKey(NamedTuple):
    """Method and path, which identify an operation within a revision.

    Args:
        method: The HTTP method, in upper case if it is a standard one.
        path: The path, as the document spells it.
    """

    method: str
    path: str


@dataclass(frozen=True, eq=False)
class Change:
    """A change.

    Args:
        kind: A key of `KINDS`.
        pointer: The JSON pointer into the new document, past all references; into the old one for a removal.
        from_: The JSON value in the old document, shortened if it is long; None if there was none.
        to: The JSON value in the new document, likewise.
        breaking: Whether the change breaks a client that works with the old document; None if no rule decides.
        rule: The key of `CHANGE_RULES` that decides whether the change breaks a client; empty for none.
        where: `request` or `response` for a part of a message, else empty.
        subject: The name of the changed part: `Pet.name`, `query parameter limit`.
    """

    kind: str
    pointer: str
    from_: Any = None
    to: Any = None
    breaking: bool | None = None
    rule: str = ""
    where: str = ""
    subject: str = ""

    @property
    def is_text(self) -> bool:
        """Whether only a text for people changed, which no client can notice."""
        return KINDS[self.kind].is_text

    def as_json(self) -> dict[str, Any]:
        """Return the change for `-o json`."""
        return {
            "kind": self.kind,
            "pointer": self.pointer,
            "from": self.from_,
            "to": self.to,
            "breaking": self.breaking,
            "where": self.where or None,
            "subject": self.subject,
            "rule": self.rule or None,
        }


@dataclass(frozen=True)
class ChangedOperation:
    """An operation that both revisions have, and its changes.

    Args:
        old: The operation's key in the old revision.
        new: Its key in the new revision, which differs if it moved or a path parameter was renamed.
        changes: The changes, roughly in the order of the new document.
    """

    old: OperationKey
    new: OperationKey
    changes: tuple[Change, ...]

    @property
    def is_text(self) -> bool:
        """Whether only texts for people changed."""
        return all(change.is_text for change in self.changes)


@dataclass(frozen=True)
class Changes:
    """All changes from one revision to another.

    Args:
        added: Operations that only the new revision has, in its order.
        removed: Operations that only the old revision has, in its order.
        changed: Operations that both revisions have and that differ, in the order of the new revision.
        document: Changes of the document as a whole: title and version, servers, security schemes, tags, webhooks.
    """

    added: tuple[OperationKey, ...] = ()
    removed: tuple[OperationKey, ...] = ()
    changed: tuple[ChangedOperation, ...] = ()
    document: tuple[Change, ...] = field(default=())

    @cached_property
    def noticed(self) -> tuple[ChangedOperation, ...]:
        """The changed operations in which a client can notice a change."""
        return tuple(operation for operation in self.changed if not operation.is_text)

    @property
    def breaking(self) -> Changes:
        """The changes that break a client, including removed operations."""
        return replace(self._only(lambda change: bool(change.breaking)), added=())

    @property
    def without_texts(self) -> Changes:
        """The changes except texts for people."""
        return self._only(lambda change: not change.is_text)

    @property
    def is_complete(self) -> bool:
        """Whether the documents were compared completely."""
        return all(change.kind != "not-compared" for change in self.document)

    def _only(self, counts: Callable[[Change], bool]) -> Changes:
        """Return only the changes that satisfy a condition, and the operations with such changes."""
        operations = (
            replace(operation, changes=tuple(filter(counts, operation.changes))) for operation in self.changed
        )
        return replace(
            self,
            changed=tuple(operation for operation in operations if operation.changes),
            document=tuple(filter(counts, self.document)),
        )

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.document)

    def __iter__(self) -> Iterator[Change]:
        """Yield the changes of all operations, then the changes of the document as a whole."""
        for operation in self.changed:
            yield from operation.changes
        yield from self.document
