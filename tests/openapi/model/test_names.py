"""Names of operations: kebab case, without clashes, and never moving."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dynacli.openapi.catalog.catalog_writer import catalog_in_memory
from dynacli.openapi.catalog.compiler._operation_inputs import (
    Named,
    fields_with_own_options,
    option_names,
    option_word,
)
from dynacli.openapi.catalog.compiler.compile_document import Compiled, compile_document
from dynacli.openapi.model.kebab_names import MAX_LENGTH, NameBook, kebab
from dynacli.openapi.model.operation import Field, ValueType
from tests.documents import delete, document, get, load_tree, operation, parameter, post, save_api
from tests.dry_runs import refusal_of, request_of
from tests.harness import run_cli
from tests.sampling import examples

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
OPTION = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*")


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("list-runs", "listRuns"),
        ("issues-list-for-repo", "issues/list-for-repo"),
        ("get-http-thing2", "Get_HTTPThing2"),
        ("list-user-ids", "listUserIDs"),
        ("get-urls-of-vms", "getURLsOfVMs"),
        ("ids2", "IDs2"),
        ("get-a-test", "getATest"),
        ("aws-settings", "AWSSettings"),
        ("get-pets-pet-id-toys", "GET /pets/{petId}/toys"),
        ("put-files-id-add-shared-link", "put_files_id#add_shared_link"),
        ("uberblick-lesen", "Überblick lesen"),
        ("naive-cafe", "naïveCafé"),
        ("a-b", "a\u202eb"),
        ("rm-rf", "; rm -rf"),
        ("help", "--help"),
        ("id", "ID"),
        ("page-cursor", "page[cursor]"),
        ("list-users-pets", "List user's pets"),
        ("list-users-pets", "List user\u2019s pets"),
        ("a-b", "'a' 'b'"),
        ("ri-ben-yu", "日本語"),
        ("spisok-zakazov", "списокЗаказов"),
        ("pay", "p\u0430y"),
        ("cafe", "cafe\u0301"),
        ("full", "\uff26\uff55\uff4c\uff4c"),
        ("list-pets", ".listPets"),
        ("2-fa", "2FA"),
        ("x-y", "x\ud800y"),
        ("", "\u202e\u200b\x1b"),
        ("", "!?*"),
        ("", ""),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_name_is_kebab_case_of_ascii_letters_and_digits(expected: str, text: str) -> None:
    """Only letters, digits and hyphens reach a name; what has none of them gives no name."""
    assert expected == kebab(text)


@given(st.text(max_size=400))
@example("İstanbul")
@example("ǅ")
def test_only_letters_digits_and_hyphens_reach_a_name(text: str) -> None:
    """A name has the allowed characters and is its own kebab form, or is empty; an option is never empty."""
    name = kebab(text)
    assert not name or NAME.fullmatch(name)
    assert name == kebab(name)
    word = option_word(text)
    assert NAME.fullmatch(word)
    assert MAX_LENGTH >= len(word)


@given(st.lists(st.tuples(st.sampled_from(["path", "query", "header"]), st.text(max_size=12)), unique=True))
def test_every_parameter_has_an_option_of_its_own(keys: list[tuple[str, str]]) -> None:
    """No parameter is dropped or called like `--help`, and the order within a location makes no difference."""
    keys.sort(key=lambda key: ["path", "query", "header"].index(key[0]))
    named = [Named(location, name, name) for location, name in keys]
    options = option_names(named, {"help"})
    assert len(keys) == len(set(options))
    assert "help" not in options
    assert all(OPTION.fullmatch(option) for option in options)
    reversed_keys = keys[::-1]
    reversed_keys.sort(key=lambda key: ["path", "query", "header"].index(key[0]))
    again = option_names([Named(location, name, name) for location, name in reversed_keys], {"help"})
    assert dict(zip(keys, options, strict=True)) == dict(zip(reversed_keys, again, strict=True))


def test_every_field_of_a_body_has_an_option_of_its_own() -> None:
    """This holds for a field whose qualified option another field has already."""
    fields = [Field((name,), name, ValueType()) for name in ("id", "body.id", "help", "x")]
    made = fields_with_own_options(fields, {"id", "help"})
    assert ["body.id-2", "body.id", "body.help", "x"] == [parameter.option for parameter in made]
    assert [field.path for field in fields] == [parameter.path for parameter in made]


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
        ("ri-ben-yu", "日本語"),
        ("get-pets-pet-id-toys", "\u202e"),
        ("get-pets-pet-id-toys", "***"),
    ],
)
def test_method_and_path_name_what_its_operation_id_cannot(expected: str, operation_id: str | None) -> None:
    """Without a usable operationId an operation is called by its method and path."""
    raw = operation("x")
    del raw["operationId"]
    if operation_id is not None:
        raw["operationId"] = operation_id
    api = save_api({"/pets/{petId}/toys": {"get": raw}})
    assert [expected] == [row["name"] for row in run_cli("operations", api, "-o", "json").json]


def test_long_names_are_cut_and_told_apart() -> None:
    """Two operationIds of 300 characters that differ at their end have names of a usable length."""
    ids = ["x" * 300 + "a", "x" * 300 + "b"]
    api = save_api(*(get(f"/{name}", id_) for name, id_ in zip("ab", ids, strict=True)))
    rows = run_cli("operations", api, "-o", "json").json
    assert ["/a", "/b"] == [row["path"] for row in rows]
    assert 2 == len({row["name"] for row in rows})
    assert all(len(row["name"]) <= MAX_LENGTH + 4 for row in rows)
    for listed, path in zip(rows, ["/a", "/b"], strict=True):
        assert path == request_of(listed["name"])["target"]


def test_of_two_operations_that_would_share_a_name_both_are_kept() -> None:
    """The first in the document has the plain name, the other its method and path after it."""
    api = save_api(get("/a", "listPets"), get("/b/{id}", "list_pets"), post("/b/{id}", "ListPets"))
    rows = [(row["name"], row["operation_id"]) for row in run_cli("operations", api, "-o", "json").json]
    assert [
        ("list-pets", "listPets"),
        ("list-pets-get-b-id", "list_pets"),
        ("list-pets-post-b-id", "ListPets"),
    ] == rows
    listed = run_cli("-o", "text", "operations", api).stdout.splitlines()
    assert [False, True, True] == [
        "(list-pets has the same operationId)" in " ".join(line.split()) for line in listed
    ]
    assert "/b/7" == request_of("list-pets-get-b-id", "7")["target"]
    # The exact operationId is unambiguous if the name is not.
    assert "/b/7" == request_of("list_pets", "7")["target"]


@pytest.mark.parametrize("word", ["listPets", "LISTPETS", "listpets", "ListPets", "list-pets"])
def test_the_operation_id_is_accepted_in_any_case(word: str) -> None:
    """Name and operationId mean the same operation."""
    save_api(get("/a", "listPets"))
    assert "/a" == request_of(word)["target"]


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("list-pet", ["list-pets"]),
        ("listPet", ["list-pets"]),
        ("pets-list", ["list-pets", "create-pet"]),
        ("creat-pet", ["create-pet"]),
        ("zzzzzz", []),
    ],
)
def test_an_unknown_name_gets_near_ones(word: str, near: list[str]) -> None:
    """Up to three names that come near are named, and the exit code is 2."""
    save_api(get("/a", "listPets"), post("/a", "createPet"))
    refused = refusal_of(word, before=("--error-format", "json")).error
    assert f"`./api.json` has no operation `{word}`" == refused["message"]
    assert near == refused["near"]


def test_names_never_move_when_a_document_changes() -> None:
    """Operations reordered, removed and added: what a name meant before it means afterwards, or nothing."""
    save_api(get("/a", "getPet"), get("/b", "get_pet"))
    assert ("/a", "/b") == (request_of("get-pet")["target"], request_of("get-pet-get-b")["target"])

    save_api(get("/b", "get_pet"), get("/a", "getPet"))
    assert ("/a", "/b") == (request_of("get-pet")["target"], request_of("get-pet-get-b")["target"])

    save_api(get("/b", "get_pet"), get("/c", "getPet"))
    assert "/b" == request_of("get-pet-get-b")["target"]
    assert "/c" == request_of("get-pet-get-c")["target"]
    by_path = {row["path"]: row["name"] for row in run_cli("operations", "./api.json", "-o", "json").json}
    assert {"/b": "get-pet-get-b", "/c": "get-pet-get-c"} == by_path
    refused = refusal_of("get-pet", before=("--error-format", "json")).error
    assert "It was the name of `GET /a`, which was removed from the document" == refused["reason"]
    assert "/c" == request_of("getPet")["target"]

    save_api(get("/a", "getPet"), get("/c", "getPet"))
    assert "/a" == request_of("get-pet")["target"]


def test_a_renamed_operation_keeps_its_name_and_takes_the_new_one_too() -> None:
    """A script that was written before the document renamed an operation goes on working."""
    save_api(get("/a", "listRuns"))
    assert "/a" == request_of("list-runs")["target"]
    save_api(get("/a", "searchRuns"))
    assert ("/a", "/a", "/a") == tuple(
        request_of(word)["target"] for word in ("list-runs", "search-runs", "searchRuns")
    )


def test_given_names_stay_with_their_operations() -> None:
    """A name stays with its method and path even if another operation asks for it first."""
    first = NameBook()
    assert "get-pet" == first.name("GET", "/a", ["getPet"])
    second = NameBook(first.lock)
    assert "get-pet-get-b" == second.name("GET", "/b", ["getPet"])
    assert "get-pet" == second.name("GET", "/a", ["somethingElse"])


def test_an_operation_id_never_takes_over_the_name_of_one_that_is_gone() -> None:
    """A script that calls `get-pet` does not come to call another operation because that is its operationId."""
    save_api(delete("/a", "getPet"), get("/b", "other"))
    assert "/a" == request_of("get-pet")["target"]
    save_api(get("/b", "get-pet", **{"x-cli-aliases": ["getPet"]}))
    refusal_of("get-pet")
    refusal_of("GET-PET")
    assert "/b" == request_of("other")["target"]


def test_names_outlive_a_new_version_of_the_catalog(home: Path) -> None:
    """A catalog of another format still says which names were given."""
    save_api(get("/a", "getPet"), get("/b", "get_pet"))
    assert "/b" == request_of("get-pet-get-b")["target"]
    (catalog,) = home.rglob("*.sqlite")
    catalog.rename(catalog.with_name(re.sub(r"\.\d+\.sqlite$", ".1.sqlite", catalog.name)))
    save_api(get("/b", "get_pet"), get("/a", "getPet"))
    assert ("/a", "/b") == (request_of("get-pet")["target"], request_of("get-pet-get-b")["target"])


def test_given_names_survive_a_refresh_and_a_rename_of_the_api() -> None:
    """`api refresh` and `api rename` keep every name."""
    api = save_api(get("/a", "getPet"), get("/b", "get_pet"))
    assert 0 == run_cli("api", "add", "pets", api).exit_code
    save_api(get("/b", "get_pet"), get("/a", "getPet"))
    assert 0 == run_cli("api", "refresh", "pets").exit_code
    assert 0 == run_cli("api", "rename", "pets", "animals").exit_code
    rows = {row["path"]: row["name"] for row in run_cli("operations", "animals", "-o", "json").json}
    assert {"/a": "get-pet", "/b": "get-pet-get-b"} == rows


def test_a_damaged_record_of_names_is_not_trusted() -> None:
    """It gives no two operations the same name, and no operation a malformed name."""
    names = NameBook({("GET", "/a"): "x", ("GET", "/b"): "x", ("GET", "/c"): "--help\x1b"})
    assert ["x", "y", "z"] == [
        names.name("GET", path, [operation_id])
        for path, operation_id in zip(("/a", "/b", "/c"), "xyz", strict=True)
    ]


_PATHS = st.sampled_from(["/a", "/a/{id}", "/b", "/b#x", "/b?q=1", "/{a}-{b}"])
_IDS = st.sampled_from(["getPet", "get_pet", "GetPet", "get-pet", "getpet", "", "日本", "get-pet-get-a"])
_OPERATIONS = st.dictionaries(st.tuples(st.sampled_from(["get", "put"]), _PATHS), _IDS, max_size=8)


def _compiled(operations: dict[tuple[str, str], str], lock: dict[tuple[str, str], str]) -> Compiled:
    paths: dict[str, Any] = {}
    for (method, path), operation_id in operations.items():
        paths.setdefault(path, {})[method] = operation(operation_id)
    return compile_document(load_tree(document(paths)), lock)


def _names(compiled: Compiled) -> dict[tuple[str, str], str]:
    return {
        (operation.operation.method, operation.operation.path): operation.operation.name
        for operation in compiled.operations
    }


@settings(deadline=None, max_examples=examples(40))
@given(_OPERATIONS, st.randoms(use_true_random=False))
def test_the_order_of_a_document_does_not_change_given_names(
    operations: dict[tuple[str, str], str], random: Any
) -> None:
    """Two documents that differ only in order give the same names to the same operations."""
    first = _compiled(operations, {})
    assert len(operations) == len(set(_names(first).values()))
    shuffled = list(operations.items())
    random.shuffle(shuffled)
    assert _names(first) == _names(_compiled(dict(shuffled), dict(first.given_names)))


@settings(deadline=None, max_examples=examples(40))
@given(st.lists(_OPERATIONS, min_size=2, max_size=4))
def test_a_name_that_was_given_never_means_another_operation(
    revisions: list[dict[tuple[str, str], str]],
) -> None:
    """Over any number of changes it means the same method and path, or nothing; one that returns has it again."""
    given_to: dict[str, tuple[str, str]] = {}
    lock: dict[tuple[str, str], str] = {}
    for operations in revisions:
        compiled = _compiled(operations, lock)
        lock = dict(compiled.given_names)
        catalog = catalog_in_memory(compiled, [])
        for key, name in _names(compiled).items():
            assert key == given_to.setdefault(name, key)
        for name, key in given_to.items():
            found = catalog.find(name)
            if found is not None:
                kept = catalog.operation(found)
                assert key == (kept.method, kept.path)
        catalog.close()


def _tagged(operation_id: str, *tags: str, **more: Any) -> dict[str, Any]:
    return operation(operation_id, tags=list(tags), **more)


def test_an_operation_is_found_through_its_tag() -> None:
    """`API TAG OPERATION` means the same call, with the tag's prefix left out or not."""
    save_api({"/a": {"get": _tagged("issues/list", "Issues")}, "/b": {"get": _tagged("pulls/list", "Pulls")}})
    for words in (("issues", "list"), ("issues", "issues-list"), ("issues", "issues/list")):
        assert "/a" == request_of(*words)["target"]
    assert "/b" == request_of("pulls", "list")["target"]
    refused = refusal_of("pulls", "issues-list", before=("--error-format", "json")).error
    assert "`./api.json`, tag `pulls`, has no operation `issues-list`" == refused["message"]


def test_a_tag_may_be_called_like_an_operation() -> None:
    """It is the operation: the word after it is an argument, even if the tag has an operation of that name."""
    own = _tagged("pets", "other")
    own["parameters"] = [parameter("x", {"type": "string"}, "path")]
    save_api({"/a/{x}": {"get": own}, "/b": {"get": _tagged("listPets", "pets")}})
    assert "/a/list-pets" == request_of("pets", "list-pets")["target"]
    assert "/a/7" == request_of("pets", "7")["target"]


def test_operations_of_a_tag_are_listed_by_any_of_its_spellings() -> None:
    """`operations --tag` takes the tag as the document spells it, and in kebab case."""
    api = save_api({"/a": {"get": _tagged("a", "My Pets")}, "/b": {"get": _tagged("b")}})
    for tag in ("My Pets", "my-pets"):
        assert ["a"] == [row["name"] for row in run_cli("operations", api, "--tag", tag, "-o", "json").json]


def test_a_name_in_other_letters_is_not_called_gone() -> None:
    """What another operation is called is named as the near one; only what the document has lost is called lost."""
    save_api(get("/a", "listAllPets"), get("/b", "other"))
    assert "./api.json list-all-pets\n" in refusal_of("LIST-ALL-PETS").stderr
    save_api(get("/b", "other"))
    refused = refusal_of("LIST-ALL-PETS").stderr
    assert "has no operation `LIST-ALL-PETS` any more" in refused
    assert "It was the name of `GET /a`, which was removed from the document" in refused


def test_a_verb_is_never_shadowed_by_an_operation() -> None:
    """Operations called like verbs, options or Python's own names are ordinary operations of their API."""
    names = ["help", "api", "describe", "version", "__init__", "--help", "class", "-o"]
    api = save_api(*(get(f"/{index}", name) for index, name in enumerate(names)))
    rows = run_cli("operations", api, "-o", "json").json
    assert names == [row["operation_id"] for row in rows]
    for index, listed in enumerate(rows):
        assert f"/{index}" == request_of(listed["name"])["target"]
    assert "Usage: dynacli" in run_cli("help").stdout


def test_the_order_of_the_operations_is_the_documents() -> None:
    """Lists keep the order of the document, whatever the names are."""
    api = save_api(*(get(f"/{name}", name) for name in ("zebra", "ant", "moose")))
    assert ["zebra", "ant", "moose"] == [row["name"] for row in run_cli("operations", api, "-o", "json").json]


FASTAPI = {
    "/items/{item_id}": {"get": "read_item_items__item_id__get", "put": "update_item_items__item_id__put"},
    "/": {"get": "root__get"},
    "/users": {"get": "get_all_users_get"},
    "/api/4/{plugin}": {"get": "api_api_4_plugin_get"},
    "/health": {"get": "health_health_get", "post": "health_health_get"},
    "/a/search": {"get": "search_text_a_search_get"},
    "/b/search": {"get": "search_text_b_search_get"},
    "/plain": {"get": "listPlain", "post": "create_plain"},
    "/other": {"post": "create_plain_other_post"},
}


def _given_by(
    paths: dict[str, dict[str, str]], given: dict[tuple[str, str], str] | None = None
) -> dict[str, str]:
    """Return operationId → name of a document, given names of an earlier revision."""
    items = {path: {method: operation(id_) for method, id_ in ids.items()} for path, ids in paths.items()}
    compiled = compile_document(load_tree(document(items)), given)
    return {
        f"{entry.operation.method} {entry.operation.operation_id}": entry.operation.name
        for entry in compiled.operations
    }


def test_what_a_generator_puts_behind_a_name_is_left_out() -> None:
    """Method and path are left out if the rest is unique and says something; else the whole operationId is it."""
    assert {
        "GET read_item_items__item_id__get": "read-item",
        "PUT update_item_items__item_id__put": "update-item",
        "GET root__get": "root",
        # `get-all` tells less.
        "GET get_all_users_get": "get-all-users-get",
        "GET api_api_4_plugin_get": "api-api-4-plugin-get",
        # Two operations with one operationId.
        "GET health_health_get": "health-health-get",
        "POST health_health_get": "health-health-get-post-health",
        # Two operations of one name.
        "GET search_text_a_search_get": "search-text-a",
        "GET search_text_b_search_get": "search-text-b",
        "GET listPlain": "list-plain",
        # The name of another.
        "POST create_plain": "create-plain",
        "POST create_plain_other_post": "create-plain-other-post",
    } == _given_by(FASTAPI)
    assert {"GET findUserUsingGET_1": "find-user"} == _given_by({"/u": {"get": "findUserUsingGET_1"}})


LITESTAR = {
    "/": {"get": "GetRoot"},
    "/login": {"post": "LoginLogin"},
    "/books": {"get": "BooksListBooks", "post": "BooksCreate", "put": "BooksUpload"},
    "/books/{book_id}": {"get": "BooksBookIdGetBook", "delete": "BooksBookIdRemoveBook"},
    "/v2/books": {"get": "V2BooksListBooks"},
}


def test_what_a_generator_puts_before_a_name_is_left_out() -> None:
    """The whole path is left out if each operationId begins with its own; a word that needs the path keeps it."""
    assert {
        "GET GetRoot": "get-root",
        "POST LoginLogin": "login",
        "GET BooksListBooks": "list-books",
        "POST BooksCreate": "books-create",
        "PUT BooksUpload": "books-upload",
        "GET BooksBookIdGetBook": "get-book",
        "DELETE BooksBookIdRemoveBook": "remove-book",
        "GET V2BooksListBooks": "list-books-v2",
    } == _given_by(LITESTAR)


@pytest.mark.parametrize(
    "other",
    [{"/books/{book_id}": {"get": "ShowBook"}}, {"/about": {"get": "AboutThisShop"}}],
    ids=["another way", "no parameters"],
)
def test_only_a_generator_puts_each_path_before_a_name(other: dict[str, dict[str, str]]) -> None:
    """Operation ids that only happen to begin with a path are names that a person gave."""
    ids = _given_by({"/books": {"get": "booksFindByStatus"}, **other})
    assert "books-find-by-status" == ids["GET booksFindByStatus"]


def test_a_shortened_name_is_one_of_several_words_for_its_operation() -> None:
    """The whole operationId goes on working, as it is written and in kebab case."""
    item = parameter("item_id", {"type": "string"}, "path")
    save_api(get("/items/{item_id}", "read_item_items__item_id__get", item))
    for word in ("read-item", "read_item_items__item_id__get", "read-item-items-item-id-get"):
        assert "/items/7" == request_of(word, "7")["target"]


def test_a_name_that_was_given_is_not_shortened() -> None:
    """It stays, and the short one is not given to an operation while another had it."""
    paths = {"/items/{item_id}": {"get": "read_item_items__item_id__get"}}
    whole = "read-item-items-item-id-get"
    assert [whole] == list(_given_by(paths, {("GET", "/items/{item_id}"): whole}).values())
    assert [whole] == list(_given_by(paths, {("GET", "/gone"): "read-item"}).values())
    # Nor is it taken away, when an operation comes that would have the same one.
    more = {**paths, "/b": {"get": "read_item_b_get"}}
    assert ["read-item", "read-item-b"] == list(
        _given_by(more, {("GET", "/items/{item_id}"): "read-item"}).values()
    )


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/projects/{id}", "/projects/by-name/{name}"], ["delete-project", "delete-project-by-name"]),
        (["/projects/by-name/{name}", "/projects/{id}"], ["delete-project-by-name", "delete-project"]),
        (["/projects/{id}", "/projects/{name}"], ["delete-project", "delete-project-by-name"]),
        (["/v1/projects/{id}", "/v2/projects/{id}"], ["delete-project-v1", "delete-project-v2"]),
        (["/a/{id}", "/b/{id}", "/c/{id}"], ["delete-project-a", "delete-project-b", "delete-project-c"]),
        (["/a/x/{id}", "/b/y/{id}"], ["delete-project-a", "delete-project-b"]),
        (["/p/{id}", "/p/x/{id}", "/p/y/{id}"], ["delete-project", "delete-project-x", "delete-project-y"]),
    ],
)
def test_the_paths_of_one_function_are_told_apart_by_what_differs(paths: list[str], names: list[str]) -> None:
    """The names stay with their paths in later revisions, whichever paths come or go."""
    ids = {path: {"delete": f"delete_project_{re.sub('[^a-z0-9]', '_', path[1:])}_delete"} for path in paths}
    assert names == list(_given_by(ids).values())
    lock = {("DELETE", path): name for path, name in zip(paths, names, strict=True)}
    for path in paths:
        rest = {other: id_ for other, id_ in ids.items() if other != path}
        assert [lock["DELETE", other] for other in rest] == list(_given_by(rest, lock).values())
        turned = dict(reversed(ids.items()))
        assert [lock["DELETE", other] for other in turned] == list(_given_by(turned, lock).values())
        other = next(iter(rest))
        alone = {("DELETE", other): "delete-project"}
        names_with_one = _given_by(ids, alone).values()
        assert (len(ids), 1) == (len(set(names_with_one)), list(names_with_one).count("delete-project"))


@pytest.mark.parametrize(
    ("operation_id", "tag", "word"),
    [
        ("issues/list", "issues", "list"),
        ("Pets_GetAll", "Pets", "get-all"),
        ("PetService_ListPets", "PetService", "list-pets"),
        ("PetsController_findAll", "pets", "find-all"),
        ("PetService_ListPets", "pets", "list-pets"),
        ("pet_list", "pets", "list"),
        ("listPets", "pets", "list-pets"),
    ],
)
def test_behind_its_tag_an_operation_needs_no_tag_in_its_name(operation_id: str, tag: str, word: str) -> None:
    """Its name stays; the page of the tag has the shorter word."""
    api = save_api(get("/a", operation_id, tags=[tag]))
    assert [kebab(operation_id)] == [row["name"] for row in run_cli("operations", api, "-o", "json").json]
    assert "/a" == request_of(tag, word)["target"]
    assert f"\n  {word}  " in run_cli(api, tag, "--help").stdout
