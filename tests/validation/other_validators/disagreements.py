"""Where Prism 5.14.2 and Schemathesis 4.32.5 validate a pair otherwise than the table, and who is right.

In every case but those of `OPEN` the specification decides for the table.
"""

from collections.abc import Mapping

_DECIDES = (
    'OpenAPI 3.0.3 and 3.1.0, "Composition and Inheritance": the discriminator decides which schema validates.'
    " Since 3.0.4 and 3.1.1 it must not change the outcome, and there the program would be right."
)
_UNNAMED = (
    "OpenAPI 3.1.1, Discriminator Object: it MUST NOT change the outcome, by which one of the schemas fits;"
    " that validation SHOULD fail where it names none is said with an example, and is what the program goes by."
)
_NULL = "OpenAPI 3.0.4, Schema Object, nullable: null is added to the type beside it alone, not to an enum."
_DIALECT = (
    "OpenAPI 3.1.1, Specifying Schema Dialects: $schema names draft 7, in which nothing beside a $ref counts."
)
_NO_NULLABLE = "OpenAPI 3.1.0, Schema Object: nullable is gone, so null is no string."
_EMPTY = "RFC 9110, 15.3.5 and 15.4.5: a response with 204 or 304 has no content, whatever is documented."
_CLOSEST = "OpenAPI 3.1.1, Response Object, content: only the most specific key is applicable."
_IGNORED_HEADER = "OpenAPI 3.1.1, Response Object, headers: a Content-Type there is ignored."
_HEADER_CONTENT = (
    "OpenAPI 3.1.1, Header Object: its content describes the value; the program does not look at it."
)
_STYLES = (
    "OpenAPI 3.1.1, Header Object, schema: a header's text is read by its style as what the schema asks for,"
    " through allOf and anyOf, too."
)
_FIELDS = (
    "OpenAPI 3.1.1, Media Type Object, forms: a field's text stands for the value that its schema asks for,"
    " an array and a number among several schemas, too."
)
_SIBLINGS = "OpenAPI 3.0.4, Reference Object: what stands beside a $ref is ignored."
_RESOURCES = "JSON Schema Core 2020-12, 8.2: identifiers and anchors; the program does not follow them."
_UTF_8 = "RFC 8259, 8.1: bytes that are not text in the charset; the program replaces them."
_MARK = "RFC 8259, 8.1: a parser may ignore a byte order mark, and most clients do."
_BROKEN = "The description itself is broken; what stands beside it is validated all the same, and is wrong."
_PATTERNS = "OpenAPI 3.0.4, Schema Object: it has no patternProperties, which therefore means nothing."

_PRISM: Mapping[str, tuple[str, ...]] = {
    "RFC 9512, 2.1: a body of application/yaml is YAML; the program does not read it.": (
        "YAML",
        "another format",
    ),
    "JSON Schema Wright 00, 3.5: an integer of 3.0 has no fraction; JavaScript cannot tell 1.0 from 1.": (
        "1.0 for an integer in 3.0",
    ),
    "RFC 8259, 6: the numbers differ; in JavaScript they are the same double.": (
        "an integer just over what floats tell apart",
        "integers that are one float",
    ),
    "JSON Schema Validation 2020-12, 6.2.1: the decimal numbers divide; their doubles do not.": (
        "0.3 is a multiple of 0.1",
        "19.99 is a multiple of 0.01",
        "4.35 is a multiple of 0.01",
        "a large integer is a multiple",
        "1e300 is a multiple of 0.5",
    ),
    "OpenAPI 3.0.4, Schema Object: it has no const, which therefore means nothing.": ("3.0 has no const",),
    "OpenAPI 3.1.1, Responses Object: it should cover any known errors; the program minds undocumented successes.": (
        "another error",
        "a redirect that is not documented",
    ),
    "OpenAPI 3.1.1, Data Type Format, int64: up to 2**63 - 1, not to the largest safe number of JavaScript.": (
        "the largest int64",
    ),
    "RFC 3339, 5.6: T between date and time, and an offset behind the time.": (
        "with a space",
        "a time without an offset",
    ),
    "RFC 6943, 3.1.1: a zero in front may mean an octal number; the dotted decimal form has none.": (
        "an IPv4 address with zeros",
    ),
    "JSON Schema Core 2020-12, 10.3.2.3: additionalProperties knows the properties beside it alone;"
    " the program merges allOf first.": ("others look at their own schema alone",),
    "OpenAPI 3.1.1, Schema Object: the keywords of JSON Schema 2020-12; the program validates by draft 7.": (
        "dependent and missing",
        "a dependent schema",
        "unevaluated across allOf",
        "unevaluated by a branch that fails",
        "unevaluated by a schema",
        "unevaluated behind a condition",
        "evaluated by not is not evaluated",
        "positions that do not fit",
        "a position that is never allowed",
        "contains none, and need not",
        "contains too few",
        "contains too many",
        "unevaluated items",
        "unevaluated items by a schema",
        "contains evaluates what it fits",
    ),
    "JSON Schema Core 2020-12, 4.3.2: the schema false allows nothing; the program drops it.": (
        "false allows nothing",
        "alternatives that are all false",
    ),
    _PATTERNS: ("3.0 has no patterns of names",),
    _DECIDES: (
        "a discriminator chooses among two that fit",
        "a mapping by name",
        "a name beside a mapping",
        "a discriminator of anyOf",
    ),
    _DIALECT: ("beside a reference in an older dialect",),
    _SIBLINGS: ("beside a reference in 3.0", "nullable beside a reference in 3.0"),
    _RESOURCES: (
        "an anchor",
        "an identifier is a base of references",
        "a dynamic reference that is bound",
        "a dynamic reference to the whole tree",
    ),
    "The description is broken, and nothing in the response is: the program does not begin with such a document.": (
        "a reference to nowhere",
    ),
    _NULL: (
        *("nullable without a type", "a nullable enum without null", "nullable does not reach into allOf"),
        *("nullable makes a branch fit", "nullable beside an object that is wrong"),
    ),
    _NO_NULLABLE: ("3.1 has no nullable",),
    "OpenAPI 3.0.4, Schema Object, writeOnly: it should not be sent as part of the response.": (
        "what is write-only in a response of 3.0",
        "what is write-only in a response of 3.1",
        "write-only in the branch that fits",
    ),
    "OpenAPI 3.1.1, Responses Object: ranges have an uppercase X, and 4xx means nothing else.": (
        "a range in small letters",
    ),
    "RFC 9110, 8.3.1: it is no media type, and none of those documented; the program ends with an exception.": (
        "what is no media type",
    ),
    _CLOSEST: ("the closest of several", "a closer range of several"),
    _EMPTY: ("no body with 204", "no body with 304"),
    "RFC 9110, 6.4: there is no content, and none is documented or (for HEAD, 9.3.2) sent.": (
        "no body, and a media type all the same",
        "a response to HEAD",
    ),
    _HEADER_CONTENT: ("a header that is JSON",),
    _STYLES: ("an array of several schemas", "an object of several schemas"),
    _FIELDS: ("several values of a field", "a field of constants"),
    "OpenAPI 2.0, Operation Object, produces: what can come; the program asks where there is a schema.": (
        "2.0: no schema, and another media type",
    ),
    _IGNORED_HEADER: ("a Content-Type among the headers",),
    "OpenAPI 3.1.1, Schema Object: a text that stands for a number is what the schema can only mean there.": (
        "a number as text",
    ),
    _UTF_8: (
        "a text that is not UTF-8",
        "what is not UTF-8",
        "a UTF-8 of surrogates",
        "a charset that it is not in",
    ),
    "OpenAPI 3.1.1, XML Object: an element is an object; the program takes it for a string.": (
        "XML",
        "a root in its namespace",
        "the root of XML by its name",
    ),
    "RFC 7578, 4.1: the boundary is a parameter of the Content-Type; the program does not look there.": (
        "parts of several schemas",
        "parts",
        "a part that is a file",
    ),
    "OpenAPI 3.1.1, Working With Binary Data: bytes have no type; the program takes a string.": (
        "bytes of a schema for objects",
    ),
    "OpenAPI 3.2.0, Sequential Media Types: lines are values, all of them an array.": (
        "lines as an array",
        "a line as it is",
    ),
    "OpenAPI 3.2.0, Media Type Object, itemSchema: the program does not look at it.": (
        "lines by their own schema",
        "an event without what is required",
        "a text for a number in an event",
    ),
    _MARK: ("a byte order mark",),
    _BROKEN: (
        "beside a property whose reference leads nowhere",
        "a type that is none",
        "a type that is a number",
        "a number of properties that is a text",
        "a number that is true",
        "an enum that is no list",
        "a division by zero",
        "a pattern that is none",
        "an alternative that is wrong",
        "one of two that is wrong",
        "not what is wrong",
        "a reference to nowhere beside others",
    ),
}

_SCHEMATHESIS: Mapping[str, tuple[str, ...]] = {
    "OpenAPI 3.1.1, XML Object: an element is an object with its elements; the program does not read it.": (
        "a property of XML",
        "a root in another namespace",
        "another root than the name of its component",
        "another root than the one that is named",
        "XML that is none",
    ),
    "RFC 8259, 6: 1e400 is a number and over the maximum; the program reads infinity, which it does not judge.": (
        "1e400 over a maximum",
    ),
    "OpenAPI 3.1.1, Data Type Format: int32 and int64 have bounds.": (
        "over int32",
        "under int32",
        "over int64",
        "2.0: a format",
    ),
    "RFC 9562, 4: eight, four, four, four and twelve digits with hyphens between them.": (
        "a UUID without hyphens",
        "a UUID in braces",
    ),
    _PATTERNS: ("3.0 has no patterns of names",),
    "JSON Schema Core 2020-12, 10.3.1.1: the schema is right; the program turns its prefixItems into wrong ones.": (
        "positions",
        "positions that do not fit",
        "fewer than positions",
        "items behind positions",
        "a position that is never allowed",
        "no items behind positions",
        "unevaluated items",
        "unevaluated items across allOf",
        "unevaluated items by a schema",
    ),
    "JSON Schema Core 2020-12, 10.2.2.1: an if without branches evaluates; the program drops it.": (
        "evaluated by a condition without branches",
    ),
    "OpenAPI 3.1.1, Specifying Schema Dialects: $schema names draft 7, where items may be a list.": (
        "positions of an older dialect",
    ),
    _DECIDES: (
        "a discriminator chooses among two that fit",
        "a mapping by name",
        "a name beside a mapping",
        "a discriminator of anyOf",
    ),
    _UNNAMED: ("a discriminator that names nothing, where one fits",),
    _DIALECT: ("beside a reference in an older dialect",),
    _SIBLINGS: ("nullable beside a reference in 3.0",),
    _RESOURCES: (
        "an identifier is a base of references",
        "a dynamic reference that is bound",
        "a dynamic reference to the whole tree",
    ),
    _NULL: (
        *("nullable without a type", "a nullable enum without null", "nullable does not reach into allOf"),
        "nullable makes a branch fit",
    ),
    _NO_NULLABLE: ("3.1 has no nullable",),
    _CLOSEST: ("a closer range of several",),
    "RFC 9110, 8.3.1 and OpenAPI 3.1.1, Media Type Object: without a schema the media type still says JSON.": (
        "a media type without a schema that is not JSON",
    ),
    "OpenAPI 3.1.1, Response Object, content: it describes a payload, and there is none.": (
        "a body that is missing",
    ),
    _EMPTY: ("no body with 204", "no body with 304"),
    _HEADER_CONTENT: ("a header that is JSON",),
    _STYLES: (
        "an array of several schemas",
        "an object of several schemas",
        "a header that may be null",
    ),
    _IGNORED_HEADER: ("a Content-Type among the headers",),
    "OpenAPI 3.1.1, Media Type Object, schema: it describes this media type, too; the program validates JSON alone.": (
        "a field of several schemas",
        "a field of alternatives",
        "a plain text that is too long",
        "no number as text",
        "a text that is not UTF-8",
        "too many bytes",
        "a field of a form",
        "a field that is missing",
        "a part",
        "a part that is missing",
        "a part that is JSON",
        "parts without a boundary",
        "parts without an end",
        "a line of an array",
        "a line that is not JSON",
        "too many bytes without a type",
        "a line as it is, of another type",
        "lines as an array before 3.2",
        "too few lines",
        "lines by their own schema",
        "JSON after record separators",
    ),
    "OpenAPI 3.2.0, Server-Sent Event Streams: the id belongs to one event, and the next has none.": (
        "an event without what is required",
    ),
    "OpenAPI 3.0.4, Data Type Format: formats of the registry, which are those of later JSON Schema, too.": (
        "no reference",
        "no JSON pointer",
        "a JSON pointer with a lone tilde",
        "a template that is not closed",
    ),
    "RFC 8259, 6: JSON has no Infinity.": ("infinity inside",),
    _MARK: ("a byte order mark",),
    "RFC 8259, 9: a parser may have limits; the text is JSON all the same.": (
        "20,000 levels",
        "a number of 5,000 digits",
    ),
    "RFC 8259, 8.2: the grammar allows a lone surrogate in an escape.": ("a lone surrogate",),
    _UTF_8: ("a charset that it is not in",),
    "RFC 9110, 8.3.2: the charset says how to read the text; the program reads UTF-8 alone.": (
        "a text of Latin 1",
    ),
    _BROKEN: (
        "beside a property whose reference leads nowhere",
        "a type that is none",
        "a type that is a number",
        "a number of properties that is a text",
        "a number that is true",
        "an enum that is no list",
        "a division by zero",
        "an alternative that is wrong",
        "one of two that is wrong",
        "not what is wrong",
        "a reference to nowhere beside others",
    ),
    "RFC 9110, 8.3: a response without content needs no Content-Type.": (
        "2.0: a header that is an array",
        "2.0: no schema, and no body",
    ),
    "RFC 8259, 2: it is called JSON and is none; the program reads a body where there is a schema.": (
        "2.0: no schema, and no JSON",
    ),
    "OpenAPI 2.0, Operation Object, produces: nothing is named there, so that no media type can be wrong.": (
        "2.0: nothing produced, no schema",
    ),
}

OPEN = (_DECIDES, _UNNAMED)
"""The reasons that depend on which words of OpenAPI are meant: versions contradict themselves and each other."""

REASONS: Mapping[str, Mapping[str, str]] = {
    program: {name: reason for reason, names in reasons.items() for name in names}
    for program, reasons in (("prism", _PRISM), ("schemathesis", _SCHEMATHESIS))
}
"""Program → name of a pair → why the table is right."""
