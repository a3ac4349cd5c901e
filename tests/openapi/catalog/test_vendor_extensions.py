"""`x-cli-*`: what other spec-driven command lines take from a document, this one takes too."""

from typing import Any

import pytest

from tests.documents import get, operation, parameter, save_api
from tests.dry_runs import refusal_of, request_of
from tests.harness import run_cli

STRING: dict[str, Any] = {"type": "string"}


def _names(api: str) -> list[str]:
    return [row["name"] for row in run_cli("operations", api, "-o", "json").json]


def test_an_operation_is_renamed() -> None:
    """`x-cli-name` wins over the operationId, which is accepted anyway."""
    api = save_api(get("/a", "getTheThing", **{"x-cli-name": "Thing Now"}))
    assert ["thing-now"] == _names(api)
    assert ("/a", "/a") == (request_of("thing-now")["target"], request_of("getTheThing")["target"])


def test_an_operation_has_aliases() -> None:
    """`x-cli-aliases` are names as well; a name of another operation is not taken from it."""
    save_api(get("/a", "listPets", **{"x-cli-aliases": ["ls", "showAll", "get-b"]}), get("/b", "getB"))
    assert ["/a", "/a", "/b"] == [request_of(word)["target"] for word in ("ls", "show-all", "get-b")]


@pytest.mark.parametrize("level", ["path", "operation"])
def test_a_hidden_operation_works_and_is_not_listed(level: str) -> None:
    """`x-cli-hidden` takes it out of help and suggestions, not out of reach."""
    hidden: dict[str, Any] = {"x-cli-hidden": True}
    raw = operation("secretThing", **(hidden if level == "operation" else {}))
    api = save_api({"/a": {"get": raw, **(hidden if level == "path" else {})}}, get("/b", "other"))
    page = run_cli(api, "--help").stdout
    assert "other" in page
    assert "secret-thing" not in page
    assert "/a" == request_of("secret-thing")["target"]
    assert "secret-thing" not in refusal_of("secret-thin").stderr


@pytest.mark.parametrize("level", ["path", "operation"])
def test_an_ignored_operation_is_not_there(level: str) -> None:
    """`x-cli-ignore` leaves it out altogether."""
    ignored: dict[str, Any] = {"x-cli-ignore": True}
    raw = operation("gone", **(ignored if level == "operation" else {}))
    api = save_api({"/a": {"get": raw, **(ignored if level == "path" else {})}}, get("/b", "other"))
    assert ["other"] == _names(api)
    assert "has no operation `gone`" in refusal_of("gone").stderr


@pytest.mark.parametrize("level", ["path", "operation"])
def test_a_description_is_replaced(level: str) -> None:
    """`x-cli-description` is what the help shows; a path's stands in if the operation has none."""
    reported: dict[str, Any] = {"x-cli-description": "For the terminal."}
    raw = operation("a", **({**reported, "description": "For the web."} if level == "operation" else {}))
    api = save_api({"/a": {"get": raw, **(reported if level == "path" else {})}})
    page = run_cli(api, "a", "--help").stdout
    assert "For the terminal." in page
    assert "For the web." not in page


def test_a_path_names_its_one_operation() -> None:
    """`x-cli-name` and `x-cli-aliases` of a path belong to its operation, when there is only one."""
    extensions = {"x-cli-name": "thing", "x-cli-aliases": ["t"]}
    api = save_api(
        {
            "/a": {"get": operation("getA"), **extensions},
            "/b": {"get": operation("getB"), "put": operation("putB"), **extensions},
        }
    )
    assert ["thing", "get-b", "put-b"] == _names(api)
    assert "/a" == request_of("t")["target"]


def test_a_parameter_is_renamed_and_has_aliases() -> None:
    """The option has the new name; the name on the wire stays."""
    raw = {**parameter("q", STRING), "x-cli-name": "queryText", "x-cli-aliases": ["find"]}
    save_api(get("/a", "a", raw))
    for option in ("--query-text", "--find", "--q"):
        assert "/a?q=x" == request_of("a", option, "x")["target"]


def test_a_path_parameter_is_renamed() -> None:
    """The help calls it by its new name."""
    raw = parameter("id", STRING, "path", **{"x-cli-name": "pet-name"})
    api = save_api(get("/a/{id}", "a", raw))
    assert run_cli(api, "a", "--help").stdout.startswith(f"Usage: dynacli {api} a PET_NAME [OPTIONS]\n")
    assert ("/a/x", "/a/x") == (request_of("a", "x")["target"], request_of("a", "--pet-name", "x")["target"])


def test_a_hidden_parameter_works_and_is_not_listed() -> None:
    """`x-cli-hidden` takes it out of the help alone."""
    api = save_api(get("/a", "a", {**parameter("trace", STRING), "x-cli-hidden": True}))
    assert "--trace" not in run_cli(api, "a", "--help").stdout
    assert "/a?trace=x" == request_of("a", "--trace", "x")["target"]


def test_an_ignored_parameter_is_not_there() -> None:
    """`x-cli-ignore` leaves it out."""
    save_api(get("/a", "a", {**parameter("trace", STRING), "x-cli-ignore": True}))
    assert "There is no option `--trace`" in refusal_of("a", "--trace", "x").stderr


def test_a_parameters_description_is_replaced() -> None:
    """`x-cli-description` of a parameter is what the help shows."""
    raw = parameter("q", STRING, description="For the web.", **{"x-cli-description": "For the terminal."})
    api = save_api(get("/a", "a", raw))
    page = run_cli(api, "a", "--help").stdout
    assert "For the terminal" in page
    assert "For the web" not in page


@pytest.mark.parametrize("value", [1, [], {}, None, "", True])
def test_an_extension_of_the_wrong_type_counts_as_absent(value: Any) -> None:
    """A document may write anything there."""
    keys = ("x-cli-name", "x-cli-aliases", "x-cli-description")
    api = save_api(get("/a", "getA", **dict.fromkeys(keys, value)))
    assert [["get-a"], ["1"]][value == 1 and value is not True] == _names(api)
    assert "/a" == request_of("getA")["target"]
