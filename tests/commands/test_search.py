"""`search` finds the operations that do what a person says in plain words."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dynacli.client.search_operations import search_operations
from dynacli.environment import Environment
from dynacli.registry.open_by_name import open_named_api
from tests.documents import (
    delete,
    document,
    get,
    operation,
    parameter,
    pets,
    post,
    put,
    save_api,
    serve,
)
from tests.harness import Recorder, Response, run_cli
from tests.real_documents import FOLDER

ID = parameter("id", {"type": "string"}, "path")
_TREES = ("elm", "fir", "oak")


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
    return save_api(_paths())


def _names(*words: str) -> list[str]:
    found = run_cli("search", *words, "-o", "json").json
    return [other["name"] for other in (found["best"], *found["others"]) if other]


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


_NAMED = {
    # Better by its words is another operation: `DELETE /groups/{id}/members`, `GET /toys`, ...
    "remove-from-group": "remove-from-group",
    "Remove_From_Group": "remove-from-group",
    "REMOVEFROMGROUP": "remove-from-group",
    "list toys": "list-toys",
    "read_item_items__item_id__get": "read-item",
    "READ-ITEM-ITEMS-ITEM-ID-GET": "read-item",
    "issues/list-for-repo": "issues-list-for-repo",
    "list-for-repo": "issues-list-for-repo",
    "issues list-for-repo": "issues-list-for-repo",
    "all-mine": "all-mine",
    "the": "the",
    "POST /groups/{id}/actions": "remove-from-group",
    "post /Groups/{ID}/actions": "remove-from-group",
    "POST /groups/7/actions?dry=1": "remove-from-group",
    "/items/{item_id}": "read-item",
    "GET /cookies#b": "cookies-b",
}


@pytest.fixture(name="named", scope="module")
def _named(tmp_path_factory: pytest.TempPathFactory) -> str:
    issues = {"tags": ["issues"]}
    paths = {
        "/groups/{id}/members": {
            "delete": operation("removeGroup", ID, summary="Remove members from a group")
        },
        "/groups/{id}/actions": {"post": operation("removeFromGroup", ID, summary="Act")},
        "/toys/{id}/list": {"get": operation("toysList", ID, summary="List toys: list all toys")},
        "/playthings": {"get": operation("listToys", summary="What there is")},
        "/items/{item_id}": {
            "get": operation(
                "read_item_items__item_id__get", parameter("item_id", {}, "path"), summary="Read"
            )
        },
        "/items": {
            "get": operation("read_items_items_get", summary="Read the items, get each item by its ID")
        },
        "/repos/{id}/list": {"get": operation("repoList", ID, summary="List for a repo the lists of a repo")},
        "/repos/{id}/issues": {"get": {**operation("issues/list-for-repo", ID), **issues}},
        "/mine": {"get": operation("allMine"), "post": operation("the")},
        "/cookies#a": {"get": operation("cookiesA", summary="Cookies b")},
        "/cookies#b": {"get": operation("cookiesB")},
    }
    directory = tmp_path_factory.mktemp("named")
    (directory / "api.json").write_text(json.dumps(document(paths)))
    return str(directory / "api.json")


@pytest.mark.sampled(3)
@pytest.mark.parametrize("question", _NAMED)
def test_what_is_named_comes_first(named: str, question: str) -> None:
    """A name, an operationId, a method and path, in any case, and a name without its tag, is that operation."""
    assert _NAMED[question] == _names(named, *question.split())[0]
    assert _NAMED[question] == _names("--api", named, question)[0]


@pytest.mark.exhaustive
@pytest.mark.corpus
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"there are no real documents in {FOLDER}")
@pytest.mark.parametrize(
    "name", ["box.json", "discord.json", "gitea.json", "github.json", "klaviyo.json", "xero-accounting.yaml"]
)
def test_operations_of_real_documents_come_first_by_name(name: str, home: Path) -> None:  # noqa: ARG001
    """Ten of each document: by the name, the operationId as it is written, and the method with the path."""
    api = open_named_api(str(FOLDER / name), Environment())
    listed = [summary for summary in api.catalog.summaries() if not summary.is_hidden]
    wrong = {}
    for summary in listed[:: max(len(listed) // 10, 1)]:
        operation_id = api.catalog.operation(summary.name).operation_id
        for question in (summary.name, operation_id, f"{summary.method} {summary.path}"):
            found = search_operations([api], question, 1) if question else ()
            if question and [summary.name] != [hit.name for hit in found]:
                wrong[question] = [hit.name for hit in found]
    api.catalog.close()
    assert {} == wrong
    assert len(listed) > 30


def test_what_is_named_comes_first_among_all_apis(named: str) -> None:
    """Of all registered APIs the one comes first that has an operation of that name, whatever fits in the others."""
    rival = {
        "/groups": {"delete": operation("removeGroups", summary="Remove from a group, remove from group")}
    }
    run_cli("api", "add", "first", save_api(rival))
    run_cli("api", "add", "second", named)
    for question in ("remove-from-group", "POST /groups/{id}/actions"):
        best = run_cli("search", *question.split(), "-o", "json").json["best"]
        assert ("second", "remove-from-group") == (best["api"], best["name"])


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("monitor types", "a"),
        ("Monitor Types", "a"),
        ("get the types of a monitor", "b"),
        ("remove a label", "c"),
        ("delete a tag", "d"),
    ],
)
def test_words_that_are_a_whole_title_win_over_synonyms(question: str, name: str) -> None:
    """Whatever else has words of the same meaning in its name and path."""
    paths = {
        "/m": {"get": operation("a", summary="Monitor types")},
        "/monitors/types": {
            "get": operation("getMonitorTypes", summary="Show what a monitor may be, by type")
        },
        "/n": {"get": operation("b", summary="Get types of a monitor")},
        "/o": {"put": operation("c", summary="Remove a label.")},
        "/tags/{id}": {
            "delete": operation("deleteLabel", ID, summary="Label removal: deletes the label or tag")
        },
        "/p": {"put": operation("d", summary="Delete a tag")},
    }
    assert name == _names(save_api(paths), *question.split())[0]


def test_of_operations_with_one_operation_id_the_one_comes_first_that_it_calls() -> None:
    """Search and call agree on what a name means."""
    api = save_api(get("/a", "show"), get("/b", "show", summary="Show show show"))
    called = run_cli(api, "show", "--dry-run", "json").json["url"]
    assert "/a" == called[-2:]
    assert ["show", "show-get-b"] == _names(api, "show")
    assert ["show-get-b", "show"] == _names(api, "show-get-b")


def test_an_operation_is_known_by_what_it_does_and_not_by_its_method_alone() -> None:
    """A list may be read by POST, a name may have a verb that is a noun, and who calls has a path of their own."""
    api = save_api(
        post("/runs/filter", "readRuns"),
        get("/runs/{id}/states", "readRunStates", ID),
        post("/load_balancers", "loadBalancersCreate"),
        post("/load_balancers/{id}/rules", "loadBalancersAddRules", ID),
        put("/words", "putwords"),
        delete("/words", "deletewords"),
        get("/users/{id}", "getUser", ID),
        get("/users/me", "getMe"),
        get("/users/search", "userSearch"),
        get("/admin/users/{id}/notes/search", "notesSearch", ID),
    )
    questions = {
        "show all runs": "read-runs",
        "create a load balancer": "load-balancers-create",
        "set words": "putwords",
        "who am i": "get-me",
        "search users": "user-search",
        "states of a run": "read-run-states",
    }
    assert questions == {question: _names(api, question)[0] for question in questions}


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("closed issues", "list-issues"),
        ("logs of an issue", "list-logs"),
        ("log of an issue", "list-logs"),
        ("close an issue", "update-issue"),
        ("people in my organization", "list-members"),
        ("make the organization public", "update-organization"),
    ],
)
def test_a_word_that_is_no_verb_here_is_taken_for_none(question: str, name: str) -> None:
    """Participles, nouns before `of`, and what belongs to someone else than who asks."""
    paths = {
        "/issues": {"get": operation("listIssues"), "post": operation("createIssue")},
        "/issues/{id}": {"patch": operation("updateIssue", ID)},
        "/issues/{id}/logs": {"get": operation("listLogs", ID), "post": operation("createLog", ID)},
        "/organizations/{id}": {"patch": operation("updateOrganization", ID)},
        "/organizations/{id}/members": {"get": operation("listMembers", ID)},
        "/me/organizations": {"get": operation("listMyOrganizations")},
    }
    assert name == _names(save_api(paths), question)[0]


def test_questions_are_read_as_people_mean_them() -> None:
    """Nouns that look like verbs, clauses, questions within questions, and verbs that look like other words."""
    api = save_api(
        get("/purchaseOrders", "getPurchaseOrders"),
        put("/purchaseOrders", "createPurchaseOrders"),
        delete("/purchaseOrders/{id}", "deletePurchaseOrder", ID),
        post("/purchaseOrders/bulk-delete", "bulkPurchaseOrders"),
        get("/repos/{id}", "getRepo", ID),
        put("/repos/{id}", "replaceRepo", ID, summary="Put a repo into the place of another"),
        get("/repos", "listRepos"),
        put("/repos/{id}/star", "starRepo", ID),
        get("/repos/{id}/watchers", "listWatchers", ID),
        get("/me/repos", "listMyRepos"),
    )
    questions = {
        "purchase orders": "get-purchase-orders",
        "get repos": "list-repos",
        "which repos are there": "list-repos",
        "which repos am I in": "list-my-repos",
        "like a repo": "star-repo",
        "see who is on a repo": "list-watchers",
        "delete many purchase orders at once": "bulk-purchase-orders",
        "list my projcets": "list-my-repos",
    }
    assert questions == {question: (_names(api, question) or [""])[0] for question in questions}


def test_of_operations_as_good_those_with_fewer_words_are_looked_at() -> None:
    """Only so many operations are looked at closely, and a common word is said of more."""
    paths = {
        f"/{tree}{n}/{{id}}/repos/{{repo}}": {
            "delete": operation(f"remove{n}SelectedRepoFrom{tree}", ID, parameter("repo", {}, "path"))
        }
        for n in range(30)
        for tree in _TREES
    }
    paths["/repos/{id}"] = {"delete": operation("deleteRepo", ID)}
    assert "delete-repo" == _names(save_api(paths), "delete a repo")[0]


def test_what_is_found_has_a_form_for_programs(api: str) -> None:
    """The best hit and up to four others, each with all that names it."""
    found = run_cli("search", api, "toys", "-o", "json").json
    assert {"best", "others"} == set(found)
    assert 4 >= len(found["others"])
    for hit in (found["best"], *found["others"]):
        assert {"api", "name", "method", "path", "summary"} <= set(hit)
    assert {"inputs", "returns", "credential", "pages", "example"} <= set(found["best"])


def test_people_see_a_summary_and_two_lines(api: str) -> None:
    """The best hit is told as by `describe --summary`, two others by name; a registered API begins their command."""
    lines = run_cli("search", api, "list", "pets").stdout.splitlines()
    assert run_cli("describe", api, "list-pets", "--summary").stdout.splitlines() == lines[:-2]
    assert [f"Example  dynacli {api} list-pets"] == [line for line in lines if api in line]
    run_cli("api", "add", "zoo", api)
    named = run_cli("search", "zoo", "list", "pets").stdout.splitlines()[-2:]
    assert [line.replace("Or   ", "Or   dynacli zoo ") for line in lines[-2:]] == named


def test_a_warning_about_a_document_is_not_repeated_by_each_search(
    server: Recorder, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    """The first use of a day has it; a call has it always."""
    run_cli("api", "add", "zoo", serve(server, pets("1", server.origin)))
    monkeypatch.setenv("DYNACLI_REFRESH", "sometimes")
    for mark in home.rglob("used"):
        mark.unlink()
    questions = [("zoo", "list pets"), ("zoo", "list pets"), ("list pets",)]
    assert [True, False, False] == ["sometimes" in run_cli("search", *words).stderr for words in questions]
    assert "sometimes" in run_cli("zoo", "list-pets", "--dry-run").stderr


@pytest.mark.parametrize(
    ("typo", "name"), [("lst pets", "list-pets"), ("delte pet", "delete-pet"), ("list tyos", "list-toys")]
)
def test_typos_are_understood(api: str, typo: str, name: str) -> None:
    """A strange word is taken for a word of the document, or for a verb, that is like it."""
    assert name == _names(api, typo)[0]


def test_the_rank_is_explained(api: str) -> None:
    """With `-v` each hit is told with what its score is made of, on standard error."""
    result = run_cli("search", api, "list pets", "-v", "-o", "json")
    reported = [line for line in result.stderr.splitlines() if line.startswith(f"{api} list-pets: ")]
    assert 1 == len(reported)
    assert "the words of the question" in reported[0]
    assert "what it does" in reported[0]
    assert "list-pets" == result.json["best"]["name"]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "question",
    [
        "x",
        "NEAR",
        "NEAR(a b)",
        "name : pet",
        "pet*",
        "^pet",
        '"pet',
        "pet -toys",
        "a OR b AND NOT c",
        "'); DROP",
    ],
)
def test_the_syntax_of_the_index_means_nothing(api: str, question: str) -> None:
    """A question is words: nothing in it is an operator, and nothing ends in an error."""
    result = run_cli("search", "-o", "json", "--api", api, "--", question)
    assert 0 == result.exit_code
    assert {"best", "others"} == set(result.json)


@pytest.mark.parametrize("question", ["delete a toy", "create an owner", "remove toys"])
def test_an_operation_that_does_something_else_does_not_fit(api: str, question: str) -> None:
    """Nothing is the best hit; what comes nearest has a line, and a note says that it is not what was asked for."""
    result = run_cli("search", api, question)
    said = f"No operation matches the query; these are the nearest; list all operations: `dynacli operations {api}`"
    assert said in result.stderr
    assert all(line.startswith(f"Or   dynacli {api} ") for line in result.stdout.splitlines())
    found = run_cli("search", api, question, "-o", "json").json
    assert (None, True) == (found["best"], bool(found["others"]))


def test_a_word_that_may_have_a_typo_counts_less(api: str) -> None:
    """`tyos` may be another word than `toys`: it counts half, and the operation still fits."""
    notes = [run_cli("search", "-v", api, "list", word).stderr for word in ("toys", "tyos")]
    sure, guessed = (float(note.partition("list-toys: ")[2].split()[0]) for note in notes)
    assert (True, True) == (sure > guessed + 0.2, guessed > 0.5)


@pytest.mark.parametrize("question", ["get the text of a pad", "text of a pad", "returns the text"])
def test_a_get_comes_before_its_post_twin(question: str) -> None:
    """Both are at one path and have one summary; a question that names the POST finds it first."""
    twins = {
        method: operation(f"getTextUsing{method.upper()}", summary="Returns the text of a pad")
        for method in ("post", "get")
    }
    api = save_api({"/getText": twins})
    names = _names(api, question)
    assert "GET" == run_cli("search", api, question, "-o", "json").json["best"]["method"], names
    assert "POST" == run_cli("search", api, "POST /getText", "-o", "json").json["best"]["method"]


@pytest.mark.parametrize("question", ["pets " * 3_000, "p" * 10_000, "pe" * 5_000 + " pets"])
def test_a_question_may_be_long(api: str, question: str) -> None:
    """Words without end are cut."""
    assert 0 == run_cli("search", "-o", "json", "--api", api, question).exit_code


@pytest.mark.parametrize("question", ["", " ", "the of a", "*", '"', "-"])
def test_a_question_without_words_is_refused(api: str, question: str) -> None:
    """The message says what a question is."""
    result = run_cli("search", "--api", api, "--", question)
    assert 2 == result.exit_code
    assert "There is nothing to search for" in result.stderr


def test_nothing_found_is_no_error(api: str) -> None:
    """Programs get no hit, and people are told if all operations are listed."""
    result = run_cli("search", api, "zzzzqqqq", "-o", "json")
    assert {"best": None, "others": []} == result.json
    assert 0 == result.exit_code
    assert f"`dynacli operations {api}`" in result.stderr
    assert "" == run_cli("search", api, "zzzzqqqq").stdout


def test_runners_up_are_whole_in_a_pipe_and_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What greps a line is not to miss its end; a terminal gets what fits; an operation without summary has none."""
    summary = f"List the things{' of somebody' * 12}"
    paths = {f"/things{n}": {"get": operation(f"listThings{n}", summary=summary * (n < 2))} for n in range(3)}
    api = save_api(paths)
    lines = [line for line in run_cli("search", api, "list things").stdout.splitlines() if line[:2] == "Or"]
    assert [f'  "{summary}"' in line for line in sorted(lines)] == [True, False]
    assert '"' not in max(lines)
    monkeypatch.setenv("COLUMNS", "80")
    shown = run_cli("search", api, "list things", terminal=("stdout",)).stdout
    further = [re.sub(r"\x1b\[\d+m", "", line) for line in shown.partition("Or\x1b")[2].splitlines()[1:]]
    assert 2 == len(further)
    assert all(len(line) <= 80 for line in further)


def test_an_api_that_there_is_not_is_like_other_apis() -> None:
    """After `--api` stands no verb."""
    result = run_cli("search", "--api", "demos", "list runs", "--error-format", "json")
    assert (2, ["demo"]) == (result.exit_code, result.error["near"])
    assert ["search"] == run_cli("serch", "--error-format", "json").error["near"]


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("создать пользователя", "op1"),
        ("список заказов", "op2"),
        ("ユーザーを作成", "op3"),
        ("删除订单", "op4"),
        ("überweisung anlegen", "op5"),
    ],
)
def test_other_scripts_are_searched(question: str, name: str) -> None:
    """Words of other scripts are found, even if no spaces part them."""
    summaries = [
        "Создать нового пользователя",
        "Список всех заказов",
        "新しいユーザーを作成する",
        "删除一个订单",
        "Eine Überweisung anlegen",
    ]
    paths = {
        f"/x{number}": {"post": operation(f"op{number}", summary=summary)}
        for number, summary in enumerate(summaries, 1)
    }
    assert name == _names(save_api(paths), question)[0]


def test_a_value_of_a_question_shows_the_input_that_gives_it_as_an_example() -> None:
    """A word of programs, `wrong_answer`, is found in the description of an input, which its summary then has."""
    words = ("search", "demo", "count", "runs", "that", "failed", "with", "wrong_answer,", "the", "dearest")
    assert "--classification TEXT" in run_cli(*words).stdout
    assert "--classification TEXT" not in run_cli(*words[:6]).stdout


def test_an_api_without_summaries_and_operation_ids_is_searched() -> None:
    """Paths and methods are enough."""
    paths: dict[str, Any] = {
        f"/{noun}": {"get": {"responses": {}}, "post": {"responses": {}}} for noun in ("cats", "dogs")
    }
    api = save_api(paths)
    assert ["post-dogs", "get-cats"] == [_names(api, question)[0] for question in ("add a dog", "all cats")]


def test_hidden_operations_are_not_found() -> None:
    """What a document hides from lists is hidden from a search, too."""
    hidden = {**operation("listPets", summary="List pets"), "x-cli-hidden": True}
    assert [] == _names(save_api({"/pets": {"get": hidden}}), "list pets")


def test_a_word_of_one_api_is_no_name() -> None:
    """A single word is the question, even if it is the name of an API."""
    run_cli("api", "add", "pets", save_api(_paths()))
    assert "list-pets" == _names("pets")[0]


def test_an_api_that_cannot_be_opened_is_left_out(api: str) -> None:
    """The others are searched, and a warning says which is not."""
    run_cli("api", "add", "zoo", api)
    gone = save_api(get("/orders", "listOrders"), file="gone.json")
    run_cli("api", "add", "gone", gone)
    run_cli("cache", "clear")
    Path(gone).unlink()
    result = run_cli("search", "list pets", "-o", "json")
    assert "list-pets" == result.json["best"]["name"]
    assert "`gone` is not searched" in result.stderr


@pytest.mark.long
def test_a_document_of_many_operations_is_searched() -> None:
    """Twenty-two thousand operations are searched, and the right one is found."""
    paths = {f"/group{number}/things": {"get": operation(f"listThings{number}")} for number in range(22_000)}
    paths["/owners"] = {"post": operation("createOwner", summary="Create an owner")}
    assert "create-owner" == _names(save_api(paths), "add an owner")[0]


def test_a_plural_is_no_verb() -> None:
    """`runs that failed` asks for runs, and does not start any; the summary shows what the question is about."""
    summary = run_cli(
        "search", "demo", "runs", "that", "failed", "with", "a", "classification", "-o", "json"
    ).json["best"]
    assert "search-runs" == summary["name"]
    assert {"status", "classification"} <= {input_["name"] for input_ in summary["inputs"][:2]}


def test_all_registered_apis_are_searched(api: str) -> None:
    """Without the name of an API the best hits of all of them are found."""
    run_cli("api", "add", "zoo", api)
    shop = save_api(get("/orders", "listOrders", summary="List orders"), file="shop.json")
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


@pytest.fixture(name="twins")
def _twins(server: Recorder) -> str:
    """An API of three operations that fit `list pets` equally well."""
    server.responses.update({f"/{item}/pets": Response(body=b"[]") for item in _TREES})
    paths = {f"/{item}/pets": {"get": operation(f"{item}_listPets", summary="List pets")} for item in _TREES}
    return save_api(paths, server=server)


def _call(api: str, *names: str) -> None:
    assert [0] * len(names) == [run_cli(api, name).exit_code for name in names]


def test_of_hits_as_good_the_most_called_comes_first(twins: str) -> None:
    """The one that was called more often lately is the best, or the one that was called last; `-v` says so."""
    assert ["elm-list-pets", "fir-list-pets", "oak-list-pets"] == _names(twins, "list pets")
    _call(twins, "oak-list-pets", "fir-list-pets")
    assert ["fir-list-pets", "oak-list-pets", "elm-list-pets"] == _names(twins, "list pets")
    _call(twins, "oak-list-pets", "fir-list-pets", "oak-list-pets")
    result = run_cli("search", twins, "list pets", "-v", "-o", "json")
    assert "oak-list-pets" == result.json["best"]["name"]
    reported = [line.partition("; ")[2] for line in result.stderr.splitlines() if "-list-pets: " in line]
    assert [
        "before others with this score, because it was recently called 3 times",
        "before others with this score, because it was recently called 2 times",
        "",
    ] == reported


def test_a_better_hit_stays_before_one_that_was_called(server: Recorder) -> None:
    """Usage decides between hits that fit equally well, and nothing else."""
    server.responses["/toys"] = Response(body=b"[]")
    api = save_api(_paths(), server=server)
    _call(api, "list-toys")
    assert "list-pets" == _names(api, "list pets")[0]


def test_without_a_history_hits_have_an_order_too(
    twins: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A history that is off or damaged decides nothing, and a search leaves it as it is."""
    _call(twins, "oak-list-pets")
    history = home / "state" / "history.sqlite"
    kept = history.read_bytes()
    assert "oak-list-pets" == _names(twins, "list pets")[0]
    assert kept == history.read_bytes()
    monkeypatch.setenv("DYNACLI_HISTORY", "off")
    assert "elm-list-pets" == _names(twins, "list pets")[0]
    monkeypatch.delenv("DYNACLI_HISTORY")
    history.write_bytes(b"no database " * 1_000)
    assert "elm-list-pets" == _names(twins, "list pets")[0]
    assert b"no database " * 1_000 == history.read_bytes()
