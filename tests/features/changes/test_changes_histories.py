"""Documents that are there in two versions: what is reported of the one and the other, and why that is right.

Those of npm are looked for where tests/npm_programs.py looks:
`npm install octokit-22@npm:@octokit/openapi@22.0.0 octokit-23@npm:@octokit/openapi@23.0.0`
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from dynacli.features.changes.change_records import Changes, OperationKey
from dynacli.features.changes.compare import compare
from dynacli.openapi.document.load import load
from tests.documents import load_file, save
from tests.npm_programs import package
from tests.real_documents import OWN


def _counted(changes: Changes) -> list[str]:
    """Return how many changes there are of each kind, direction and result; one of many operations is one."""
    words = {True: " breaks", False: " harmless", None: ""}
    every = {id(change): change for change in changes if not change.is_text}
    counts = Counter(
        f"{value.kind}{f' {value.where}' if value.where else ''}{words[value.breaking]}"
        for value in every.values()
    )
    return sorted(f"{count} {line}" for line, count in counts.items())


@dataclass(frozen=True)
class History:
    """Two versions of a document.

    Args:
        old: Its path in the folder of real documents, or in that of our own.
        new: That of the other version.
        why: What was done to it.
        expected: `COUNT KIND DIRECTION VERDICT` of the changes that a client can notice.
        texts: How many changes are of texts.
        added: How many operations came.
        removed: How many went.
    """

    old: str
    new: str
    why: str
    expected: tuple[str, ...]
    texts: int
    added: int = 0
    removed: int = 0


def _history(old: str, new: str, why: str, *expected: str, texts: int, **more: int) -> History:
    return History(old, new, why, expected, texts, **more)


def _readme(
    name: str, why: str, *expected: str, texts: int, to: str = "", added: int = 0, removed: int = 0
) -> History:
    """Return a document of 3.0 and its version of 3.1."""
    old, new = f"readme-oas-examples/{name}.yaml", f"readme-oas-examples-3.1/{to or name}.yaml"
    return History(old, new, why, expected, texts, added, removed)


_HISTORIES = [
    _readme("petstore-simple", "nothing but the version of OpenAPI is another one", texts=1),
    _readme(
        "petstore",
        "an upload became the bytes alone, an id has no default; `parameters: []` is nothing, the order is another one",
        "1 default-removed response",
        "1 media-type-removed request breaks",
        "1 media-type-added request harmless",
        texts=2,
    ),
    _readme(
        "readme-extensions",
        "`responses: {}` for what was documented, and two operations less; extensions are not compared",
        "1 body-removed request",
        "10 response-removed response breaks",
        "1 response-removed response",
        texts=4,
        removed=2,
    ),
    _readme(
        "security",
        "mutual TLS, which 3.0 has not, for an optional credential; all else is links to the specification",
        "1 security-scheme-added harmless",
        texts=24,
        added=1,
        removed=1,
    ),
    _readme(
        "schema-types",
        "two types of 3.1, and `responses: {}`; `nullable` is there in both, though it means nothing in 3.1",
        "21 response-removed response breaks",
        "1 property-required request",
        texts=4,
        added=2,
    ),
    _readme(
        "schema-encoding-style",
        "`responses: {}` for a response",
        "1 response-removed response breaks",
        texts=2,
    ),
    _readme(
        "parameters-style",
        "`responses: {}` for all responses, and POST became GET for one operation",
        "25 response-removed response breaks",
        "1 operation-moved breaks",
        texts=26,
    ),
    _readme(
        "schema-validation",
        "one operation is left of five, with one parameter of four and another one that is required and has a default",
        "1 parameter-added request",
        "3 parameter-removed request",
        to="schema-validation-top-level",
        texts=4,
        removed=4,
    ),
    _readme(
        "schema-validation",
        "a parameter for each dialect of JSON Schema, required and with a default; a pattern is escaped",
        "6 parameter-added request",
        "1 pattern-changed request",
        to="schema-validation-local",
        texts=10,
    ),
    _history(
        "learn-openapis/v2.0/json/api-with-examples.json",
        "learn-openapis/v3.0/api-with-examples.json",
        "nothing but the version and texts: examples are not compared",
        "1 version-changed harmless",
        texts=5,
    ),
    _history(
        "learn-openapis/v2.0/json/petstore-expanded.json",
        "learn-openapis/v3.0/petstore-expanded.json",
        "a list that was joined with commas is repeated, as is the default of 3.0; another server",
        "1 style-changed request breaks",
        "1 server-added harmless",
        "1 server-removed",
        texts=2,
    ),
    _history(
        "learn-openapis/v2.0/json/petstore.json",
        "learn-openapis/v3.0/petstore.json",
        "a body where there was none, limits, and one pet where a list of pets was documented by mistake;"
        " in 2.0 each response has the media types of the document, with or without a schema",
        "1 body-added request breaks",
        "1 limit-added request breaks",
        "1 limit-added response harmless",
        "1 media-type-removed response",
        "2 type-changed response",
        "1 type-changed response breaks",
        texts=2,
    ),
    _history(
        "learn-openapis/v2.0/json/petstore-minimal.json",
        "learn-openapis/v2.0/json/petstore-simple.json",
        "three operations, two parameters, a response for errors, three media types and an operationId more",
        "1 operation-renamed",
        "2 parameter-added request harmless",
        "1 response-added response",
        "3 media-type-added response",
        texts=1,
        added=3,
    ),
    _history(
        "learn-openapis/v2.0/json/petstore-expanded.json",
        "learn-openapis/v2.0/json/petstore-separate/spec/swagger.json",
        "the error is in a file that may not be read, so that it is not compared; to create a pet, its id is needed",
        "4 constraint-changed response",
        "1 property-added request breaks",
        "1 property-added request harmless",
        texts=0,
    ),
    _history(
        "learn-openapis/v3.0/uspto.yaml",
        "readme-oas-examples/uspto.yaml",
        "a format was misspelled",
        "2 format-changed response",
        texts=1,
    ),
    _history(
        "learn-openapis/v3.0/petstore-expanded.yaml",
        "readme-oas-examples/petstore-expanded.yaml",
        "another server",
        "1 server-added harmless",
        "1 server-removed",
        texts=0,
    ),
    _history(
        "learn-openapis/v3.0/link-example.yaml", "readme-oas-examples/link-example.yaml", "a copy", texts=0
    ),
    _history(
        "learn-openapis/v2.0/json/petstore.json",
        "learn-openapis/v2.0/yaml/petstore.yaml",
        "the YAML says of two schemas that they are objects, and has a typing error less",
        "2 type-changed response",
        texts=1,
    ),
    _history(
        "learn-openapis/v2.0/json/uber.json",
        "learn-openapis/v2.0/yaml/uber.yaml",
        "the YAML has a key, and a capacity that is an integer and was a text",
        "1 secured breaks",
        "1 type-changed response breaks",
        "1 security-scheme-added harmless",
        texts=0,
    ),
    _history(
        "learn-openapis/v3.1/tictactoe.json",
        "learn-openapis/v3.1/tictactoe.yaml",
        "the YAML has a link, a callback with what it needs, and a webhook",
        "1 link-added response harmless",
        "1 parameter-added request harmless",
        "1 response-added response",
        "1 callback-added",
        "1 webhook-added",
        texts=0,
    ),
]

_OWN_HISTORY = _history(
    "ferries.yaml",
    "ferries-2.yaml",
    "a parameter may be left out, one is new, a response promises less, names have a limit, an operation is gone",
    "1 limit-added response harmless",
    "1 parameter-added request harmless",
    "1 parameter-optional request harmless",
    "1 property-optional response breaks",
    "1 version-changed harmless",
    texts=0,
    removed=1,
)

_TWINS = [
    *(f"v2.0/json/{name}" for name in ("api-with-examples", "petstore-minimal", "petstore-simple")),
    "v2.0/json/petstore-with-external-docs",
    *(f"v3.0/{name}" for name in ("api-with-examples", "callback-example", "link-example")),
    *(f"v3.0/{name}" for name in ("petstore-expanded", "petstore", "uspto")),
    *(f"v3.1/{name}" for name in ("non-oauth-scopes", "webhook-example")),
    "v3.2/3.2-tags-example",
]
"""Without those that are no twins: three of them are told above."""


def test_a_history_of_our_own() -> None:
    """All that was done to a small document is told, and nothing that was not."""
    _matches(_OWN_HISTORY, OWN)


@pytest.mark.corpus
@pytest.mark.parametrize(
    "history", _HISTORIES, ids=lambda history: f"{history.old} {history.new.rpartition('/')[2]}"
)
def test_a_history(history: History, corpus: Path) -> None:
    """The changes are those that were made, and no others."""
    _matches(history, corpus)


def _matches(history: History, folder: Path) -> None:
    changes = compare(load_file(folder / history.old).tree, load_file(folder / history.new).tree)
    assert sorted(history.expected) == _counted(changes), history.why
    assert history.texts == len({id(change) for change in changes if change.is_text})
    assert (history.added, history.removed) == (len(changes.added), len(changes.removed))


@pytest.mark.parametrize("name", ["bookshop.yaml", "ferries.yaml"])
def test_a_document_of_our_own_is_the_same_in_json(name: str) -> None:
    """Written in JSON it has no change."""
    path = save(yaml.safe_load((OWN / name).read_text(encoding="utf-8")))
    assert not compare(load_file(OWN / name).tree, load_file(path).tree)


@pytest.mark.corpus
@pytest.mark.parametrize("name", _TWINS)
def test_json_and_yaml_are_the_same(name: str, corpus: Path) -> None:
    """A document that is there in both has no change."""
    folder = corpus / "learn-openapis"
    twin = name.replace("/json/", "/yaml/")
    assert not compare(load_file(folder / f"{name}.json").tree, load_file(folder / f"{twin}.yaml").tree)


def _github(name: str) -> dict[str, Any]:
    path = package(name) / "generated" / "api.github.com.json"
    return load(path.read_bytes(), path.name).tree


@pytest.mark.outside
def test_a_year_of_github() -> None:
    """Between two versions of its document: looked through by hand, and held against oasdiff's report.

    What oasdiff tells otherwise: it has 164 required properties removed if a schema became an `allOf` of itself
    and one more, and a type lost if one listed value became an alternative each.
    """
    changes = compare(_github("octokit-22"), _github("octokit-23"))
    assert (152, 37) == (len(changes.added), len(changes.removed))
    counts = Counter(
        (change.kind, change.where, change.breaking)
        for changed in changes.changed
        for change in changed.changes
    )
    expected = {
        ("operation-moved", "", True): 3,
        ("media-type-removed", "response", True): 1,
        ("parameter-added", "request", False): 36,
        ("body-added", "request", False): 1,
        ("property-removed", "response", None): 11,
        ("property-optional", "response", True): 2,
        ("property-required", "response", False): 5,
        ("pattern-changed", "response", None): 2,
        ("deprecated", "", False): 6,
    }
    assert expected == {key: counts[key] for key in expected}
    assert 0 == counts["property-removed", "response", True]
    types = [
        change for changed in changes.changed for change in changed.changes if change.kind == "type-changed"
    ]
    assert ["number"] == [change.from_ for change in types]
    moved = [
        changed
        for changed in changes.changed
        if changed.old.path.startswith("/organizations/{org}/dependabot")
    ]
    assert {"/orgs/{org}/dependabot/repository-access"} < {changed.new.path for changed in moved}


@pytest.mark.outside
def test_the_other_way_round() -> None:
    """Comparing in the other direction swaps additions and removals."""
    old, new = _github("octokit-22"), _github("octokit-23")
    forth, back = compare(old, new), compare(new, old)
    assert (forth.added, forth.removed) == (back.removed, back.added)
    assert {(changed.old, changed.new) for changed in forth.changed} == {
        (changed.new, changed.old) for changed in back.changed
    }
    assert OperationKey("GET", "/orgs/{org}/copilot/metrics") in forth.removed
