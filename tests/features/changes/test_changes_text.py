"""How changes are told to a person, to a changelog, and to a program."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from dynacli.features.changes.change_records import KINDS, Change, ChangedOperation, Changes, OperationKey
from dynacli.features.changes.change_report import (
    change_sentence,
    changes_json,
    changes_markdown,
    changes_summary,
    changes_text,
)
from dynacli.features.changes.compare import compare
from dynacli.text.terminal import Painter, cell_width
from tests.features.changes.edits import EDITS
from tests.features.changes.edits.base import ADMIN, CREATE, NEW_PET, PET, PETS, REPLACE, SCHEMAS
from tests.features.changes.edits.model import GONE, edit


def _row(key: OperationKey) -> Mapping[str, Any] | None:
    """Return the row of an operation; the one at /hidden has no command."""
    if key.path == "/hidden":
        return None
    name = f"{key.method}{key.path}".lower().replace("/", "-").replace("{", "").replace("}", "")
    return {
        "api": "pets",
        "name": name,
        "operation_id": name,
        "method": key.method,
        "path": key.path,
        "tags": [],
        "summary": f"What {name} does",
        "deprecated": False,
    }


_CHANGES = compare(
    *edit(
        "much",
        PETS,
        {
            f"{PET}/kind/enum/2": "fish",
            f"{PET}/weight/type": "string",
            f"{NEW_PET}/name/maxLength": 20,
            f"{NEW_PET}/color": {"type": "string"},
            f"{SCHEMAS}/NewPet/required/1": "born",
            f"{SCHEMAS}/Error/properties/hint": {"type": "string"},
            f"{REPLACE}/responses/404": {"$ref": "#/components/responses/Error"},
            f"{CREATE}/summary": "Another text",
            "/paths/~1health": GONE,
            "/paths/~1hidden/get": {"responses": {"200": {"description": "It"}}},
            "/paths/~1owners/get": {"responses": {"200": {"description": "They"}}},
            "/info/version": "2.0.0",
            "/servers/1": {"url": "https://test.example.com"},
            f"{ADMIN}/security": [{"oauth": ["read"]}],
        },
    ).trees
)

_TEXT = """\
Removed
! get-health  "What get-health does"

Changed
  get-pets  GET /pets
    ! Pet.weight is `string`, was `number` (response)
    ? Pet.kind can be `fish` (response)
      Error.hint is new (response)
  post-pets  POST /pets
    ! NewPet.born is required now (request)
    ! NewPet.name has the limit `maxLength` `20`, was `40` (request)
    ! Pet.weight is `string`, was `number` (response)
    ? Pet.kind can be `fish` (response)
      NewPet.color is new (request)
      Error.hint is new (response)
  get-pets-petid  GET /pets/{petId}
    ! Pet.weight is `string`, was `number` (response)
    ? Pet.kind can be `fish` (response)
      Error.hint is new (response)
  post-admin  POST /admin
    ! security `key` does not suffice any more
  put-pets-petid  PUT /pets/{petId}
    ? response 404 is new

The document
    version is `2.0.0`, was `1.0.0`
    server https://test.example.com is new

New
  GET /hidden
  get-owners  "What get-owners does"

2 new operations, 5 changed, 1 removed
and 1 text changed
! breaks a client, ? may break one: the document does not tell (dynacli
help changes)"""


def test_the_text() -> None:
    """Removed operations come first, then changes, the worst first; shared changes stand once; then new operations."""
    assert _TEXT == changes_text(_CHANGES, _row, _row, Painter(enabled=False), 72)


def test_what_many_operations_share_is_told_once() -> None:
    """A shared change has the number of its operations, and the first names."""
    keys = [OperationKey("GET", f"/p{index}") for index in range(500)]
    shared = Change(
        "property-added", "/components/schemas/Pet/properties/a", None, {}, False, "", "response", "Pet.a"
    )
    own = Change("deprecated", "/paths/~1p0/get/deprecated", False, True, False, "", "", "operation")
    changed = [ChangedOperation(key, key, (shared, own) if key.path == "/p0" else (shared,)) for key in keys]
    expected = """\
Changed
  get-p0  GET /p0
      operation is deprecated

Changed in many operations
    Pet.a is new (response)
    in 500 operations: get-p0, get-p1, get-p2 and 497 more

500 operations changed"""
    assert expected == changes_text(Changes(changed=tuple(changed)), _row, _row, Painter(enabled=False), 80)


def test_long_reports_are_cut() -> None:
    """The text says how much more there is; the Markdown has all of it."""
    keys = tuple(OperationKey("GET", f"/p{index}") for index in range(150))
    changed = tuple(
        Change("property-added", f"/{index}", None, {}, False, "", "response", f"a{index}")
        for index in range(40)
    )
    changes = Changes(added=keys, changed=(ChangedOperation(keys[0], keys[0], changed),))
    text = changes_text(changes, _row, _row, Painter(enabled=False), 80)
    assert "  and 50 more\n" in text
    assert "      and 15 more\n" in text
    assert 190 < len(changes_markdown(changes, _row, _row).splitlines())


@pytest.mark.parametrize("paths", [1, 700, 3000])
def test_markdown_fits_a_comment(paths: int) -> None:
    """Breaking changes come first and are cut last; a line counts those that are left out."""
    keys = tuple(OperationKey("GET", f"/{'p' * 20}{index}") for index in range(paths))
    changes = Changes(added=keys, removed=keys)
    markdown = changes_markdown(changes, _row, _row)
    items = [line for line in markdown.splitlines() if line.startswith("- ")]
    assert len(markdown) <= 60_000
    left_out = 2 * paths - len(items)
    assert (
        (paths > 1)
        == (left_out > 0)
        == markdown.endswith(f"\n\nAnd {left_out:,} more lines; `-o json` has all of them.")
    )
    assert (len(items) > paths) == ("### New operations" in markdown), markdown
    assert len(markdown) > 59_000 or paths == 1
    removed = [line for line in items if line.endswith("is removed")]
    assert items[: len(removed)] == removed
    assert min(paths, len(items)) == len(removed)


@pytest.mark.parametrize(
    "change",
    [
        Change("constraint-changed", f"/a/x`@octo{'x' * 3000}"),
        Change("limit-added", "/a/maximum", None, {"exclusive": f"x`@octo{'x' * 3000}"}),
        Change("default-added", "/a/default", None, {"a": {"b": f"x`@octo{'x' * 3000}"}}),
        Change("scope-added", "/a", None, f"x`@octo{'x' * 3000}"),
        Change("property-added", "/a", subject=f"x`@octo{'x' * 3000}"),
    ],
    ids=lambda change: change.kind,
)
def test_a_word_of_a_document_stays_in_its_quotes(change: Change) -> None:
    """A backtick does not end the code that it is in, and a long text is cut."""
    markdown = changes_markdown(Changes(document=(change,)), _row, _row)
    outside = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", markdown)
    assert "octo" not in outside
    assert len(markdown) < 600


def test_a_summary_notifies_no_one() -> None:
    """A mention in a summary of a document is a text in a comment, and a long summary is cut."""
    key = OperationKey("GET", "/a")
    row = {"name": "a", "summary": f"Ask @octo/team {'x' * 200}"}
    line = changes_markdown(Changes(added=(key,)), lambda _: row, lambda _: row).splitlines()[-1]
    assert line.startswith("- **`a`** `GET /a`: Ask @&#8203;octo/team xxx")
    assert line.endswith("x...")
    assert len(line) < 160


_MARKDOWN = """\
2 new operations, 5 changed, 1 removed.

### Breaking changes

- **`get-health`** `GET /health` is removed
- **`get-pets`** `GET /pets`
  - `Pet.weight` is `string`, was `number` (response)
- **`post-pets`** `POST /pets`
  - `NewPet.born` is required now (request)
  - `NewPet.name` has the limit `maxLength` `20`, was `40` (request)
  - `Pet.weight` is `string`, was `number` (response)
- **`get-pets-petid`** `GET /pets/{petId}`
  - `Pet.weight` is `string`, was `number` (response)
- **`post-admin`** `POST /admin`
  - `security` `key` does not suffice any more

### Other changes

- **`get-pets`** `GET /pets`
  - `Pet.kind` can be `fish` (response)
  - `Error.hint` is new (response)
- **`post-pets`** `POST /pets`
  - `Pet.kind` can be `fish` (response)
  - `NewPet.color` is new (request)
  - `Error.hint` is new (response)
- **`get-pets-petid`** `GET /pets/{petId}`
  - `Pet.kind` can be `fish` (response)
  - `Error.hint` is new (response)
- **`put-pets-petid`** `PUT /pets/{petId}`
  - `response 404` is new
- `version` is `2.0.0`, was `1.0.0`
- `server https://test.example.com` is new

### New operations

- **`GET /hidden`**
- **`get-owners`** `GET /owners`: What get-owners does"""


def test_the_markdown() -> None:
    """Breaking changes have a section of their own."""
    assert _MARKDOWN == changes_markdown(_CHANGES, _row, _row)


def test_texts_are_told_when_asked_for() -> None:
    """Otherwise they are counted."""
    plain = Painter(enabled=False)
    assert "has another summary" not in changes_text(_CHANGES, _row, _row, plain, 80)
    text = changes_text(_CHANGES, _row, _row, plain, 80, has_texts=True)
    assert "operation has another summary" in text
    assert "text changed" not in text
    assert "has another summary" in changes_markdown(_CHANGES, _row, _row, has_texts=True)


def test_the_json() -> None:
    """The shape that is promised."""
    reported = changes_json(_CHANGES, "r1", "r2", _row, _row)
    assert ["from", "to", "added", "removed", "changed", "document"] == list(reported)
    assert ("r1", "r2") == (reported["from"], reported["to"])
    assert ["/hidden", "/owners"] == [operation["path"] for operation in reported["added"]]
    assert [None, "get-owners"] == [operation["name"] for operation in reported["added"]]
    assert ["get-health"] == [operation["name"] for operation in reported["removed"]]
    first = next(
        operation for operation in reported["changed"] if operation["operation"]["name"] == "put-pets-petid"
    )
    expected = {
        "kind": "response-added",
        "pointer": f"{REPLACE}/responses/404",
        "from": None,
        "to": "404",
        "breaking": None,
        "where": "response",
        "subject": "response 404",
        "rule": None,
    }
    assert [expected] == first["what"]
    assert {"version-changed", "server-added"} == {change["kind"] for change in reported["document"]}


_KEY = OperationKey("GET", "/a")
_NOTICED = ChangedOperation(_KEY, _KEY, (Change("deprecated", "/a"),))
_TEXT_ALONE = ChangedOperation(_KEY, _KEY, (Change("summary-changed", "/a"),))


@pytest.mark.parametrize(
    ("expected", "changes"),
    [
        ("nothing changed", Changes()),
        ("1 new operation", Changes(added=(_KEY,))),
        ("1 new operation, 2 changed", Changes(added=(_KEY,), changed=(_NOTICED, _NOTICED))),
        ("1 operation changed, 1 removed", Changes(removed=(_KEY,), changed=(_NOTICED, _TEXT_ALONE))),
        ("2 operations removed", Changes(removed=(_KEY, _KEY))),
        ("1,500 new operations", Changes(added=(_KEY,) * 1500)),
        ("only texts changed", Changes(changed=(_TEXT_ALONE,))),
        (
            "no operation changed, but what is common to all of them",
            Changes(document=(Change("server-added", "/servers/0"),)),
        ),
    ],
)
def test_the_summary(expected: str, changes: Changes) -> None:
    """A line counts the changes that a client can notice."""
    assert expected == changes_summary(changes)


def test_each_kind_is_a_sentence() -> None:
    """For every edit of the table the words fit: no value is left out, none is put in that is not there."""
    reported: dict[str, str] = {}
    for item in EDITS:
        for change in item.changes:
            subject, phrase, _ = change_sentence(change)
            assert subject, change
            assert "{" not in phrase.replace("{$request", "").replace("{petId}", ""), change
            reported[change.kind] = phrase
    assert set(KINDS) - {"not-compared"} == set(reported)


@pytest.mark.parametrize(
    ("expected", "change"),
    [
        ("can be `fish`", Change("enum-value-added", "/a", None, "fish")),
        ("can be `1`", Change("enum-value-added", "/a", None, 1)),
        ("can be `true`", Change("enum-value-added", "/a", None, True)),
        ("can be nothing", Change("enum-value-added", "/a", None, None)),
        ('can be `""`', Change("enum-value-added", "/a", None, "")),
        ("can be `` a`b ``", Change("enum-value-added", "/a", None, "a`b")),
        (
            "is one of `a`, `b`, `c`, `d`, `e`, `f` and 2 more",
            Change("enum-added", "/a", None, list("abcdefgh")),
        ),
        ("can be `Cat`", Change("alternative-added", "/a", None, {"$ref": "#/components/schemas/Cat"})),
        ("can be an `object`", Change("alternative-added", "/a", None, {"type": "object"})),
        ("can be a `string`", Change("alternative-added", "/a", None, {"type": "string"})),
        ("can be one with `a` and `b`", Change("alternative-added", "/a", None, {"required": ["a", "b"]})),
        (
            "has the limit `minimum` `5` (exclusive)",
            Change("limit-added", "/a/minimum", None, {"exclusive": 5}),
        ),
        (
            "is written as `style: form`, was `explode: False`",
            Change("style-changed", "/a", {"explode": False}, {"style": "form"}),
        ),
        (
            "`key` and `oauth` with `read` suffices, too",
            Change("security-alternative-added", "/a", None, {"key": [], "oauth": ["read"]}),
        ),
        ("is new and required", Change("property-added", "/a", None, {}, True, "request-needs-more")),
        ("is new", Change("property-added", "/a", None, {}, False, "request-needs-less")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_values_in_words(expected: str, change: Change) -> None:
    """Short, in backticks, and without the syntax of JSON."""
    assert expected == change_sentence(change)[1]


_HOSTILE = "a\x1b]0;title\x07\u202eb\n# c `d` <script>| x"


def test_foreign_text_is_made_visible() -> None:
    """Nothing of a document drives the terminal, breaks a line of it, or becomes Markdown."""
    key = OperationKey("GET", f"/{_HOSTILE}")
    changed = (Change("enum-value-added", f"/{_HOSTILE}", None, _HOSTILE, None, "", "response", _HOSTILE),)
    changes = Changes((key,), (key,), (ChangedOperation(key, key, changed),), changed)

    def row(key: OperationKey) -> Mapping[str, Any]:
        return {"name": "a", "summary": _HOSTILE, "method": key.method, "path": key.path}

    texts = [
        changes_text(changes, row, row, Painter(enabled=False), 80),
        changes_markdown(changes, row, row),
    ]
    for text in texts:
        assert not {"\x1b", "\x07", "\u202e"} & set(text)
        assert "\\x1b]0;title" in text
    assert not any(line.startswith("# c") for text in texts for line in text.splitlines())
    assert "\\<script\\>" in texts[1]


def test_lines_fit_the_terminal() -> None:
    """Lines wrap at the width of the terminal, except words that may not be broken."""
    text = changes_text(_CHANGES, _row, _row, Painter(enabled=False), 60)
    assert max(cell_width(line) for line in text.splitlines()) <= 64


def test_colours_mark_what_breaks() -> None:
    """A breaking change is red, a change without a result yellow."""
    text = changes_text(_CHANGES, _row, _row, Painter(enabled=True), 80)
    assert "\x1b[31m!\x1b[39m NewPet.born is required now" in text
    assert "\x1b[33m?\x1b[39m Pet.kind can be" in text
