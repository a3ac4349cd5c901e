"""What a server may do with a document, by each way of asking for it: what is used afterwards, and what is reported.

A document that works is never lost to one that does not, whoever asks.
"""

import copy
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from email.utils import formatdate
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from dynacli.openapi.document import download
from dynacli.registry.background_refresh import take_refresh_claim
from tests.documents import operation, pets
from tests.dry_runs import dry_run
from tests.harness import Recorder, Response, Result, recording, run_cli
from tests.served_document import DAY, MINUTE, Served, age, state_of

TIME = "Wed, 01 Jan 2025 00:00:00 GMT"
ONE: tuple[str, str, dict[str, Any]] = ("https://api.example.com/v1", "First", {})
TWO: tuple[str, str, dict[str, Any]] = ("https://two.example", "Second", {})
THREE: tuple[str, str, dict[str, Any]] = ("https://three.example", "Third", {})
NEW, SAME, HELD, FAILED = "new", "same", "held", "failed"

Edit = Callable[[dict[str, Any]], Any]
Setting = Callable[[Served, threading.Event], None]


def _base() -> dict[str, Any]:
    document = pets(**{"/own": {"get": operation("getOwn", servers=[{"url": "https://own.example.com/v1"}])}})
    document["servers"] = [{"url": "https://api.example.com/v1"}]
    flows = {"clientCredentials": {"tokenUrl": "https://id.example.com/token", "scopes": {}}}
    document["components"]["securitySchemes"] = {
        "oauth": {"type": "oauth2", "flows": flows},
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    }
    return document


def _nothing(*_: Any) -> None:
    """Change nothing."""


def _changed(edit: Edit = _nothing, base: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the document with an operation more, and with whatever else is done to it."""
    document = copy.deepcopy(base or _base())
    document["paths"]["/new"] = {"get": operation("newOne")}
    edit(document)
    return document


def _gives(document: Any, status: int = 200, /, **headers: str) -> Setting:
    return lambda served, _: served.has(document, status, **headers)


def _raw(response: Response) -> Setting:
    return lambda served, _: served.responses(response)


def _hang(served: Served, release: threading.Event) -> None:
    def response(_: object) -> Response:
        release.wait(30)
        return Response(503)

    served.responses(response)


def _expire(served: Served, _: threading.Event) -> None:
    served.has(_changed(), Expires=formatdate(time.time() + 600, usegmt=True))


def _spell_out(served: Served, _: threading.Event) -> None:
    served.has(_changed(_servers(f"{served.recorder.origin}/v1")))


def _servers(*urls: str, **variables: Any) -> Edit:
    servers = [{"url": url, **({"variables": variables} if variables else {})} for url in urls]
    return lambda document: document.update(servers=servers)


def _based_on(*urls: str, **variables: Any) -> dict[str, Any]:
    document = _base()
    _servers(*urls, **variables)(document)
    return document


def _described(*servers: tuple[str, str, dict[str, Any]]) -> Edit:
    rows = [{"url": url, "description": text, "variables": values} for url, text, values in servers]
    return lambda document: document.update(servers=rows)


def _with_described(*servers: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    document = _base()
    _described(*servers)(document)
    return document


def _secured_by(*names: str, document: dict[str, Any] | None = None) -> dict[str, Any]:
    document = document or _base()
    document["paths"]["/own"]["get"]["security"] = [{name: []} for name in names]
    return document


def _add_key(document: dict[str, Any], location: str, *names: str) -> None:
    _schemes(document)["other"] = {"type": "apiKey", "in": location, "name": "k"}
    _secured_by(*names, document=document)


def _with_scheme(scheme: dict[str, Any]) -> dict[str, Any]:
    document = _base()
    document["components"]["securitySchemes"] = {"oauth": scheme}
    return document


def _schemes(document: dict[str, Any]) -> Any:
    return document["components"]["securitySchemes"]


def _token_at(url: str) -> Edit:
    return lambda document: _schemes(document)["oauth"]["flows"]["clientCredentials"].update(tokenUrl=url)


def _lose_all(document: dict[str, Any]) -> None:
    document["paths"] = {}


class Situation(NamedTuple):
    """What the server has at first, and what it does afterwards.

    Args:
        outcome: What becomes of it.
        then: Sets the server to what it does afterwards.
        reason: Of what is held back or fails: a part of what is reported; of what is asked for by a condition: that.
        first: The document at first.
        headers: Those that come with it.
        seconds: For how long what came then is fresh.
        code: How a refresh ends that was asked for.
    """

    outcome: str
    then: Setting
    reason: str = ""
    first: dict[str, Any] = _base()
    headers: Mapping[str, str] = MappingProxyType({})
    seconds: float = DAY
    code: int = 0


def _lifetime(seconds: float, **headers: str) -> Situation:
    return Situation(NEW, _gives(_changed(), **headers), seconds=seconds)


def _held(edit: Edit, reason: str, first: dict[str, Any] | None = None) -> Situation:
    first = first or _base()
    return Situation(HELD, _gives(_changed(edit, first)), reason, first, code=11)


def _taken(edit: Edit, first: dict[str, Any] | None = None) -> Situation:
    first = first or _base()
    return Situation(NEW, _gives(_changed(edit, first)), first=first)


def _failed(then: Setting, reason: str, code: int = 8) -> Situation:
    return Situation(FAILED, then, reason, code=code)


_WHOLE = json.dumps(_changed()).encode()
_CUT = {"Content-Type": "application/json", "Content-Length": str(len(_WHOLE)), "Connection": "close"}
_VARIABLE = {"default": "eu", "enum": ["eu", "us"]}

SITUATIONS: dict[str, Situation] = {
    # It has not changed.
    "same-content": Situation(SAME, _gives(_base())),
    "not-modified-by-tag": Situation(SAME, _gives(b"", ETag='"1"'), "if-none-match", headers={"ETag": '"1"'}),
    "not-modified-by-time": Situation(
        SAME, _gives(b"", Last_Modified=TIME), "if-modified-since", headers={"Last_Modified": TIME}
    ),
    "another-tag-each-time": Situation(
        SAME, _gives(_base(), ETag='"2"'), "if-none-match", headers={"ETag": '"1"'}
    ),
    "weak-tag": Situation(SAME, _gives(b"", ETag='W/"1"'), "if-none-match", headers={"ETag": 'W/"1"'}),
    "same-and-fresh-for-longer": Situation(
        SAME, _gives(_base(), Cache_Control="max-age=172800"), seconds=2 * DAY
    ),
    "same-and-no-word-any-more": Situation(SAME, _gives(_base()), headers={"Cache_Control": "max-age=300"}),
    # It has changed, and the server says for how long it is fresh.
    "no-validators": _lifetime(DAY),
    "no-store": _lifetime(MINUTE, Cache_Control="no-store"),
    "no-cache": _lifetime(MINUTE, Cache_Control="private, no-cache"),
    "five-seconds": _lifetime(MINUTE, Cache_Control="max-age=5"),
    "five-minutes": _lifetime(5 * MINUTE, Cache_Control="max-age=300"),
    "a-year": _lifetime(7 * DAY, Cache_Control="public, max-age=31536000, immutable"),
    "with-age": _lifetime(200, Cache_Control="max-age=300", Age="100"),
    "expires": Situation(NEW, _expire, seconds=600),
    "expired": _lifetime(MINUTE, Expires="0"),
    "smaller": _taken(lambda document: document["paths"].pop("/pets/{petId}")),
    # It has changed, and the server does not give it.
    "500": _failed(_gives(b"oops", 500), "responded with 500 instead of a document"),
    "404": _failed(_gives(b"{}", 404), "responded with 404 instead of a document"),
    "401": _failed(_gives(b"{}", 401), "responded with 401 instead of a document"),
    "hanging": _failed(_hang, "stopped sending", 7),
    "half-a-body": _failed(_raw(Response(200, _WHOLE[:500], _CUT)), "broke off", 6),
    "no-body": _failed(_gives(b""), "is empty"),
    "not-modified-unasked": _failed(_raw(Response(304, b"", {})), "responded with 304 instead of a document"),
    "half-a-document": _failed(_gives(_WHOLE[:500]), "cannot be read"),
    "html": _failed(_gives(b"<!doctype html><p>Sign in</p>", Content_Type="text/html"), "HTML page"),
    "no-openapi": _failed(_gives({"status": "ok"}), "is not an OpenAPI document"),
    "later-version": _failed(_gives({**_changed(), "openapi": "4.0.0"}), "OpenAPI 4.0.0 documents are not"),
    "another-origin": _failed(
        _raw(Response(302, b"", {"Location": "http://127.0.0.1:9/openapi.json"})),
        "redirects to another origin",
        11,
    ),
    "refused": _failed(_nothing, "refuses the connection", 6),
    # It has changed in a way that it may not by itself.
    "no-operations": _held(_lose_all, "it has lost its paths: 4 operations were there, and none is left"),
    "paths-of-another-kind": _held(lambda document: document.update(paths=5), "it has lost its paths: "),
    "server-moved": _held(
        _servers("https://api.evil.example/v1"),
        "its servers moved to another origin: from `https://api.example.com` to `https://api.evil.example`",
    ),
    "server-moved-to-http": _held(_servers("http://api.example.com/v1"), "to `http://api.example.com`"),
    "server-moved-to-https": _held(
        _servers("https://api.example.com"),
        "to `https://api.example.com`",
        _based_on("http://api.example.com"),
    ),
    "server-moved-to-a-port": _held(
        _servers("https://api.example.com:8443/v1"), "to `https://api.example.com:8443`"
    ),
    "servers-in-another-order": _held(
        _servers("https://two.example", "https://api.example.com/v1"),
        "to `https://two.example`",
        _based_on("https://api.example.com/v1", "https://two.example"),
    ),
    "relative-server-moved": _held(
        _servers("https://api.example.com/v1"), "to `https://api.example.com`", _based_on("/v1")
    ),
    "no-server-any-more": _held(
        lambda document: document.pop("servers"), "from `https://api.example.com` to "
    ),
    "server-of-an-operation-moved": _held(
        lambda document: document["paths"]["/own"]["get"].update(servers=[{"url": "https://evil.example"}]),
        "from `https://own.example.com` to `https://evil.example`",
    ),
    "server-of-an-operation-added": _held(
        lambda document: document["paths"]["/pets"]["get"].update(servers=[{"url": "https://evil.example"}]),
        "from `https://api.example.com` to `https://evil.example`",
    ),
    "default-of-a-variable-moved": _held(
        _servers("https://{region}.example.com", region={**_VARIABLE, "default": "us"}),
        "from `https://eu.example.com` to `https://us.example.com`",
        _based_on("https://{region}.example.com", region=_VARIABLE),
    ),
    "token-url-moved": _held(
        _token_at("https://id.evil.example/token"),
        "it changed where tokens go: `https://id.evil.example/token`",
    ),
    "key-renamed": _held(
        lambda document: _schemes(document)["key"].update(name="X-Other"),
        "it changed where the key of `key` goes: from header `X-Key` to header `X-Other`",
    ),
    "key-moved": _held(
        lambda document: _schemes(document)["key"].update({"in": "query", "name": "key"}), "to query `key`"
    ),
    "second-server-added": _held(
        _servers("https://api.example.com/v1", "https://two.example"),
        "it added servers of another origin: `https://two.example`",
    ),
    "second-server-of-an-operation-added": _held(
        lambda document: document["paths"]["/own"]["get"]["servers"].append({"url": "//two.example"}),
        "it added servers of another origin: `http://two.example`",
    ),
    "second-server-of-a-path-added": _held(
        lambda document: document["paths"]["/pets"].update(
            servers=[*document["servers"], {"url": "https://two.example", "description": "The same"}]
        ),
        "it added servers of another origin: `https://two.example`",
    ),
    "further-server-moved-to-http": _held(
        _servers("https://api.example.com/v1", "http://two.example"),
        "it added servers of another origin: `http://two.example`",
        _based_on("https://api.example.com/v1", "https://two.example"),
    ),
    "values-of-a-variable-added": _held(
        _servers("https://{region}.example.com", region={**_VARIABLE, "enum": ["eu", "us", "evil.example/"]}),
        "it added servers of another origin: `https://evil.example`",
        _based_on("https://{region}.example.com", region=_VARIABLE),
    ),
    "variable-takes-any-value": _held(
        _servers("https://{region}.example.com", region={"default": "eu"}),
        "it added servers of another origin: `https://{region}.example.com`",
        _based_on("https://{region}.example.com", region=_VARIABLE),
    ),
    "default-of-a-further-variable-moved": _held(
        _described(ONE, ("https://{h}", "", {"h": {"default": "b.example"}})),
        "it added servers of another origin: `https://b.example`",
        _with_described(ONE, ("https://{h}", "", {"h": {"default": "a.example"}})),
    ),
    "further-servers-in-another-order": _held(
        _described(ONE, THREE, TWO),
        "it calls another server `1`: `https://three.example`, before `https://two.example`",
        _with_described(ONE, TWO, THREE),
    ),
    "descriptions-exchanged": _held(
        _described(ONE, (TWO[0], "Third", {}), (THREE[0], "Second", {})),
        "it calls another server `Second`: `https://three.example`, before `https://two.example`",
        _with_described(ONE, TWO, THREE),
    ),
    "part-of-a-description-taken": _held(
        _described(ONE, TWO, (THREE[0], "sec", {})),
        "it calls another server `sec`: `https://three.example`, before `https://two.example`",
        _with_described(ONE, TWO, THREE),
    ),
    "bearer-became-a-key": _held(
        lambda document: _schemes(document).update(oauth={"type": "apiKey", "in": "query", "name": "k"}),
        "it changed where the credential of `oauth` goes: from header `Authorization` as bearer to query `k`",
    ),
    "digest-became-basic": _held(
        lambda document: _schemes(document).update(oauth={"type": "http", "scheme": "basic"}),
        "goes: from header `Authorization` as digest to header `Authorization` as basic",
        _with_scheme({"type": "http", "scheme": "Digest"}),
    ),
    "basic-became-a-token-from-elsewhere": _held(
        lambda document: _schemes(document).update(oauth=_base()["components"]["securitySchemes"]["oauth"]),
        "it changed where tokens go: `https://id.example.com/token`",
        _with_scheme({"type": "http", "scheme": "bearer"}),
    ),
    "another-scheme-takes-the-credential": _held(
        lambda document: _add_key(document, "query", "other"),
        "it sends credentials in another part of the request: query `k`",
        _secured_by("oauth"),
    ),
    "another-scheme-comes-first": _held(
        lambda document: _add_key(document, "cookie", "other", "oauth"),
        "it sends credentials in another part of the request: cookie `k`",
        _secured_by("oauth"),
    ),
    "token-elsewhere-by-another-scheme": _held(
        lambda document: _schemes(document).update(more=_base()["components"]["securitySchemes"]["oauth"]),
        "it changed where tokens go: `https://id.example.com/token`",
        _with_scheme({"type": "http", "scheme": "basic"}),
    ),
    # It has changed in a way that only looks like that.
    "second-server-of-the-same-origin": _taken(
        _servers("https://api.example.com/v1", "HTTPS://api.example.com:443/v2", "https://own.example.com/x")
    ),
    "server-at-the-documents-origin": _taken(_servers("https://api.example.com/v1", "/v2")),
    "description-of-a-server-edited": _taken(
        _described(ONE, (TWO[0], "Second, in Europe", {}), THREE), _with_described(ONE, TWO, THREE)
    ),
    "server-gone": _taken(_described(ONE, TWO), _with_described(ONE, TWO, THREE)),
    "values-of-a-variable-gone": _taken(
        _servers("https://{region}.example.com/v2", region={**_VARIABLE, "enum": ["eu"]}),
        _based_on("https://{region}.example.com", region=_VARIABLE),
    ),
    "variable-of-a-path-changed": _taken(
        _servers("https://api.example.com/{base}", base={"default": "v9"}),
        _based_on("https://api.example.com/{base}", base={"default": "v1", "enum": ["v1"]}),
    ),
    "key-in-other-letters": _taken(lambda document: _schemes(document)["key"].update(name="x-key")),
    "alternative-added": _taken(
        lambda document: _add_key(document, "query", "oauth", "other"),
        _secured_by("oauth"),
    ),
    "provider-at-the-same-origin": _taken(
        lambda document: (
            _schemes(document).update(more=_base()["components"]["securitySchemes"]["oauth"]),
            _schemes(document)["more"]["flows"]["clientCredentials"].update(tokenUrl="/token"),
        ),
        _with_scheme({"type": "http", "scheme": "basic"}),
    ),
    "server-moved-within-its-origin": _taken(_servers("https://api.example.com:443/v2")),
    "relative-server-spelled-out": Situation(NEW, _spell_out, first=_based_on("/v1")),
    "new-operation-elsewhere": _taken(
        lambda document: document["paths"]["/new"]["get"].update(servers=[{"url": "https://new.example.com"}])
    ),
    "scheme-gone": _taken(lambda document: document["components"].pop("securitySchemes")),
    "scheme-added": _taken(
        lambda document: _schemes(document).update(other={"type": "apiKey", "in": "query", "name": "k"})
    ),
    "first-token-url": _taken(
        lambda document: document.update(components=_base()["components"]),
        {**_base(), "components": {"schemas": _base()["components"]["schemas"]}},
    ),
}

BACKGROUND, BLOCKING, NEVER = "background", "blocking", "never"
FLAG, VERB, OFFLINE, UNKNOWN = "--refresh", "api refresh", "--offline", "unknown operation"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a server that hangs be given up at once, and a refresh in this process not slow it down."""
    monkeypatch.setattr(download, "DOCUMENT_READ_SECONDS", 0.2)


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """An event that releases a server that hangs."""
    event = threading.Event()
    yield event
    event.set()


def _run(mode: str, home: Path) -> Result:
    match mode:
        case "background":
            # As a run does it that finds the document to be due; what it would start happens here.
            (directory,) = (home / "cache" / "documents").iterdir()
            assert take_refresh_claim(str(directory))
            return run_cli("__refresh", "shop")
        case "--refresh" | "--offline":
            return dry_run("shop", "list-pets", mode)
        case "api refresh":
            return run_cli("api", "refresh", "shop")
        case "unknown operation":
            return dry_run("shop", "new-one")
    return dry_run("shop")


def _prepared(situation: Situation, server: Recorder, home: Path) -> Served:
    served = Served(server)
    served.has(situation.first, **situation.headers)
    assert 0 == run_cli("api", "add", "shop", served.url).exit_code
    age(home, 8 * DAY)
    return served


def _works() -> None:
    """Assert that everything works that needs no server."""
    for words in (("shop", "--help"), ("shop", "list-pets", "--help"), ("describe", "shop", "list-pets")):
        assert 0 == run_cli(*words).exit_code
    assert "list-pets" in run_cli("operations", "shop").stdout
    completed = run_cli("__complete", "bash", "shop", "list-p")
    assert (["list-pets"], "") == (completed.stdout.split(), completed.stderr)


def _warnings() -> list[str]:
    """Return the warnings of a call that is made anyway."""
    result = dry_run("shop")
    assert (0, "GET") == (result.exit_code, result.json["method"])
    assert re.fullmatch(r"(warning: .*\n( .*\n)*)?", result.stderr)
    return re.findall(r"^warning: (.*(?:\n .*)*)", result.stderr, re.MULTILINE)


def _matches(situation: Situation, mode: str, result: Result) -> None:
    """Assert what the run itself says that asks for the document."""
    outcome, reason = situation.outcome, situation.reason
    if mode == BACKGROUND:
        assert ("", "") == (result.stdout, result.stderr)  # no one would see it
    elif mode in {FLAG, VERB}:
        assert situation.code == result.exit_code
        assert reason in result.stderr or outcome == SAME
        assert result.stderr.startswith("error: ") is (outcome in {HELD, FAILED})
    elif mode == UNKNOWN:
        assert (0 if outcome == NEW else 2) == result.exit_code
        assert reason in result.stderr or outcome in {SAME, FAILED}
        assert outcome != FAILED or "Could not refresh the document: " in result.stderr
    else:
        assert 0 == result.exit_code
        assert result.stderr.startswith("warning: ") is (outcome in {HELD, FAILED})
        assert reason in result.stderr or outcome == SAME


def _each_with_some_modes() -> list[tuple[str, str]]:
    """Return each situation with two of the five modes, in turn, so that each outcome has all of them."""
    modes = [BACKGROUND, BLOCKING, FLAG, VERB, UNKNOWN]
    return [(name, modes[(number + step) % 5]) for number, name in enumerate(SITUATIONS) for step in (0, 2)]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("name", "mode"), _each_with_some_modes())
def test_what_is_used_afterwards(
    name: str, mode: str, home: Path, release: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a document that works and leads nowhere else is taken; the one before works in any case."""
    situation = SITUATIONS[name]
    outcome = situation.outcome
    monkeypatch.setenv("DYNACLI_REFRESH", BLOCKING if mode == BLOCKING else BACKGROUND)
    with ExitStack() as stack:
        served = _prepared(situation, stack.enter_context(recording()), home)
        before = state_of(home)
        situation.then(served, release)
        if name == "refused":
            stack.close()
        result = _run(mode, home)
        assert (1 if name == "refused" else 2) == len(served.asked)
        assert name == "refused" or {"if-none-match", "if-modified-since"} & {situation.reason} == {
            *served.conditions
        }
        _matches(situation, mode, result)
        after = state_of(home)
        assert (outcome == NEW) is (before.revision != after.revision)
        assert (outcome == HELD, outcome == FAILED) == (bool(after.held), bool(after.failure))
        assert (0 if outcome == NEW else 2) == dry_run("shop", "new-one", "--offline").exit_code
        # A background refresh that failed is not repeated at once; no other way begins one besides.
        is_claimed = bool(list((home / "cache").rglob("refresh.claim")))
        assert is_claimed is (mode == BACKGROUND and outcome == FAILED)
        monkeypatch.setenv("DYNACLI_REFRESH", "never")
        _works()
        warnings = _warnings()
        assert len(warnings) == (outcome in {HELD, FAILED})
        # When it is due again: what was taken or confirmed, after its time; what failed, still.
        if outcome in {NEW, SAME}:
            age(home, situation.seconds - 5)
            assert [] == _warnings()
            age(home, 10)
            assert "not refreshed" in _warnings()[0]
        assert (1 if name == "refused" else 2) == len(served.asked)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("mode", [NEVER, OFFLINE])
@pytest.mark.parametrize("name", ["not-modified-by-tag", "five-seconds", "hanging", "no-operations"])
def test_nobody_is_asked(
    name: str,
    mode: str,
    home: Path,
    server: Recorder,
    release: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`never` and `--offline` ask no server, whatever it would respond, and warn once of the age."""
    monkeypatch.setenv("DYNACLI_REFRESH", mode if mode == NEVER else "background")
    served = _prepared(SITUATIONS[name], server, home)
    SITUATIONS[name].then(served, release)
    before = state_of(home)
    result = _run(mode, home)
    reason = "not refreshed (refresh: never)" if mode == NEVER else "nothing is fetched (--offline)"
    assert (0, f"warning: shop: the document is 8 days old, and {reason}\n") == (
        result.exit_code,
        result.stderr,
    )
    assert (before, 1) == (state_of(home), len(served.asked))
    assert [] == list((home / "cache").rglob("refresh.claim"))
