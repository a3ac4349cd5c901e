"""Operations as methods of the Python API."""

from collections.abc import Iterator

import pytest

import dynacli
from dynacli.errors import UsageError
from tests.documents import get, parameter, save_api
from tests.harness import Recorder, json_response

_TEXT = {"type": "string"}


@pytest.fixture(name="api")
def _api(server: Recorder) -> Iterator[dynacli.Api]:
    server.responses.update(dict.fromkeys(("/a", "/b", "/c"), json_response([])))
    inputs = (parameter("from", _TEXT), parameter("self", _TEXT), parameter("page_size", _TEXT))
    things = get("/a", "list-things", *inputs, summary="List things")
    with dynacli.open_api(save_api(things, get("/b", "import"), get("/c", "call"), server=server)) as api:
        yield api


def test_an_operation_is_a_method(api: dynacli.Api, server: Recorder) -> None:
    """By its name in snake case, with its summary, and with inputs as in `call`."""
    assert [] == api.list_things(page_size="2").data
    assert "/a?page_size=2" == server.last.target
    assert ("list_things", "List things") == (api.list_things.__name__, api.list_things.__doc__)


@pytest.mark.parametrize(("method", "target"), [("import_", "/b"), ("call_", "/c")])
def test_a_name_that_is_taken_ends_with_an_underscore(
    api: dynacli.Api, server: Recorder, method: str, target: str
) -> None:
    """A keyword of Python, or a member of the class, which stays."""
    getattr(api, method)()
    assert target == server.last.target
    assert api.call("list-things").status == 200


@pytest.mark.parametrize("name", ["from", "self"])
def test_an_argument_that_is_taken_ends_with_an_underscore(
    api: dynacli.Api, server: Recorder, name: str
) -> None:
    """A keyword of Python, or `self`."""
    api.list_things(**{f"{name}_": "x"})
    assert f"/a?{name}=x" == server.last.target


def test_the_methods_are_listed(api: dynacli.Api) -> None:
    """For completion; not for a closed API, which says that it is closed."""
    assert {"list_things", "import_", "call_", "call", "close"} <= set(dir(api))
    api.close()
    assert "list_things" not in dir(api)


@pytest.mark.parametrize(
    ("name", "said"), [("list_thing", "Did you mean `list_things`?"), ("zzz", "`dir(api)` lists")]
)
def test_an_unknown_method_is_an_attribute_error(api: dynacli.Api, name: str, said: str) -> None:
    """With near names; so `hasattr` works."""
    with pytest.raises(AttributeError, match="has no operation") as raised:
        getattr(api, name)
    assert said in str(raised.value)
    assert not hasattr(api, "_nothing")


def test_a_closed_api_says_so(api: dynacli.Api) -> None:
    """As `call` does."""
    api.close()
    with pytest.raises(UsageError, match="is closed"):
        api.list_things()
