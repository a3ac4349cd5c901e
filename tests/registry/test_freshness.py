"""When a document at a URL is asked for again: by the word of the server or of the person, else after a day."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from dynacli.openapi.model.wording import age_text
from dynacli.registry.revisions.revisions import age_of_document, is_due, lifetime_of
from tests.documents import operation, pets
from tests.dry_runs import dry_run
from tests.harness import Recorder, Result, run_cli
from tests.served_document import DAY, HOUR, MINUTE, Served, age, state_of

NOW = 1_000_000_000.0
NEW = {"/new": {"get": operation("newOne")}}


@pytest.mark.parametrize(
    ("pointer", "own", "seconds"),
    [
        ({}, None, DAY),
        ({"max_age": 0}, None, MINUTE),
        ({"max_age": 59.0}, None, MINUTE),
        ({"max_age": 300}, None, 300),
        ({"max_age": 7 * DAY + 1}, None, 7 * DAY),
        ({"max_age": 1e10}, None, 7 * DAY),
        ({"max_age": 300}, 10.0, 10),
        ({"max_age": 300}, 0.0, 0),
        ({}, 365.0 * DAY, 365 * DAY),
    ],
    ids=["unsaid", "none", "short", "said", "long", "endless", "own-shorter", "own-none", "own-longer"],
)
def test_a_document_is_due_after_its_time(pointer: dict[str, Any], own: float | None, seconds: float) -> None:
    """What a server says counts from a minute to a week; what a person says counts as it is."""
    for after, due in ((seconds - 1, False), (seconds, True), (seconds + 1, True)):
        if after >= 0:
            assert due is is_due({**pointer, "fetched_at": NOW - after}, own, NOW)


def test_who_asked_in_vain_does_not_ask_again_at_once() -> None:
    """What was asked for and held back is due again after its time, not before."""
    pointer = {"fetched_at": NOW - 8 * DAY, "asked_at": NOW - DAY + 1}
    assert False is is_due(pointer, None, NOW)
    assert True is is_due(pointer, None, NOW + 2)
    assert True is is_due({**pointer, "asked_at": NOW + 1}, None, NOW), "a time in the future is none"


def test_a_clock_that_was_set_back_makes_a_document_old() -> None:
    """A document from the future is one of which no one knows how old it is."""
    assert float("inf") == age_of_document({"fetched_at": NOW + 1}, NOW)
    assert True is is_due({"fetched_at": NOW + 1, "max_age": 7 * DAY}, None, NOW)
    assert NOW == age_of_document({}, NOW)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("15m", 900),
        (" 12 h ", 12 * HOUR),
        ("7d", 7 * DAY),
        ("0", 0),
        (3600, 3600),
        (0.5, 0.5),
        (-1, None),
        (True, None),
        ("", None),
        ("a day", None),
        ("1w", None),
        ("-1h", None),
        ("1.5h", None),
        (None, None),
        (["1h"], None),
    ],
)
def test_a_person_writes_a_time_as_people_do(written: Any, seconds: float | None) -> None:
    """`refresh_after` is a number of seconds, or one with its unit."""
    assert seconds == lifetime_of({"refresh_after": written})


@pytest.mark.parametrize(
    ("seconds", "reported"),
    [
        (0, "less than a minute"),
        (59.9, "less than a minute"),
        (60, "1 minute"),
        (7199, "1 hour"),
        (2 * HOUR, "2 hours"),
        (DAY, "1 day"),
        (730 * DAY, "730 days"),
        (1234 * DAY, "3 years"),
        (float("inf"), "an unknown time"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(seconds: float, reported: str) -> None:
    """People are told roughly how old something is."""
    assert reported == age_text(seconds)


def _added(server: Recorder, *words: str, **headers: str) -> Served:
    served = Served(server)
    served.has(pets(), **headers)
    assert 0 == run_cli("api", "add", "shop", served.url, *words).exit_code
    return served


def _configure(home: Path, text: str) -> None:
    path = home / "config" / "config.toml"
    path.write_text(path.read_text() + text)


def _blocking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNACLI_REFRESH", "blocking")


def test_the_time_of_the_entry_counts_before_that_of_the_server(
    server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`api add --refresh-after` decides when the document is asked for again."""
    _blocking(monkeypatch)
    served = _added(server, "--refresh-after", "10s", Cache_Control="max-age=86400")
    assert '"10s"' in (home / "config" / "config.toml").read_text()
    age(home, 5)
    assert (0, 1) == (dry_run("shop").exit_code, len(served.asked))
    age(home, 6)
    assert (0, 2) == (dry_run("shop").exit_code, len(served.asked))


def test_a_time_that_is_none_is_refused(server: Recorder, home: Path) -> None:
    """`--refresh-after` names what it takes, and nothing is registered."""
    result = run_cli("api", "add", "shop", f"{server.origin}/d", "--refresh-after", "soon")
    expected = (
        "error: `soon` is an invalid time for --refresh-after\n"
        "  hint: Give a number with `s`, `m`, `h` or `d`, for example `12h`\n"
    )
    assert (2, expected, []) == (result.exit_code, result.stderr, server.requests)
    assert not (home / "config" / "config.toml").exists()


def test_the_entry_says_when_and_the_variable_wins(
    server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`refresh` of an entry counts for that API; `DYNACLI_REFRESH` is of the moment and counts before it."""
    served = _added(server)
    _configure(home, 'refresh = "blocking"\n')
    age(home, 2 * DAY)
    assert (0, 2) == (dry_run("shop").exit_code, len(served.asked))
    age(home, 2 * DAY)
    monkeypatch.setenv("DYNACLI_REFRESH", "never")
    result = dry_run("shop")
    assert (0, 2) == (result.exit_code, len(served.asked))
    assert "warning: shop: the document is 2 days old, and not refreshed (refresh: never)\n" == result.stderr


@pytest.mark.parametrize(
    ("setting", "reported"),
    [
        (
            'refresh = "often"',
            "`refresh` in the configuration must be one of `never`, `background`, `blocking`",
        ),
        (
            'refresh_after = "soon"',
            '`refresh_after` in the configuration must be a time such as `"12h"` or `"7d"`, or seconds',
        ),
    ],
)
def test_a_setting_that_means_nothing_is_named(
    setting: str, reported: str, server: Recorder, home: Path
) -> None:
    """A slip in the configuration is said, and the defaults count."""
    served = _added(server)
    _configure(home, f"{setting}\n")
    result = dry_run("shop")
    assert (0, f"warning: shop: {reported}\n", 1) == (result.exit_code, result.stderr, len(served.asked))


def test_a_variable_that_means_nothing_is_named(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mode that there is not is said, and the default counts."""
    _added(server)
    monkeypatch.setenv("DYNACLI_REFRESH", "sometimes")
    expected = (
        "warning: shop: `DYNACLI_REFRESH` is `sometimes`; "
        "it must be one of `never`, `background`, `blocking`\n"
    )
    result = dry_run("shop")
    assert (0, expected) == (result.exit_code, result.stderr)


def test_a_fresh_document_is_said_to_be(
    server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`api list` and `api show` tell whether a document is due, and ask no one."""
    monkeypatch.setenv("DYNACLI_REFRESH", "never")
    served = _added(server)
    for seconds, fresh in ((0, True), (DAY - 10, True), (20, False)):
        age(home, seconds)
        assert fresh is run_cli("api", "list", "-o", "json").json[0]["fresh"]
        assert fresh is run_cli("api", "show", "shop", "-o", "json").json["fresh"]
    assert 1 == len(served.asked)


def test_a_clock_set_back_two_years_asks_again(
    server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document from the future is asked for, and works; offline its age is said to be unknown."""
    served = _added(server)
    age(home, -2 * 365 * DAY)
    result = dry_run("shop", "list-pets", "--offline")
    assert (0, 1) == (result.exit_code, len(served.asked))
    assert (
        "warning: shop: the document is an unknown time old, and nothing is fetched (--offline)\n"
        == result.stderr
    )
    _blocking(monkeypatch)
    for number, words in enumerate((("shop",), ("shop", "list-pets", "--refresh")), 2):
        result = dry_run(*words)
        assert (0, "", number) == (result.exit_code, result.stderr, len(served.asked))
        assert abs(state_of(home).pointer["fetched_at"] - time.time()) < 60
        age(home, -2 * 365 * DAY)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("value", ["x", None, True, -1, 1e300, [], "NaN"])
@pytest.mark.parametrize("key", ["fetched_at", "asked_at", "max_age", "installed_at"])
def test_a_pointer_that_tells_no_time_is_used_all_the_same(
    key: str, value: Any, server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is torn in the cache counts as not said; nothing breaks, and one refresh puts it right."""
    served = _added(server)
    (path,) = (home / "cache").rglob("current.json")
    pointer = {**json.loads(path.read_text()), key: float("nan") if value == "NaN" else value}
    path.write_text(json.dumps(pointer))
    for words in (("api", "list"), ("api", "history", "shop"), ("api", "show", "shop", "--offline")):
        assert 0 == run_cli(*words).exit_code
    _blocking(monkeypatch)
    assert 0 == dry_run("shop").exit_code
    before = len(served.asked)
    assert (0, before + 1) == (run_cli("api", "refresh", "shop").exit_code, len(served.asked))
    assert abs(state_of(home).pointer["fetched_at"] - time.time()) < 60


def test_what_is_not_due_is_not_asked_for(
    server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within its time a document is used as it is, whatever the server has by then."""
    _blocking(monkeypatch)
    served = _added(server)
    served.has(pets(**NEW))
    age(home, DAY - 10)
    assert (0, 1) == (dry_run("shop").exit_code, len(served.asked))
    age(home, 20)
    assert (0, 2) == (dry_run("shop", "new-one").exit_code, len(served.asked))


def _stale(result: Result) -> str:
    return result.stderr.partition(" old")[0].rpartition(" is ")[2]


@pytest.mark.parametrize(
    ("seconds", "reported"),
    [(DAY, "1 day"), (3 * DAY + 5, "3 days"), (400 * DAY, "400 days")],
)
def test_a_stale_document_has_one_warning_with_its_age(
    seconds: float, reported: str, server: Recorder, home: Path
) -> None:
    """Offline, whoever uses an old document is told once how old it is."""
    _added(server)
    age(home, seconds)
    result = dry_run("shop", "list-pets", "--offline")
    assert (0, 1, reported) == (result.exit_code, result.stderr.count("\n"), _stale(result))
