"""A document after a login: its own origin gets the credential when it asks for one, and no one else ever does."""

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.documents import operation, pets
from tests.dry_runs import dry_run
from tests.harness import RecordedRequest, Recorder, Response, Result, assert_ended, json_response, run_cli
from tests.served_document import DAY, Served, age, state_of

NEW = {"/new": {"get": operation("newOne")}}
BASIC = base64.b64encode(b"ann:pass word").decode()
KEY = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}


def _with_key(scheme: Mapping[str, Any] = KEY, **paths: Any) -> dict[str, Any]:
    document = pets(**paths)
    document["components"]["securitySchemes"] = dict(scheme)
    return document


def _locks(
    document: dict[str, Any], name: str, value: str, status: int = 401, challenge: str = ""
) -> Callable[[RecordedRequest], Response]:
    """Respond with a document if a header has a value, else with a challenge."""
    body = json.dumps(document).encode()
    headers = {"WWW-Authenticate": challenge} if challenge else {}

    def response(request: RecordedRequest) -> Response:
        return (
            Response(body=body) if request.headers.get(name) == [value] else Response(status, b"{}", headers)
        )

    return response


def _sent(recorder: Recorder, name: str) -> list[str | None]:
    """Return what each request had of a header."""
    return [next(iter(request.headers.get(name, ())), None) for request in recorder.requests]


@pytest.mark.parametrize("status", [401, 403])
def test_the_credential_is_sent_when_it_is_asked_for(
    status: int, server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request has no credential; after 401 or 403 it is sent again with it."""
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    server.responses["/d.json"] = _locks(pets(), "authorization", f"Bearer {canary}", status, "Bearer")
    assert 0 == run_cli("api", "add", "shop", f"{server.origin}/d.json").exit_code
    assert [None, f"Bearer {canary}"] == _sent(server, "authorization")
    assert 0 == run_cli("doctor", "shop", "--refresh").exit_code
    assert f"Bearer {canary}" == _sent(server, "authorization")[-1]


def test_a_document_for_everyone_gets_none(
    server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If no one asks, no credential is sent."""
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    monkeypatch.setenv("DYNACLI_TOKEN", canary)
    Served(server, pets())
    assert 0 == run_cli("api", "add", "shop", f"{server.origin}/openapi.json").exit_code
    assert 0 == run_cli("api", "refresh", "shop").exit_code
    assert [None, None] == _sent(server, "authorization")


@pytest.mark.parametrize("status", [404, 407, 500])
def test_another_error_is_no_question(
    status: int, server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only 401 and 403 ask for a credential."""
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    server.responses["/d.json"] = Response(status, b"{}", {"WWW-Authenticate": "Bearer"})
    assert 8 == run_cli("api", "add", "shop", f"{server.origin}/d.json", "--no-discovery").exit_code
    assert [None] == _sent(server, "authorization")


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("variables", "challenge", "expected"),
    [
        ({"TOKEN": "t"}, "Bearer", "Bearer t"),
        ({"TOKEN": "t"}, "", "Bearer t"),
        ({"TOKEN": "t"}, 'Basic realm="docs"', "Bearer t"),
        ({"USERNAME": "ann", "PASSWORD": "pass word"}, 'Basic realm="docs"', f"Basic {BASIC}"),
        ({"USERNAME": "ann", "PASSWORD": "pass word"}, "", f"Basic {BASIC}"),
        ({"TOKEN": "t", "USERNAME": "ann", "PASSWORD": "pass word"}, 'basic realm="x"', f"Basic {BASIC}"),
        ({"TOKEN": "t", "USERNAME": "ann", "PASSWORD": "pass word"}, "Bearer", "Bearer t"),
        ({"TOKEN": "t", "USERNAME": "ann", "PASSWORD": "pass word"}, "Basic, Bearer", "Bearer t"),
        ({"TOKEN": " t\n"}, "Bearer", "Bearer t"),
    ],
)
def test_the_challenge_chooses(
    variables: Mapping[str, str],
    challenge: str,
    expected: str,
    server: Recorder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a token and a pair of name and password, the one goes that the server asks for; a token in doubt."""
    for name, value in variables.items():
        monkeypatch.setenv(f"DYNACLI_SHOP_{name}", value)
    server.responses["/d.json"] = _locks(pets(), "authorization", expected, challenge=challenge)
    assert 0 == run_cli("api", "add", "shop", f"{server.origin}/d.json").exit_code
    assert [None, expected] == _sent(server, "authorization")


def test_a_key_goes_where_the_known_document_says(
    server: Recorder, home: Path, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An API key is sent in the header that the document at hand names."""
    monkeypatch.setenv("DYNACLI_SHOP_KEY", canary)
    served = Served(server, _with_key())
    assert 0 == run_cli("api", "add", "shop", served.url).exit_code
    served.responses(_locks(_with_key(**NEW), "x-key", canary))
    assert 0 == run_cli("api", "refresh", "shop").exit_code
    assert [None, None, canary] == _sent(server, "x-key")
    assert 0 == dry_run("shop", "new-one").exit_code
    assert home.exists()


@pytest.mark.parametrize(
    "scheme",
    [
        {"key": {"type": "apiKey", "in": "query", "name": "key"}},
        {"key": {"type": "apiKey", "in": "header", "name": "Host"}},
        {"key": {"type": "apiKey", "in": "header", "name": "bad name"}},
        {"other": {"type": "http", "scheme": "bearer"}},
    ],
    ids=["query", "host", "malformed", "bearer"],
)
def test_a_key_without_a_header_stays_at_home(
    scheme: Mapping[str, Any], server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document cannot have a key put into a place that is none for keys."""
    monkeypatch.setenv("DYNACLI_SHOP_KEY", canary)
    served = Served(server, _with_key(scheme))
    assert 0 == run_cli("api", "add", "shop", served.url).exit_code
    served.responses(Response(401))
    assert 8 == run_cli("api", "refresh", "shop").exit_code
    assert canary not in repr(server.requests)


def test_headers_of_the_command_line_sign_in(server: Recorder) -> None:
    """`-H` of `api add` and `api refresh` is for the document, goes along at once, and is kept nowhere."""
    server.responses["/d.json"] = _locks(pets(), "x-api-key", "abc")
    url = f"{server.origin}/d.json"
    assert 8 == run_cli("api", "add", "shop", url, "--no-discovery").exit_code
    assert 0 == run_cli("api", "add", "shop", url, "-H", "X-API-Key: abc").exit_code
    assert [None, "abc"] == _sent(server, "x-api-key")
    server.responses["/d.json"] = _locks(pets(**NEW), "x-api-key", "abc")
    result = run_cli("api", "refresh", "shop")
    assert_ended(result, 10, "Set `DYNACLI_SHOP_TOKEN`")
    assert 0 == run_cli("api", "refresh", "shop", "--header", "X-API-Key: abc").exit_code
    assert [None, "abc", "abc"] == _sent(server, "x-api-key")
    assert 0 == dry_run("shop", "new-one").exit_code


@pytest.mark.parametrize("base", ["", "/d.json"], ids=["base URL", "document"])
def test_a_header_gives_the_larger_document_now_and_later(
    base: str, server: Recorder, home: Path, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If everyone gets a smaller document, the header of `-H` gets the larger one, and later the credential does."""
    small, large = (json_response(document) for document in (pets(), pets(**NEW)))

    def response(request: RecordedRequest) -> Response:
        return large if request.headers.get("authorization") == [f"Bearer {canary}"] else small

    server.responses |= {"/openapi.json": response, "/d.json": response}
    words = ("api", "add", "shop", server.origin + base, "-H", f"Authorization: Bearer {canary}")
    assert "4 operations" in run_cli(*words).stderr
    configuration = (home / "config" / "config.toml").read_text()
    assert 'document_login = "always"' in configuration
    assert canary not in configuration
    assert 10 == run_cli("api", "refresh", "shop").exit_code
    assert 0 == dry_run("shop", "new-one").exit_code
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    assert "4 operations" in run_cli("api", "refresh", "shop").stderr
    assert "3 operations" in run_cli("api", "add", "shop", f"{server.origin}{base}").stderr
    assert "3 operations" in run_cli("api", "refresh", "shop").stderr


@pytest.mark.parametrize(
    ("header", "is_kept"),
    [
        ("X-Team: a", False),
        ("Accept-Language: de", False),
        ("Cookie: a=b", True),
        ("X-Auth-Token: abc", True),
        ("tenant: abc", True),
    ],
)
def test_only_a_credential_is_needed_again(header: str, is_kept: bool, server: Recorder, home: Path) -> None:
    """A header whose name tells a secret, by its words or by the document, has later documents fetched with one."""
    scheme = {"key": {"type": "apiKey", "in": "header", "name": "Tenant"}}
    served = Served(server, _with_key(scheme))
    assert 0 == run_cli("api", "add", "shop", served.url, "-H", header).exit_code
    assert is_kept is ("document_login" in (home / "config" / "config.toml").read_text())
    assert (10 if is_kept else 0) == run_cli("api", "refresh", "shop").exit_code
    assert 0 == run_cli("api", "refresh", "shop", "-H", header).exit_code
    without_credential = run_cli("api", "refresh", "shop", "-H", "X-Team: b")
    assert (10 if is_kept else 0) == without_credential.exit_code


def test_a_header_opens_a_server_that_is_locked_everywhere(server: Recorder, other_server: Recorder) -> None:
    """The search sends the header of `-H` to each place at the origin, but not with trials, and nowhere else."""
    page = Response(body=f"<a href='{other_server.origin}/spec'>spec</a>".encode(), headers={})
    other = {**pets(), "paths": {"/other": {"get": operation("other")}}}
    server.responses |= {
        "/": lambda request: page if "x-key" in request.headers else Response(401),
        "/openapi.json": _locks(pets(), "x-key", "abc"),
        "/api/openapi.json": _locks({**other, "servers": [{"url": "/api"}]}, "x-key", "abc"),
    }
    result = run_cli("api", "add", "shop", server.origin, "-H", "X-Key: abc")
    assert_ended(result, 0, "GET /other responses 404")
    trials = [request for request in server.requests if request.target == "/api/other"]
    assert ([], 1) == (other_server.requests, len(trials))
    assert {True} == {("x-key" in request.headers) is (request not in trials) for request in server.requests}


def test_a_header_wins_over_a_variable(
    server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the person says just now counts before what is set for the API."""
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    server.responses["/d.json"] = _locks(pets(), "authorization", "Bearer other")
    words = ("api", "add", "shop", f"{server.origin}/d.json", "-H", "Authorization: Bearer other")
    assert 0 == run_cli(*words).exit_code
    assert canary not in repr(server.requests)


@pytest.mark.parametrize("header", ["nothing", "Bad Name: x", "X: a\nb", "Host: evil.example"])
def test_a_header_that_cannot_be_sent_is_refused(header: str, server: Recorder) -> None:
    """A malformed header is an error of usage that names the header, not its value."""
    server.responses["/d.json"] = Response(401)
    result = run_cli("api", "add", "shop", f"{server.origin}/d.json", "-H", header)
    assert (2, []) == (result.exit_code, server.requests)


def _profiled(home: Path, headers: Mapping[str, str]) -> None:
    path = home / "config" / "config.toml"
    lines = "".join(f'{json.dumps(name)} = "{value}"\n' for name, value in headers.items())
    path.write_text(f"{path.read_text()}\n[apis.shop.profiles.work.headers]\n{lines}")


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("words", "variable"),
    [
        (("api", "refresh", "shop", "--profile", "work"), ""),
        (("--profile", "work", "api", "refresh", "shop"), ""),
        (("api", "refresh", "shop", "--profile=work"), ""),
        (("api", "refresh", "shop"), "work"),
        (("shop", "list-pets", "--dry-run", "--refresh", "--profile", "work"), ""),
        (("--profile=work", "--refresh", "shop", "list-pets", "--dry-run"), ""),
        (("shop", "list-pets", "--dry-run", "--refresh"), "work"),
    ],
)
def test_the_headers_of_the_profile_go_along(
    words: tuple[str, ...], variable: str, server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The profile of the command line or of `DYNACLI_PROFILE` signs in too, when it is asked for."""
    served = Served(server, pets())
    run_cli("api", "add", "shop", served.url)
    _profiled(home, {"X-Tenant": "7"})
    served.responses(_locks(pets(**NEW), "x-tenant", "7"))
    assert 8 == run_cli("api", "refresh", "shop").exit_code
    if variable:
        monkeypatch.setenv("DYNACLI_PROFILE", variable)
    assert 0 == run_cli(*words).exit_code
    assert [None, None, None, "7"] == _sent(server, "x-tenant")[:4]
    monkeypatch.delenv("DYNACLI_PROFILE", raising=False)
    assert 0 == dry_run("shop", "new-one").exit_code


def test_a_profile_holds_no_secret_for_a_document_either(server: Recorder, home: Path, canary: str) -> None:
    """A profile with a secret is malformed for calls, and is not used for the document."""
    served = Served(server, pets())
    run_cli("api", "add", "shop", served.url)
    _profiled(home, {"Authorization": "Bearer of-the-profile"})
    served.responses(Response(401))
    assert 8 == run_cli("api", "refresh", "shop", "--profile", "work").exit_code
    assert ({None}, True) == ({*_sent(server, "authorization")}, bool(canary))


def test_a_profile_that_there_is_not_is_said(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call with a profile that does not exist says so, whatever became of the document."""
    served = Served(server, pets())
    run_cli("api", "add", "shop", served.url)
    monkeypatch.setenv("DYNACLI_PROFILE", "absent")
    assert 0 == run_cli("api", "refresh", "shop").exit_code
    result = dry_run("shop")
    assert_ended(result, 2, "`shop` has no profile `absent`")


def _canaries(monkeypatch: pytest.MonkeyPatch, canary: str) -> None:
    for name in ("TOKEN", "KEY", "SHOP_TOKEN", "SHOP_KEY"):
        monkeypatch.setenv(f"DYNACLI_{name}", canary)


def test_a_redirect_to_another_origin_gets_nothing(
    server: Recorder, other_server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A login that leads elsewhere ends there: the other origin is not even asked."""
    _canaries(monkeypatch, canary)
    other_server.responses["/d.json"] = json_response(pets())
    elsewhere = Response(302, b"", {"Location": f"{other_server.origin}/d.json"})

    def response(request: RecordedRequest) -> Response:
        return elsewhere if "authorization" in request.headers else Response(401)

    server.responses["/d.json"] = response
    result = run_cli("api", "add", "shop", f"{server.origin}/d.json", "--no-discovery")
    assert (11, [], [None, f"Bearer {canary}"]) == (
        result.exit_code,
        other_server.requests,
        _sent(server, "authorization"),
    )


def test_a_redirect_within_the_origin_keeps_it(
    server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same origin gets the credential wherever in it the document has moved to."""
    _canaries(monkeypatch, canary)
    server.responses["/d.json"] = Response(302, b"", {"Location": "/v2/d.json"})
    server.responses["/v2/d.json"] = _locks(pets(), "authorization", f"Bearer {canary}")
    assert 0 == run_cli("api", "add", "shop", f"{server.origin}/d.json").exit_code


def test_references_get_it_at_the_own_origin_alone(
    server: Recorder, other_server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of the document's origin are signed in for; those of another one that is allowed are asked for without."""
    _canaries(monkeypatch, canary)
    document = pets(**{"/own": {"$ref": "own.json"}, "/far": {"$ref": f"{other_server.origin}/far.json"}})
    authorized = f"Bearer {canary}"
    server.responses["/d.json"] = _locks(document, "authorization", authorized)
    server.responses["/own.json"] = _locks({"get": operation("ownOne")}, "authorization", authorized)
    other_server.responses["/far.json"] = Response(401, b"{}", {"WWW-Authenticate": "Bearer"})
    words = ("api", "add", "shop", f"{server.origin}/d.json", "--allow-ref", other_server.origin)
    run_cli(*words)
    assert [None] == _sent(other_server, "authorization")
    assert canary not in repr(other_server.requests)
    assert 0 == dry_run("shop", "own-one").exit_code
    assert _sent(server, "authorization").count(authorized) == 2


def test_a_further_document_gets_it_at_the_first_ones_origin_alone(
    server: Recorder, other_server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several documents of one API, those at another origin are asked for without a credential."""
    _canaries(monkeypatch, canary)
    server.responses["/d.json"] = _locks(pets(), "authorization", f"Bearer {canary}")
    other_server.responses["/d.json"] = Response(401)
    result = run_cli("api", "add", "shop", f"{server.origin}/d.json", f"{other_server.origin}/d.json")
    assert 0 != result.exit_code
    assert (True, [None]) == (bool(server.requests), _sent(other_server, "authorization"))
    assert canary not in repr(other_server.requests)


def test_the_server_of_a_call_is_no_reason(
    server: Recorder, other_server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables of another API are not sent, nor are those of an API without a name for one that has one."""
    monkeypatch.setenv("DYNACLI_TOKEN", canary)
    monkeypatch.setenv("DYNACLI_OTHER_TOKEN", canary)
    Served(other_server, pets())
    run_cli("api", "add", "other", f"{other_server.origin}/openapi.json")
    server.responses["/d.json"] = Response(401)
    assert 8 == run_cli("api", "add", "shop", f"{server.origin}/d.json", "--no-discovery").exit_code
    assert canary not in repr(server.requests)


def test_a_document_without_a_name_signs_in_too(
    server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A URL is signed in for with `DYNACLI_TOKEN`."""
    monkeypatch.setenv("DYNACLI_TOKEN", canary)
    server.responses["/d.json"] = _locks(pets(), "authorization", f"Bearer {canary}")
    assert 0 == dry_run(f"{server.origin}/d.json").exit_code


def test_a_refresh_behind_the_command_signs_in(
    server: Recorder, home: Path, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a person can fetch is refreshed for them as well; what they cannot is told without the secret."""
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    server.responses["/d.json"] = _locks(pets(), "authorization", f"Bearer {canary}")
    run_cli("api", "add", "shop", f"{server.origin}/d.json")
    age(home, 2 * DAY)
    server.responses["/d.json"] = _locks(pets(**NEW), "authorization", f"Bearer {canary}")
    assert 0 == run_cli("__refresh", "shop").exit_code
    assert 0 == dry_run("shop", "new-one").exit_code
    age(home, 2 * DAY)
    server.responses["/d.json"] = Response(
        401, canary.encode(), {"WWW-Authenticate": f'Bearer realm="{canary}"'}
    )
    run_cli("__refresh", "shop")
    assert "responded with 401" in state_of(home).failure


def _refused(result: Result) -> tuple[int, str]:
    return result.exit_code, str(result.error["message"])


def test_a_credential_that_is_not_enough_is_sent_once(
    server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that wants more says no again, and the error says what can be done."""
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    server.responses["/d.json"] = Response(401, b"{}", {"WWW-Authenticate": "Bearer"})
    url = f"{server.origin}/d.json"
    result = run_cli("api", "add", "shop", url, "--no-discovery", "--error-format", "json")
    assert (8, f"`{url}` responded with 401 instead of a document") == _refused(result)
    assert "Check `DYNACLI_SHOP_TOKEN`" == result.error["hint"]
    assert "`DYNACLI_SHOP_TOKEN` was sent as `Authorization: Bearer`, and refused" in result.error["reason"]
    assert [None, f"Bearer {canary}"] == _sent(server, "authorization")


_WANTED = {
    "Bearer": ("TOKEN", "Authorization: Bearer", "Bearer s3"),
    'Basic realm="docs"': ("USERNAME", "Authorization: Basic", "Basic " + base64.b64encode(b"s3:").decode()),
    "APIKey": ("KEY", "X-API-Key", "s3"),
    'ApiKey realm="d", header="X-Shop"': ("KEY", "X-Shop", "s3"),
    'ApiKey header="Host"': ("KEY", "X-API-Key", "s3"),
    "X-Auth-Token": ("KEY", "X-Auth-Token", "s3"),
    'Private-Token realm="api"': ("KEY", "Private-Token", "s3"),
    'Session-Token header="X-Shop"': ("KEY", "X-Shop", "s3"),
    "Subscription-Key": ("KEY", "Subscription-Key", "s3"),
    "Api-Key": ("KEY", "X-API-Key", "s3"),
    "X-Forwarded-For": ("KEY", "X-API-Key", "s3"),
    "Token": ("KEY", "Authorization: Token", "Token s3"),
    'JWT realm="api"': ("KEY", "Authorization: JWT", "JWT s3"),
}
"""What a server asks for → the end of the variable, the header as the error shows it, and its value."""


@pytest.mark.sampled(4)
@pytest.mark.parametrize("challenge", list(_WANTED))
@pytest.mark.parametrize("start", ["", "/openapi.json"])
def test_the_advice_for_a_locked_document_works(
    start: str, challenge: str, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable that the error names for what the server asks for opens the document, from the root as well."""
    word, shown, value = _WANTED[challenge]
    document = _locks(pets(), shown.partition(":")[0].lower(), value, challenge=challenge)
    server.responses |= {"/": Response(403), "/openapi.json": document}
    words = ("api", "add", "shop", f"{server.origin}{start}", "--error-format", "json")
    for other in {"TOKEN", "KEY", "USERNAME"} - {word}:
        monkeypatch.setenv(f"DYNACLI_SHOP_{other}", "other")
    refused = run_cli(*words)
    assert 8 == refused.exit_code
    named = " and ".join(
        f"`DYNACLI_SHOP_{item}`" for item in ([word, "PASSWORD"] if word == "USERNAME" else [word])
    )
    assert f"Set {named} (sent as `{shown}`)" == refused.error["hint"].split(". Then: ")[0]
    assert "`DYNACLI_SHOP_" in refused.error["reason"]
    monkeypatch.setenv(f"DYNACLI_SHOP_{word}", "s3")
    assert 0 == run_cli(*words[:-2]).exit_code


def test_a_credential_that_is_not_sent_is_told(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is set and not sent is named with the reason."""
    monkeypatch.setenv("DYNACLI_SHOP_KEY", "s3")
    server.responses["/d.json"] = _locks(pets(), "authorization", "Bearer x", challenge="Bearer")
    refused = run_cli("api", "add", "shop", f"{server.origin}/d.json", "--error-format", "json")
    assert (
        "Unauthorized; `DYNACLI_SHOP_KEY` is set, and was not sent: the server asks for Bearer"
        == refused.error["reason"]
    )
    assert {None} == {*_sent(server, "x-api-key"), *_sent(server, "authorization")}


def test_a_document_without_a_challenge_names_each_way(server: Recorder) -> None:
    """If the server does not say what it wants, each variable is named with the header that it is sent in."""
    server.responses["/d.json"] = Response(403)
    refused = run_cli("api", "add", "shop", f"{server.origin}/d.json", "--error-format", "json")
    assert (
        "Set `DYNACLI_SHOP_TOKEN` (sent as `Authorization: Bearer`), or `DYNACLI_SHOP_USERNAME` and "
        "`DYNACLI_SHOP_PASSWORD` (sent as `Authorization: Basic`), or `DYNACLI_SHOP_KEY` (sent as `X-API-Key`); or "
        "give another header: `-H NAME:VALUE`; for a key in the query, save the document, then "
        f"`dynacli api add NAME FILE --server {server.origin}`"
    ) == refused.error["hint"]


def test_a_known_document_names_its_own_variable_and_sign_in(
    server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`api refresh` names and sends the credential of the document's scheme before a token that is set besides."""

    def of_server(document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "servers": [{"url": server.origin}]}

    served = Served(server, of_server(_with_key()))
    assert 0 == run_cli("api", "add", "shop", served.url).exit_code
    served.responses(_locks(of_server(_with_key(**NEW)), "x-key", "s3", 403))
    refused = run_cli("api", "refresh", "shop", "--error-format", "json")
    assert (
        "Set `DYNACLI_SHOP_KEY` (sent as `X-Key`), or sign in: `dynacli auth login shop --scheme key`"
    ) == refused.error["hint"]
    login = ("auth", "login", "shop", "--scheme", "key", "--with-token", "--store", "file")
    assert 0 == run_cli(*login, stdin=b"s3\n").exit_code
    assert 0 == run_cli("api", "refresh", "shop").exit_code
    run_cli("auth", "logout", "shop")
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", "other")
    monkeypatch.setenv("DYNACLI_SHOP_KEY", "s3")
    assert 0 == run_cli("api", "refresh", "shop").exit_code
    assert {None} == {*_sent(server, "authorization")}


def test_a_403_at_the_root_is_no_proof(server: Recorder) -> None:
    """The root of a server without a document is not said to want a credential."""
    server.responses["/"] = Response(403)
    refused = run_cli("api", "add", "shop", server.origin)
    assert (8, False) == (
        refused.exit_code,
        "credential" in refused.stderr or "DYNACLI_SHOP" in refused.stderr,
    )


@pytest.mark.parametrize("value", ["a\x00b", "a\nb", "\u20ac"])
def test_a_secret_that_cannot_be_sent_is_named_by_its_variable(
    value: str, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token with a character that no header can carry ends with 10, and is not shown."""
    if "\x00" in value:
        value = "a\x01b"
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", value)
    server.responses["/d.json"] = Response(401)
    result = run_cli("api", "add", "shop", f"{server.origin}/d.json", "--no-discovery")
    assert_ended(result, 10, "`DYNACLI_SHOP_TOKEN`")
    assert [None] == _sent(server, "authorization")
