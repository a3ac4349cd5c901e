"""The kinds of changes: stable words for programs, each with its meaning and a phrase for people."""

from typing import NamedTuple

__all__ = ["KINDS", "Kind"]


class Kind(NamedTuple):
    """A kind of change.

    Args:
        meaning: What changed, for the manual.
        phrase: The change in words, to follow the subject; `{from}` and `{to}` stand for the values, `{word}` for
            the keyword.
        is_text: Whether only a text for people changed, which no client can notice.
    """

    meaning: str
    phrase: str
    is_text: bool = False


KINDS: dict[str, Kind] = {
    # The document.
    "specification-changed": Kind(
        "another version of OpenAPI", "is written in OpenAPI {to}, was {from}", is_text=True
    ),
    "version-changed": Kind("the version of the API", "is {to}, was {from}"),
    "info-changed": Kind("something else of `info`", "is another text", is_text=True),
    "server-added": Kind("a server", "is new"),
    "server-removed": Kind("a server", "is gone"),
    "server-changed": Kind("the variables of a server", "has other variables"),
    "security-scheme-added": Kind("a security scheme", "is new"),
    "security-scheme-removed": Kind("a security scheme", "is gone"),
    "security-scheme-changed": Kind("a field of a security scheme", "is {to}, was {from}"),
    "tag-added": Kind("a tag of the document", "is new", is_text=True),
    "tag-removed": Kind("a tag of the document", "is gone", is_text=True),
    "webhook-added": Kind("a webhook", "is new"),
    "webhook-removed": Kind("a webhook", "is gone"),
    "not-compared": Kind("the rest of documents that are too much to compare", "was too much to compare"),
    # Operations.
    "operation-moved": Kind("method or path of an operationId", "has moved to {to} from {from}"),
    "operation-renamed": Kind("the operationId of a method and path", "is called {to}, was {from}"),
    "deprecated": Kind("something became deprecated", "is deprecated"),
    "deprecation-lifted": Kind("something is deprecated no more", "is deprecated no more"),
    "sunset-changed": Kind("the date of `x-sunset`", "ends on {to}, was {from}"),
    "summary-changed": Kind("a summary", "has another summary", is_text=True),
    "description-changed": Kind("a description", "has another description", is_text=True),
    "title-changed": Kind("a title", "has another title", is_text=True),
    "tags-changed": Kind("the tags of an operation", "has the tags {to}, had {from}", is_text=True),
    "secured": Kind("an operation that needed no credentials needs some", "needs credentials now"),
    "made-public": Kind("an operation needs no credentials any more", "needs no credentials any more"),
    "security-alternative-added": Kind("a set of credentials that suffices", "{to} suffices, too"),
    "security-alternative-removed": Kind(
        "a set of credentials that sufficed", "{from} does not suffice any more"
    ),
    "scope-added": Kind("a scope that is asked for", "asks for the scope {to}"),
    "scope-removed": Kind("a scope that was asked for", "asks for the scope {from} no more"),
    "callback-added": Kind("a callback", "is new"),
    "callback-removed": Kind("a callback", "is gone"),
    # Requests.
    "parameter-added": Kind("a parameter", "is new"),
    "parameter-removed": Kind("a parameter", "is gone"),
    "parameter-moved": Kind("where a parameter goes", "goes into the {to}, was in the {from}"),
    "parameter-renamed": Kind("the name of a path parameter", "is called {to}, was {from}"),
    "parameter-required": Kind("a parameter became required", "is required now"),
    "parameter-optional": Kind("a parameter is required no more", "is required no more"),
    "style-changed": Kind(
        "how a parameter or header is written: `style`, `explode`, `allowReserved` or its media type",
        "is written as {to}, was {from}",
    ),
    "body-added": Kind("a body", "is new"),
    "body-removed": Kind("a body", "is gone"),
    "body-required": Kind("a body became required", "is required now"),
    "body-optional": Kind("a body is required no more", "is required no more"),
    # Requests and responses.
    "media-type-added": Kind("a media type", "can be of {to}"),
    "media-type-removed": Kind("a media type", "can be of {from} no more"),
    "media-type-changed": Kind("the parameters of a media type", "is of {to}, was of {from}"),
    "encoding-changed": Kind("`encoding` of a part of a form", "is encoded otherwise"),
    "schema-added": Kind("what was not described has a schema", "is described now"),
    "schema-removed": Kind("what had a schema is not described any more", "is not described any more"),
    # Responses.
    "answer-added": Kind("a status", "is new"),
    "answer-removed": Kind("a status", "is gone"),
    "header-added": Kind("a header of an answer", "is new"),
    "header-removed": Kind("a header of an answer", "is gone"),
    "header-required": Kind("a header always comes", "always comes now"),
    "header-optional": Kind("a header that always came", "may be missing now"),
    "link-added": Kind("a link", "is new"),
    "link-removed": Kind("a link", "is gone"),
    "link-changed": Kind("a link", "leads elsewhere"),
    # Values.
    "type-changed": Kind("the types of a value", "is {to}, was {from}"),
    "nullable-added": Kind("null", "may be null"),
    "nullable-removed": Kind("null", "may be null no more"),
    "enum-added": Kind("values are listed where all could stand", "is one of {to}"),
    "enum-removed": Kind("the list of values is gone", "is not one of {from} alone"),
    "enum-value-added": Kind("a listed value", "can be {to}"),
    "enum-value-removed": Kind("a listed value", "can be {from} no more"),
    "const-changed": Kind("the only value", "is {to}, was {from}"),
    "limit-added": Kind(
        "a limit: bounds, lengths, counts, multiples, uniqueness", "has the limit {word} {to}"
    ),
    "limit-removed": Kind("a limit", "has no limit {word} any more, was {from}"),
    "limit-tightened": Kind("a limit leaves less", "has the limit {word} {to}, was {from}"),
    "limit-loosened": Kind("a limit leaves more", "has the limit {word} {to}, was {from}"),
    "limit-changed": Kind("a limit is neither tighter nor looser", "has the limit {word} {to}, was {from}"),
    "pattern-added": Kind("a pattern", "has the pattern {to}"),
    "pattern-removed": Kind("a pattern", "has no pattern any more, was {from}"),
    "pattern-changed": Kind("a pattern", "has the pattern {to}, was {from}"),
    "format-added": Kind("a format", "has the format {to}"),
    "format-removed": Kind("a format", "has no format any more, was {from}"),
    "format-changed": Kind("a format", "has the format {to}, was {from}"),
    "default-added": Kind("a default", "is {to} by default"),
    "default-removed": Kind("a default", "has no default any more, was {from}"),
    "default-changed": Kind("a default", "is {to} by default, was {from}"),
    "read-only-set": Kind("`readOnly`", "is read-only"),
    "read-only-lifted": Kind("`readOnly`", "is read-only no more"),
    "write-only-set": Kind("`writeOnly`", "is write-only"),
    "write-only-lifted": Kind("`writeOnly`", "is write-only no more"),
    "property-added": Kind("a property", "is new"),
    "property-removed": Kind("a property", "is gone"),
    "property-required": Kind("a property became required", "is required now"),
    "property-optional": Kind("a property is required no more", "is required no more"),
    "additional-properties-allowed": Kind("properties that are not described", "may have other properties"),
    "additional-properties-refused": Kind(
        "properties that are not described", "may have other properties no more"
    ),
    "alternative-added": Kind("a schema of `oneOf` or `anyOf`", "can be {to}"),
    "alternative-removed": Kind("a schema of `oneOf` or `anyOf`", "can be {from} no more"),
    "alternatives-added": Kind("a whole `oneOf` or `anyOf`", "is held to alternatives: {to}"),
    "alternatives-removed": Kind(
        "a whole `oneOf` or `anyOf`", "is held to no alternatives any more, was to {from}"
    ),
    "alternatives-changed": Kind("`oneOf` for `anyOf`, or the other way", "is {to}, was {from}"),
    "discriminator-changed": Kind("a discriminator", "is told by another discriminator"),
    "constraint-changed": Kind("any other keyword of a schema", "has another {word}"),
}
