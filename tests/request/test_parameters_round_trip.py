r"""openapi-core reads back what dynacli writes, for every style that it can read.

Its own deserializers are asked, with the texts that a server would hand them: those of a query and of cookies
decoded, those of a path and of headers as they are. What it cannot read:

- `form` with `explode: true` of an object, in a query and in cookies: it looks for one pair named like the parameter.
- `spaceDelimited`: it splits what was decoded at `%20`.
- `spaceDelimited` and `pipeDelimited` with `explode: true`, single values in them, and everything but objects in
  `deepObject`: n/a in the table. Nested values anywhere: OpenAPI has no form for them.
- `deepObject` whose keys are not words, as it finds them by `\w+`.
- Text that has the separator of its style in it: it splits what was decoded, so that a comma is always a separator.
- Empty text if members are joined: an object's flat form loses it with an odd number of parts.

The validator takes the value that was given if openapi-core cannot read one, so that none of this refuses a request.
"""

import json
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_path import SchemaPath
from openapi_core.casting.schemas import oas31_schema_casters_factory
from openapi_core.deserializing.styles import style_deserializers
from openapi_core.deserializing.styles.factories import StyleDeserializersFactory
from werkzeug.datastructures import ImmutableMultiDict

from dynacli.openapi.model.operation import Operation, Parameter, ValueType
from dynacli.request.build_request import build_request
from tests.documents import get, parameter, save_api
from tests.harness import run_cli
from tests.sampling import examples

# Letters of several scripts, signs of URLs, spaces; none of the separators `,`, `.`, `;`, `=`, `&`, `|`.
TEXTS = st.text(
    st.characters(categories=["L", "N"]) | st.sampled_from("-_~:/?#[]@!$'()*+% "), min_size=1, max_size=12
).filter(lambda text: text == text.strip() and not text.isspace())
# A header holds Latin-1, and a path no percent sign that would decode to something else.
IN_HEADER = st.text(st.sampled_from("abcXYZ019-_~:/?#[]@!$'()*+%é"), min_size=1, max_size=12)
IN_PATH = st.text(
    st.characters(categories=["L", "N"]) | st.sampled_from("-_~:?#[]@!$'()*+ "), min_size=1, max_size=12
)
KEYS = st.sampled_from(["R", "G", "B", "key_1"])
KINDS: dict[str, Any] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "array": {"type": "array", "items": {"type": "string"}},
    "integers": {"type": "array", "items": {"type": "integer"}},
    "object": {
        "type": "object",
        "properties": {"R": {"type": "integer"}, "G": {"type": "boolean"}},
        "additionalProperties": {"type": "string"},
    },
}
PRIMITIVES = ("string", "integer", "number", "boolean")
ARRAYS = ("array", "integers")
ALL = (*PRIMITIVES, *ARRAYS, "object")
READABLE = [
    *(("query", "form", True, kind) for kind in (*PRIMITIVES, *ARRAYS)),
    *(("query", "form", False, kind) for kind in ALL),
    *(("query", "pipeDelimited", False, kind) for kind in (*ARRAYS, "object")),
    ("query", "deepObject", True, "object"),
    *(
        ("path", style, explode, kind)
        for style in ("simple", "label", "matrix")
        for explode in (False, True)
        for kind in ALL
    ),
    *(("header", "simple", explode, kind) for explode in (False, True) for kind in ALL),
    *(("cookie", "form", True, kind) for kind in (*PRIMITIVES, *ARRAYS)),
    *(("cookie", "form", False, kind) for kind in ALL),
]


def values_of(kind: str, texts: st.SearchStrategy[str], *, has_dots: bool) -> st.SearchStrategy[Any]:
    """Return values of a kind.

    Args:
        texts: For strings.
        has_dots: Whether a number may have a decimal point.
    """
    # openapi-core reads every number as a float, which has no digits for larger integers.
    whole = st.integers(-(2**53), 2**53)
    numbers = whole | (st.floats(allow_nan=False, allow_infinity=False) if has_dots else st.nothing())
    simple: dict[str, st.SearchStrategy[Any]] = {
        "string": texts,
        "integer": st.integers(),
        "number": numbers,
        "boolean": st.booleans(),
        "array": st.lists(texts, min_size=1, max_size=4),
        "integers": st.lists(st.integers(), min_size=1, max_size=4),
    }
    if kind != "object":
        return simple[kind]
    return st.fixed_dictionaries(
        {}, optional={"R": st.integers(), "G": st.booleans(), "B": texts, "key_1": texts}
    ).filter(bool)


def read(location: str, style: str, kind: str, parts: Any, *, explode: bool) -> Any:
    """Return what openapi-core makes of a request's parameter `color`."""
    where: Any
    if location == "path":
        # Where openapi-core looks for the text of these styles.
        prefix = {"label": ".", "matrix": ";"}.get(style, "")
        where = {f"{prefix}color{'*' if prefix and explode else ''}": unquote(parts.path["color"])}
    elif location == "query":
        where = ImmutableMultiDict([(pair.name, pair.value) for pair in parts.query])
    elif location == "cookie":
        where = ImmutableMultiDict([(pair.name, pair.value) for pair in parts.cookies])
    else:
        where = parts.headers
    schema = SchemaPath.from_dict(KINDS[kind])
    factory = StyleDeserializersFactory(oas31_schema_casters_factory, style_deserializers=style_deserializers)
    return factory.create(schema, schema, style, explode, "color").deserialize(where)


@pytest.mark.sampled(12)
@pytest.mark.parametrize(
    ("location", "style", "explode", "kind"),
    READABLE,
    ids=[
        f"{place}-{style}-{'explode' if explode else 'flat'}-{kind}"
        for place, style, explode, kind in READABLE
    ],
)
@settings(max_examples=examples(40), deadline=None)
@given(data=st.data())
def test_openapi_core_reads_back_what_was_written(
    location: str, style: str, explode: bool, kind: str, data: st.DataObject
) -> None:
    """The value that openapi-core finds in the request is the one that was given."""
    texts = {"header": IN_HEADER, "path": IN_PATH}.get(location, TEXTS)
    value = data.draw(values_of(kind, texts, has_dots=style != "label"))
    described = Operation(
        "a",
        "a",
        "GET",
        "/a/{color}" if location == "path" else "/a",
        parameters=(Parameter("color", location, "color", ValueType(), style=style, explode=explode),),
    )
    request = build_request(described, "https://a.example", {(location, "color"): value})
    assert value == read(location, style, kind, request.parts, explode=explode)


@settings(max_examples=examples(100), deadline=None)
@given(
    name=TEXTS,
    value=st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=3)
    | st.lists(TEXTS, min_size=1, max_size=3)
    | TEXTS,
    explode=st.booleans(),
)
def test_the_pairs_are_those_of_the_url(name: str, value: Any, explode: bool) -> None:
    """A request is validated by the pairs that a server's parser finds in the URL that is sent."""
    described = Operation(
        "a",
        "a",
        "GET",
        "/a?fixed=1",
        parameters=(Parameter(name, "query", "x", ValueType(), explode=explode),),
    )
    request = build_request(described, "https://a.example", {("query", name): value})
    found = parse_qsl(urlsplit(request.url).query, keep_blank_values=True, strict_parsing=True)
    assert found == [(pair.name, pair.value) for pair in request.parts.query]
    is_replaced = name == "fixed" or (explode and isinstance(value, dict) and "fixed" in value)
    assert is_replaced or ("fixed", "1") == found[0]


VALIDATED = [
    pytest.param("query", {"style": "form"}, '{"R":100,"G":true}', id="form-object"),
    pytest.param(
        "query", {"style": "deepObject"}, '{"R":100,"B":"x","deep":{"a":[1,{"b":2}]}}', id="deep-nested"
    ),
    pytest.param("query", {"style": "spaceDelimited", "explode": False}, '{"R":100}', id="space-flat"),
    pytest.param("query", {"style": "pipeDelimited", "explode": True}, '{"R":100}', id="pipe-explode"),
    pytest.param("cookie", {"style": "form"}, '{"R":100,"B":"x"}', id="cookie-form"),
    pytest.param("path", {"style": "label"}, '{"R":100}', id="label"),
    pytest.param("path", {"style": "matrix", "explode": True}, '{"R":100}', id="matrix"),
]


@pytest.mark.parametrize(("location", "more", "value"), VALIDATED)
def test_what_openapi_core_cannot_read_is_validated_by_the_value(
    location: str, more: dict[str, Any], value: str
) -> None:
    """A value that fits passes, and one that does not is refused, even if the text cannot be read back."""
    schema = {**KINDS["object"], "maxProperties": 3, "additionalProperties": True}
    path = "/a/{color}" if location == "path" else "/a"
    save_api(get(path, "a", parameter("color", schema, location, **more)))
    call = ("./api.json", "a", "--dry-run", "json", "--color")
    result = run_cli(*call, value)
    assert (0, "") == (result.exit_code, result.stderr)
    wrong = json.dumps({**json.loads(value), "R": "red"})
    result = run_cli("--error-format", "json", *call, wrong)
    assert (2, "The document does not allow this request") == (result.exit_code, result.error["message"])
