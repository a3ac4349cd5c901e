"""Names of operations: kebab case, without clashes, and never moving."""

from typing import Any

import pytest

from dynacli.catalog.names import MAX_LENGTH, NameBook, kebab
from tests.documents_of import dry, error, operation, parameter, write
from tests.harness import run_cli


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("list-runs", "listRuns"),
        ("issues-list-for-repo", "issues/list-for-repo"),
        ("get-http-thing2", "Get_HTTPThing2"),
        ("get-pets-pet-id-toys", "GET /pets/{petId}/toys"),
        ("put-files-id-add-shared-link", "put_files_id#add_shared_link"),
        ("uberblick-lesen", "Überblick lesen"),
        ("naive-cafe", "naïveCafé"),
        ("a-b", "a\u202eb"),
        ("rm-rf", "; rm -rf"),
        ("help", "--help"),
        ("id", "ID"),
        ("page-cursor", "page[cursor]"),
        ("", "日本語"),
        ("", "!?*"),
        ("", ""),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_name_is_kebab_case_of_ascii_letters_and_digits(expected: str, text: str) -> None:
    """Only letters, digits and hyphens reach a name; what has none of them gives no name."""
    assert expected == kebab(text)


@pytest.mark.parametrize("text", ["listRuns", "Get_HTTPThing2", "a--b", "Überblick", "x" * 300])
def test_a_name_is_its_own_kebab_form(text: str) -> None:
    """A name that is typed or named again stays as it is."""
    assert kebab(text) == kebab(kebab(text))


@pytest.mark.parametrize(
    ("expected", "operation_id"),
    [
        ("list-pets", "listPets"),
        ("get-pets-pet-id-toys", None),
        ("get-pets-pet-id-toys", ""),
        ("get-pets-pet-id-toys", "日本語"),
        ("get-pets-pet-id-toys", "***"),
    ],
)
def test_method_and_path_name_what_its_operation_id_cannot(expected: str, operation_id: str | None) -> None:
    """Without a usable operationId an operation is called by its method and path."""
    raw = operation("x")
    del raw["operationId"]
    if operation_id is not None:
        raw["operationId"] = operation_id
    api = write({"/pets/{petId}/toys": {"get": raw}})
    assert [expected] == [one["name"] for one in run_cli("operations", api).json]


def test_long_names_are_cut_and_told_apart() -> None:
    """Two operationIds of 300 characters that differ at their end have names of a usable length."""
    ids = ["x" * 300 + "a", "x" * 300 + "b"]
    api = write({f"/{one}": {"get": operation(each)} for one, each in zip("ab", ids, strict=True)})
    rows = run_cli("operations", api).json
    assert ["/a", "/b"] == [one["path"] for one in rows]
    assert 2 == len({one["name"] for one in rows})
    assert all(len(one["name"]) <= MAX_LENGTH + 4 for one in rows)
    for one, path in zip(rows, ["/a", "/b"], strict=True):
        assert path == dry(one["name"])["target"]


def test_of_two_operations_that_would_share_a_name_both_are_kept() -> None:
    """The first in the document has the plain name, the other its method and path behind it."""
    api = write(
        {
            "/a": {"get": operation("listPets")},
            "/b/{id}": {"get": operation("list_pets"), "post": operation("ListPets")},
        }
    )
    rows = [(one["name"], one["operation_id"]) for one in run_cli("operations", api).json]
    assert [
        ("list-pets", "listPets"),
        ("list-pets-get-b-id", "list_pets"),
        ("list-pets-post-b-id", "ListPets"),
    ] == rows
    listed = run_cli("-o", "text", "operations", api).stdout.splitlines()
    assert [False, True, True] == [
        "(its operationId is also that of list-pets)" in " ".join(line.split()) for line in listed
    ]
    assert "/b/7" == dry("list-pets-get-b-id", "7")["target"]
    # The exact operationId is unambiguous where the name is not.
    assert "/b/7" == dry("list_pets", "7")["target"]


@pytest.mark.parametrize("word", ["listPets", "LISTPETS", "listpets", "ListPets", "list-pets"])
def test_the_operation_id_is_accepted_in_any_case(word: str) -> None:
    """Name and operationId mean the same operation."""
    write({"/a": {"get": operation("listPets")}})
    assert "/a" == dry(word)["target"]


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("list-pet", ["list-pets"]),
        ("listPet", ["list-pets"]),
        ("pets-list", ["list-pets"]),
        ("creat-pet", ["create-pet"]),
        ("zzzzzz", []),
    ],
)
def test_an_unknown_name_gets_near_ones(word: str, near: list[str]) -> None:
    """Up to three names that come near are named, and the exit code is 2."""
    write({"/a": {"get": operation("listPets"), "post": operation("createPet")}})
    refused = error(word, before=("--error-format", "json")).error
    assert f"`./api.json` has no operation `{word}`" == refused["message"]
    assert near == refused["near"]


def test_names_never_move_when_a_document_changes() -> None:
    """Operations reordered, removed and added: what a name meant before it means afterwards, or nothing."""
    write({"/a": {"get": operation("getPet")}, "/b": {"get": operation("get_pet")}})
    assert ("/a", "/b") == (dry("get-pet")["target"], dry("get-pet-get-b")["target"])

    write({"/b": {"get": operation("get_pet")}, "/a": {"get": operation("getPet")}})
    assert ("/a", "/b") == (dry("get-pet")["target"], dry("get-pet-get-b")["target"])

    write({"/b": {"get": operation("get_pet")}, "/c": {"get": operation("getPet")}})
    assert "/b" == dry("get-pet-get-b")["target"]
    assert "/c" == dry("get-pet-get-c")["target"]
    by_path = {one["path"]: one["name"] for one in run_cli("operations", "./api.json").json}
    assert {"/b": "get-pet-get-b", "/c": "get-pet-get-c"} == by_path

    write({"/a": {"get": operation("getPet")}, "/c": {"get": operation("getPet")}})
    assert "/a" == dry("get-pet")["target"]


def test_a_renamed_operation_keeps_its_name_and_takes_the_new_one_too() -> None:
    """A script that was written before the document renamed an operation goes on working."""
    write({"/a": {"get": operation("listRuns")}})
    assert "/a" == dry("list-runs")["target"]
    write({"/a": {"get": operation("searchRuns")}})
    assert ("/a", "/a", "/a") == tuple(
        dry(word)["target"] for word in ("list-runs", "search-runs", "searchRuns")
    )


def test_the_lock_is_handed_on() -> None:
    """A name that was given stays with its method and path even when another one asks for it first."""
    first = NameBook()
    assert "get-pet" == first.name("GET", "/a", ["getPet"])
    second = NameBook(first.lock)
    assert "get-pet-get-b" == second.name("GET", "/b", ["getPet"])
    assert "get-pet" == second.name("GET", "/a", ["somethingElse"])


def _tagged(operation_id: str, *tags: str, **more: Any) -> dict[str, Any]:
    return operation(operation_id, tags=list(tags), **more)


def test_an_operation_is_found_through_its_tag() -> None:
    """`API TAG OPERATION` means the same call, with the tag's prefix left out or not."""
    write({"/a": {"get": _tagged("issues/list", "Issues")}, "/b": {"get": _tagged("pulls/list", "Pulls")}})
    for words in (("issues", "list"), ("issues", "issues-list"), ("issues", "issues/list")):
        assert "/a" == dry(*words)["target"]
    assert "/b" == dry("pulls", "list")["target"]
    refused = error("pulls", "issues-list", before=("--error-format", "json")).error
    assert "`./api.json`, tag `pulls`, has no operation `issues-list`" == refused["message"]


def test_a_tag_may_be_called_like_an_operation() -> None:
    """The word behind decides: an operation of the tag, or an argument of the operation."""
    own = _tagged("pets", "other")
    own["parameters"] = [parameter("x", {"type": "string"}, "path")]
    write({"/a/{x}": {"get": own}, "/b": {"get": _tagged("listPets", "pets")}})
    assert "/b" == dry("pets", "list-pets")["target"]
    assert "/a/7" == dry("pets", "7")["target"]


def test_operations_of_a_tag_are_listed_by_any_of_its_spellings() -> None:
    """`operations --tag` takes the tag as the document spells it, and in kebab case."""
    api = write({"/a": {"get": _tagged("a", "My Pets")}, "/b": {"get": _tagged("b")}})
    for tag in ("My Pets", "my-pets"):
        assert ["a"] == [one["name"] for one in run_cli("operations", api, "--tag", tag).json]


def test_a_verb_is_never_shadowed_by_an_operation() -> None:
    """Operations called like verbs, options or Python's own names are ordinary operations of their API."""
    names = ["help", "api", "describe", "version", "__init__", "--help", "class", "-o"]
    api = write({f"/{index}": {"get": operation(name)} for index, name in enumerate(names)})
    rows = run_cli("operations", api).json
    assert names == [one["operation_id"] for one in rows]
    for index, one in enumerate(rows):
        assert f"/{index}" == dry(one["name"])["target"]
    assert "Usage: dynacli" in run_cli("help").stdout


def test_the_order_of_the_operations_is_the_documents() -> None:
    """Lists keep the order of the document, whatever the names are."""
    api = write({f"/{name}": {"get": operation(name)} for name in ("zebra", "ant", "moose")})
    assert ["zebra", "ant", "moose"] == [one["name"] for one in run_cli("operations", api).json]
