"""An overlay changes a document as its specification says, and one can be made for any change."""

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dynacli.errors import DocumentError
from dynacli.openapi.document.overlay import actions_between, apply_overlay, path_of
from tests.npm_programs import program

_DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "tags": [{"name": "a"}, {"name": "b"}],
    "paths": {
        "/a/{id}": {
            "get": {"operationId": "a", "x-private": True, "responses": {"200": {"description": "d"}}}
        },
        "/it's": {
            "get": {"operationId": "b", "responses": {}},
            "post": {"operationId": "c", "responses": {}},
        },
    },
}


def _overlay(*actions: dict[str, Any]) -> dict[str, Any]:
    return {"overlay": "1.0.0", "info": {"title": "o", "version": "1"}, "actions": list(actions)}


def _at(value: Any, *steps: str | int) -> Any:
    for step in steps:
        value = value[step]
    return value


@pytest.mark.parametrize(
    ("action", "steps", "expected"),
    [
        pytest.param(
            {"target": "$.info", "update": {"title": "n", "x-n": {"m": 1}}},
            ("info",),
            {"title": "n", "version": "1", "x-n": {"m": 1}},
            id="merge",
        ),
        pytest.param(
            {"target": "$", "update": {"info": {"title": "n"}}},
            ("info",),
            {"title": "n", "version": "1"},
            id="merge-deep",
        ),
        pytest.param(
            {"target": "$.tags", "update": {"name": "c"}}, ("tags", 2), {"name": "c"}, id="append-to-the-list"
        ),
        pytest.param(
            {"target": "$", "update": {"tags": [{"name": "c"}]}},
            ("tags",),
            [{"name": "a"}, {"name": "b"}, {"name": "c"}],
            id="append-in-a-merge",
        ),
        pytest.param(
            {"target": "$.paths.*.get", "update": {"deprecated": True}},
            ("paths", "/it's", "get", "deprecated"),
            True,
            id="each-that-is-found",
        ),
        pytest.param(
            {"target": "$.paths['/it\\'s'].post", "remove": True},
            ("paths", "/it's"),
            {"get": {"operationId": "b", "responses": {}}},
            id="remove",
        ),
        pytest.param({"target": "$.tags[*]", "remove": True}, ("tags",), [], id="remove-every-item"),
        pytest.param(
            {"target": "$.tags[?@.name == 'a']", "remove": True},
            ("tags",),
            [{"name": "b"}],
            id="remove-an-item",
        ),
        pytest.param(
            {"target": "$..['x-private']", "remove": True},
            ("paths", "/a/{id}", "get"),
            {"operationId": "a", "responses": {"200": {"description": "d"}}},
            id="remove-plain-values",
        ),
        pytest.param(
            {"target": "$.info", "update": {"title": "n"}, "remove": True}, (), None, id="remove-wins"
        ),
        pytest.param(
            {"target": "$.nowhere", "update": {"a": 1}}, ("info", "title"), "t", id="nothing-is-found"
        ),
        pytest.param({"target": "$.info"}, ("info", "title"), "t", id="nothing-to-do"),
    ],
)
def test_an_action_applies_to_every_place_that_its_target_finds(
    action: dict[str, Any], steps: tuple[str | int, ...], expected: Any
) -> None:
    """The original document is not changed."""
    before = copy.deepcopy(_DOCUMENT)
    result = apply_overlay(_DOCUMENT, _overlay(action))
    assert before == _DOCUMENT
    if expected is None:
        assert "info" not in result
    else:
        assert expected == _at(result, *steps)


def test_an_action_finds_the_additions_of_earlier_actions() -> None:
    """The actions of an overlay are applied in their order."""
    result = apply_overlay(
        _DOCUMENT,
        _overlay(
            {"target": "$.info", "remove": True},
            {"target": "$", "update": {"info": {"title": "n"}}},
            {"target": "$.info", "update": {"version": "2"}},
        ),
    )
    assert {"title": "n", "version": "2"} == result["info"]


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        ({"m": [7]}, {"m": [7]}),
        ({"m": {"b": 2}}, {"m": {"m": {"m": {"b": 2}, "a": 1, "b": 2}, "b": 2}}),
    ],
)
def test_an_update_may_replace_what_the_target_finds_further_in(
    update: dict[str, Any], expected: dict[str, Any]
) -> None:
    """A place that the update of one around it has replaced is not looked for again."""
    document = {**_DOCUMENT, "x-nested": {"m": {"m": {"m": {"a": 1}}}}}
    result = apply_overlay(document, _overlay({"target": "$['x-nested']..m", "update": update}))
    assert expected == result["x-nested"]["m"]


def test_an_update_is_not_shared() -> None:
    """Two places that get the same update share no object with each other."""
    result = apply_overlay(
        _DOCUMENT,
        _overlay(
            {"target": "$.paths.*.get", "update": {"x-list": []}},
            {"target": "$.paths['/a/{id}'].get['x-list']", "update": 1},
        ),
    )
    assert [1] == _at(result, "paths", "/a/{id}", "get", "x-list")
    assert [] == _at(result, "paths", "/it's", "get", "x-list")


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        pytest.param([], "The overlay is not an OpenAPI overlay", id="a-list"),
        pytest.param({"openapi": "3.1.0"}, "The overlay is not an OpenAPI overlay", id="a-document"),
        pytest.param(
            {"overlay": "2.0.0", "actions": []},
            "The overlay has the unsupported version `2.0.0`",
            id="version",
        ),
        pytest.param({"overlay": "1.0.0"}, "The overlay has no list of `actions`", id="no-actions"),
        pytest.param(_overlay({"update": {}}), "Action 1 of the overlay has no `target`", id="no-target"),
        pytest.param(
            _overlay({"target": "$.info"}, {"target": "paths["}),
            "Action 2 of the overlay has a `target` that is not a JSONPath: `paths[`",
            id="no-jsonpath",
        ),
        pytest.param(
            _overlay({"target": "$.info.title", "update": "n"}),
            "Action 1 of the overlay cannot be carried out at `$['info']['title']`",
            id="a-plain-value",
        ),
        pytest.param(
            _overlay({"target": "$.info", "update": "n"}),
            "Action 1 of the overlay cannot be carried out at `$['info']`",
            id="a-text-into-an-object",
        ),
        pytest.param(
            _overlay({"target": "$", "remove": True}), "Action 1 of the overlay removes the whole", id="all"
        ),
    ],
)
def test_an_overlay_that_cannot_be_applied_is_refused(overlay: Any, message: str) -> None:
    """The message has the number of the faulty action."""
    with pytest.raises(DocumentError) as caught:
        apply_overlay(_DOCUMENT, overlay)
    assert caught.value.message.startswith(message)


_VERSIONS = yaml.safe_load(Path(__file__).with_name("versions.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", _VERSIONS, ids=lambda row: row["name"])
def test_an_overlay_does_what_its_version_says(row: dict[str, Any]) -> None:
    """The sets of examples of the specification, and the rules of version 1.1; the first document never changes."""
    overlay = {"overlay": row["version"], "info": {"title": "o", "version": "1"}, "actions": row["actions"]}
    before = copy.deepcopy(row["before"])
    if "after" in row:
        assert row["after"] == apply_overlay(row["before"], overlay)
    else:
        with pytest.raises(DocumentError) as caught:
            apply_overlay(row["before"], overlay)
        message, reason = row["error"]
        assert caught.value.message.startswith(message)
        assert caught.value.reason.startswith(reason)
    assert before == row["before"]


@pytest.mark.long
def test_copies_do_not_grow_without_end() -> None:
    """A value that is copied into itself again and again meets a limit, of depth or of values."""
    deeper = {"target": "$['x-a']..b[?!@.b]", "copy": "$['x-a']"}
    wider = {"target": "$['x-list']", "copy": "$['x-list']"}
    document = {**_DOCUMENT, "x-a": {"b": {"b": {}}}, "x-list": [0] * 1000}
    for action, message in ((deeper, "is nested deeper than 200 levels"), (wider, "would add too much")):
        overlay = {"overlay": "1.1.0", "info": {}, "actions": [action] * 500}
        with pytest.raises(DocumentError, match=message):
            apply_overlay(document, overlay)


_names = st.sampled_from(["a", "b", "it's", "/{id}", "\\", "\x01", "0", "ä", '"'])
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x", "y"]),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(_names, inside, max_size=3),
    max_leaves=8,
)
_trees = st.dictionaries(_names, _values, max_size=4)


@given(_trees, _trees)
def test_the_overlay_between_two_documents_turns_one_into_the_other(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    """The generated overlay follows the specification to the letter."""
    before, after = {"root": old}, {"root": new}
    actions = actions_between(before, after, {})
    tree: Any = before
    for action in actions:
        target = _at(tree, *_steps(action["target"], tree))
        assert isinstance(target, dict | list)  # never a plain value: section 4.4.3
        tree = apply_overlay(tree, _overlay(action))
    assert json.dumps(after, sort_keys=True) == json.dumps(tree, sort_keys=True)
    assert actions == [*{json.dumps(step): step for step in actions}.values()]


def _steps(target: str, tree: Any) -> tuple[str | int, ...]:
    found: list[tuple[str | int, ...]] = [()]
    for steps in found:
        if path_of(steps) == target:
            return steps
        node = _at(tree, *steps)
        if isinstance(node, dict):
            found.extend((*steps, key) for key in node)
    raise AssertionError(target)


@pytest.mark.outside
def test_another_program_reads_the_targets_alike(tmp_path: Path) -> None:
    """`overlayjs` of npm's `openapi-overlays-js` makes the same document of a change."""
    new = copy.deepcopy(_DOCUMENT)
    new["paths"]["/it's"]["get"]["responses"]["200"] = {"description": "n"}
    new["paths"]["/a/{id}"]["get"]["responses"]["200"]["description"] = "e"
    new["tags"] = [{"name": "z"}]
    overlay = _overlay(*actions_between(_DOCUMENT, new, {}))
    (tmp_path / "document.json").write_text(json.dumps(_DOCUMENT), encoding="utf-8")
    (tmp_path / "overlay.json").write_text(json.dumps(overlay), encoding="utf-8")
    words = [program("overlayjs"), "--openapi", "document.json", "--overlay", "overlay.json"]
    run = subprocess.run(words, cwd=tmp_path, capture_output=True, check=True, text=True)
    assert new == yaml.safe_load(run.stdout)
