"""Schemas that others inherit from by `allOf`, and the discriminator that names their heirs without a mapping."""

from typing import Any

import pytest

from dynacli.openapi.schema.normal_form import with_implied_mappings
from tests.documents import post, ref, save_api
from tests.dry_runs import refusal_of, request_of
from tests.harness import examples_of, run_cli

BY_KIND = {"discriminator": {"propertyName": "kind"}}


def _object(**properties: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": kind} for name, kind in properties.items()}}


def _heir(base: str, **properties: str) -> dict[str, Any]:
    return {"allOf": [ref(base), _object(**properties)]}


SCHEMAS = {
    "Pet": {**_object(kind="string", name="string"), "required": ["kind"], **BY_KIND},
    "Cat": _heir("Pet", claws="integer"),
    "Dog": _heir("Pet", bark="string"),
    "Kitten": _heir("Cat", age="integer"),
}
ONE_OF = {"oneOf": [ref("Cat"), ref("Dog")]}


def _write(body: Any, **schemas: Any) -> None:
    save_api(post("/a", body=body), schemas={**SCHEMAS, **schemas})


@pytest.mark.sampled(4)
@pytest.mark.parametrize("body", [ref("Pet"), {"anyOf": ONE_OF["oneOf"]}], ids=["base", "branches"])
@pytest.mark.parametrize(
    ("words", "sent"),
    [
        ("--age 1", {"age": 1, "kind": "Kitten"}),
        ("--bark w --name n", {"bark": "w", "name": "n", "kind": "Dog"}),
        ("--kind Kitten --age 1 --claws 2", {"kind": "Kitten", "age": 1, "claws": 2}),
        ("--kind Dog --example", {"kind": "Dog"}),
        ("--example", {"kind": "Cat"}),
    ],
)
def test_heirs_without_a_mapping_are_branches(body: Any, words: str, sent: Any) -> None:
    """Each heir's options are there, at any depth, and its name is the discriminator's value."""
    _write(body)
    assert sent == request_of("a", *words.split())["json"]


@pytest.mark.parametrize("body", [ref("Pet"), ONE_OF], ids=["base", "branches"])
def test_heirs_of_two_kinds_do_not_go_together(body: Any) -> None:
    """Neither by the discriminator's value, nor by two options."""
    _write(body)
    refused = refusal_of("a", "--kind", "Cat", "--bark", "w").stderr
    assert "`--kind` picks `Cat`, `--bark` belongs to `Dog`" in refused
    assert " cannot be combined" in refusal_of("a", "--age", "1", "--bark", "w").stderr


def test_an_option_that_heirs_share_picks_the_branch_that_has_it() -> None:
    """A base without branches leaves it open which of its heirs is meant."""
    _write({"anyOf": ONE_OF["oneOf"]})
    assert {"claws": 1, "kind": "Cat"} == request_of("a", "--claws", "1")["json"]
    _write(ref("Pet"))
    assert "needs --kind" in refusal_of("a", "--claws", "1").stderr


def test_help_and_completion_show_the_values_of_heirs() -> None:
    """Help in a sentence, completion after the option."""
    _write(ref("Pet"))
    shown = run_cli("./api.json", "a", "--help").stdout
    page = " ".join(shown.split())
    assert "The body is one of Cat, Dog, Kitten or Pet; --kind or your options select it" in page
    assert ["a", "--kind", "Cat"] == examples_of(shown)[0][2:]
    completed = run_cli("__complete", "bash", "./api.json", "a", "--kind", "").stdout
    assert ["Cat", "Dog", "Kitten", "Pet"] == completed.split()


@pytest.mark.parametrize("body", [ref("Pet"), {"anyOf": ONE_OF["oneOf"]}], ids=["base", "branches"])
def test_a_value_that_all_heirs_share_picks_none(body: Any) -> None:
    """If the base allows values that are no names of heirs, the given options alone choose."""
    kind = {"kind": {"type": "string", "enum": ["CAT", "DOG"]}}
    _write(body, Pet={**SCHEMAS["Pet"], "properties": kind})
    for words in ("--kind DOG --bark w", "--kind CAT --bark w"):
        assert {"kind": words[7:10], "bark": "w"} == request_of("a", *words.split())["json"]
    assert "needs --kind" in refusal_of("a", "--bark", "w").stderr


def test_a_mapping_is_implied_only_where_nothing_else_names_heirs() -> None:
    """A mapping or branches of the document's own are left alone, and so are heirs without end."""
    mapped = {"Pet": {"discriminator": {"propertyName": "kind", "mapping": {"c": "Cat"}}}}
    branched = {"Pet": {**BY_KIND, **ONE_OF}}
    for schemas in (mapped, branched, {"Pet": SCHEMAS["Pet"], "Cat": True, "Dog": {"allOf": [True]}}):
        tree = {"components": {"schemas": {**SCHEMAS, **schemas} if len(schemas) == 1 else schemas}}
        assert tree is with_implied_mappings(tree)
    for length, bases in ((1_000, ["S0"]), (1_100, [])):
        line = {f"S{number}": {**_heir(f"S{number - 1}"), **BY_KIND} for number in range(length)}
        made = with_implied_mappings({"components": {"schemas": line}})["components"]["schemas"]
        assert bases == [name for name, schema in made.items() if "mapping" in schema["discriminator"]]
