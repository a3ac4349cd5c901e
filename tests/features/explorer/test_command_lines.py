"""The command line that the explorer shows makes the request that the explorer sends."""

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dynacli.client.call import request_of
from dynacli.client.call_settings import settings_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.collect_values import collect_values
from dynacli.environment import Consent, Environment
from dynacli.errors import DynacliError
from dynacli.features.explorer._request_form import body_rows, body_text, with_example_body
from dynacli.features.explorer.command import explored_line
from dynacli.features.explorer.drafts import Draft, command_words, option_arguments, typed_inputs
from dynacli.features.explorer.form_rows import FormRow, rows_of_form
from dynacli.options.standard_options import CallTerms, Options
from dynacli.record import replace
from dynacli.registry.open_by_name import open_named_api
from dynacli.registry.opened_api import OpenedApi
from dynacli.request import preview
from dynacli.request.form_body import PREVIEW_BOUNDARY
from tests.documents import operation, parameter, post, put, save_api
from tests.harness import run_cli
from tests.real_documents import OWN, own_and_real

_OPTIONS = Options(
    validate="off", server="https://api.example", auth="none", terms=CallTerms(consent=Consent(is_given=True))
)


def _draft(
    api: OpenedApi, name: str, words: Mapping[str, str], counts: Mapping[str, int] | None = None
) -> Draft:
    described = DescribedOperation(api, api.catalog.operation(name)).sending("")
    rows = [row for row in rows_of_form(described, counts or {}, list(words)) if isinstance(row, FormRow)]
    return Draft(described, tuple(rows), words)


def _sent(draft: Draft) -> Any:
    """Return the request that the explorer sends, or why it sends none."""
    settings = settings_of(Environment(), draft.described.api, _OPTIONS)
    try:
        inputs = replace(typed_inputs(draft, is_strict=False), boundary=PREVIEW_BOUNDARY)
        request = request_of(
            draft.described, settings, collect_values(draft.described, inputs, is_strict=False)
        )
    except DynacliError as error:
        return error.message
    return preview.as_json(request)


def _shown(draft: Draft) -> Any:
    """Return the request that the command line makes, or why it makes none."""
    words = command_words(draft, list(option_arguments(_OPTIONS)))
    result = run_cli("--dry-run=json", "--error-format=json", *words)
    return result.json if 0 == result.exit_code else result.error["message"]


@pytest.mark.parametrize(
    ("words", "counts"),
    [
        ({"pet-id": "7", "tags": '["a","b"]'}, {}),
        ({"pet-id": "-7", "tags": "-x"}, {}),
        ({"limit": "3"}, {}),
        ({"pet-id": "a b/c", "query.server": "x", "query.dry-run": "true"}, {}),
        ({"pet-id": "7", "toys.0.label": "a", "toys.1.label": "b", "toys.1.price": "-1"}, {"toys": 2}),
        ({"pet-id": "7", "owner.email": "it's", "any": "null", "deep.x.y": "1"}, {}),
        ({"pet-id": "7", "is-good": "false"}, {}),
        ({"pet-id": "7", "is-good": "true", "output": "table"}, {}),
    ],
    ids=str,
)
def test_each_kind_of_input_is_given_as_the_command_line_takes_it(
    words: dict[str, str], counts: dict[str, int]
) -> None:
    """Also what begins with a dash, has the name of a standard option, or stands within an array."""
    toy = {"type": "object", "properties": {"label": {"type": "string"}, "price": {"type": "number"}}}
    body = {
        "type": "object",
        "properties": {
            "toys": {"type": "array", "items": toy},
            "owner": {"type": "object", "properties": {"email": {"type": "string"}}},
            "any": {},
            "deep": {"type": "object", "additionalProperties": {"type": "object"}},
            "isGood": {"type": "boolean"},
        },
    }
    parameters = [
        parameter("petId", {"type": "string"}, "path"),
        parameter("limit", {"type": "integer"}),
        parameter("tags", {"type": "array", "items": {"type": "string"}}),
        parameter("server", {"type": "string"}),
        parameter("dry-run", {"type": "boolean"}),
        parameter("output", {"type": "string"}),
    ]
    path = save_api(put("/pets/{petId}", "putPet", *parameters, body=body))
    api = open_named_api(path, Environment())
    with closing(api.catalog):
        draft = _draft(api, "put-pet", words, counts)
        assert sorted(words) == sorted(row.option for row, _ in draft.given)
        sent = _sent(draft)
        assert isinstance(sent, str) == ("limit" in words), words  # only there the path is not given
        assert _shown(draft) == sent


def test_a_required_object_is_marked_in_the_form() -> None:
    """It has a row of its own if none of its properties is required, and what is given below it counts."""
    reference = {"type": "object", "properties": {"id": {"type": "integer"}}}
    body = {"type": "object", "required": ["status"], "properties": {"status": reference, "other": reference}}
    save_api(post("/a", body=body), server="https://api.example")
    api = open_named_api("api.json", Environment())
    with closing(api.catalog):
        draft = _draft(api, "a", {"status.id": "5"})
        marked = {row.option: row.is_needed for row in draft.rows}
        assert {"status": True, "status.id": False, "other.id": False} == marked
        assert '{"status":{"id":5}}' == _sent(draft)["body"] == _shown(draft)["body"]


def test_no_value_of_a_document_names_a_file() -> None:
    """An example that looks like the name of a file is a text in each kind of body, and so is a choice."""
    evil = {"type": "string", "enum": ["@/etc/passwd"], "example": "@/etc/passwd"}
    either = {"oneOf": [evil, {"type": "string", "format": "binary"}], "example": "@/etc/passwd"}
    parts = {
        "type": "object",
        "required": ["f", "e"],
        "properties": {"f": evil | {"format": "binary"}, "e": either},
    }
    paths = {
        "/a": {"post": operation("plain", body=evil, media_type="text/plain")},
        "/b": {"post": operation("parts", body=parts, media_type="multipart/form-data")},
    }
    api = open_named_api(save_api(paths), Environment())
    with closing(api.catalog):
        for name in ("plain", "parts"):
            draft = with_example_body(_draft(api, name, {}))
            draft = replace(_draft(api, name, draft.words), text=draft.text)
            chosen = {row.option: row.choices[0] for row in draft.rows if row.choices}
            for made in (draft, replace(draft, words={**draft.words, **chosen})):
                sent = _sent(made)
                assert "@/etc/passwd" in sent["body"]
                assert "<" not in sent["body"]
                assert _shown(made) == sent


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "path", own_and_real([path.name for path in sorted(OWN.glob("*.*"))], ["petstore3.yaml", "hcloud.json"])
)
def test_examples_of_whole_documents_make_the_same_request(path: Path) -> None:
    """As rows, and with the body as text; and rows and text become each other."""
    api = open_named_api(str(path), Environment())
    with closing(api.catalog):
        for summary in api.catalog.summaries()[:: max(1, len(api.catalog.summaries()) // 40)]:
            described = DescribedOperation(api, api.catalog.operation(summary.name))
            operation = described.operation
            example = explored_line(Environment(), (str(path), operation.name, *operation.example))
            words, body = example.words, example.text
            draft = replace(_draft(api, summary.name, words), text=body)
            assert _shown(draft) == _sent(draft), summary.name
            if draft.described.media_type is not None and body is None:
                written = replace(draft, text=body_text(draft))
                assert _shown(written) == _sent(written), summary.name
                rows = body_rows(written)
                if rows is not None:
                    again = _draft(api, summary.name, {**draft.words, **rows.words}, rows.counts)
                    assert json.loads(written.text or "null") == json.loads(body_text(again)), summary.name
