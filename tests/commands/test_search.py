"""`search` finds the operations that do what a person says in plain words."""

from typing import Any

import pytest

from tests.documents import document, operation, parameter, save
from tests.harness import run_cli

ID = parameter("id", {"type": "string"}, "path")


def _paths() -> dict[str, Any]:
    return {
        "/pets": {
            "get": operation("listPets", summary="List all pets"),
            "post": operation("createPet", summary="Create a pet"),
        },
        "/pets/{id}": {
            "get": operation("getPet", ID, summary="Info for a specific pet"),
            "delete": operation("deletePet", ID, summary="Delete a pet"),
        },
        "/pets/{id}/owners": {"get": operation("listOwnersOfPet", ID, summary="The owners of a pet")},
        "/toys": {"get": operation("listToys", summary="List all toys")},
    }


@pytest.fixture(name="api")
def _api() -> str:
    return save(document(_paths()))


def _names(*words: str) -> list[str]:
    found = run_cli("search", *words, "-o", "json").json
    return [each["name"] for each in (found["best"], *found["others"]) if each]


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("list pets", "list-pets"),
        ("show all the pets", "list-pets"),
        ("a new pet", "create-pet"),
        ("get rid of a pet", "delete-pet"),
        ("remove pets", "delete-pet"),
        ("look at one pet", "get-pet"),
        ("owners of a pet", "list-owners-of-pet"),
    ],
)
def test_the_best_operation_comes_first(api: str, question: str, name: str) -> None:
    """Verbs, their synonyms, and singular and plural tell the operations of one resource apart."""
    assert name == _names(api, *question.split())[0]
    assert name == _names("--api", api, question)[0]


def test_what_is_found_has_a_form_for_programs(api: str) -> None:
    """The best hit and up to four others, each with all that names it."""
    found = run_cli("search", api, "toys", "-o", "json").json
    assert {"best", "others"} == set(found)
    assert 4 >= len(found["others"])
    for hit in (found["best"], *found["others"]):
        assert {"api", "name", "method", "path", "summary"} <= set(hit)


def test_a_plural_is_no_verb() -> None:
    """`runs that failed` asks for runs, and does not start any; the card shows what the question is about."""
    card = run_cli(
        "search", "demo", "runs", "that", "failed", "with", "a", "classification", "-o", "json"
    ).json["best"]
    assert "search-runs" == card["name"]
    assert {"status", "classification"} <= {each["name"] for each in card["inputs"][:2]}


def test_all_registered_apis_are_searched(api: str) -> None:
    """Without the name of an API the best hits of all of them are found."""
    run_cli("api", "add", "zoo", api)
    shop = save(document({"/orders": {"get": operation("listOrders", summary="List orders")}}), "shop.json")
    run_cli("api", "add", "shop", shop)
    assert ["zoo", "shop"] == [
        run_cli("search", *words, "-o", "json").json["best"]["api"]
        for words in (("list", "pets"), ("all", "orders"))
    ]


def test_nothing_registered_is_said() -> None:
    """Without an API there is nothing to search, and the message says how to name one."""
    result = run_cli("search", "list", "pets")
    assert 2 == result.exit_code
    assert "No API is registered" in result.stderr
