"""Bodies of which one of several branches holds: options of all of them, and what picks one."""

import json
from typing import Any

import pytest

from tests.documents import post, ref, save_api
from tests.dry_runs import refusal_of, request_of
from tests.harness import run_cli

STRING: dict[str, Any] = {"type": "string"}
INTEGER: dict[str, Any] = {"type": "integer"}


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


CAT = _object("kind", kind=STRING, name=STRING, meow=INTEGER)
DOG = _object("kind", "bark", kind=STRING, name=STRING, bark=STRING)
MAPPED: dict[str, Any] = {
    "oneOf": [ref("Cat"), ref("Dog")],
    "discriminator": {"propertyName": "kind", "mapping": {"c": "#/components/schemas/Cat", "d": "Dog"}},
}
UNMAPPED = {"oneOf": [ref("Cat"), ref("Dog")], "discriminator": {"propertyName": "kind"}}
MARKED = {
    "oneOf": [
        _object("type", type={"enum": ["card"]}, number=STRING),
        _object("type", type={"enum": ["bank"]}, iban=STRING),
    ]
}
CLOSED = {
    "oneOf": [
        {**_object("a", a=STRING), "title": "First", "additionalProperties": False},
        {**_object("b", b=STRING, c=STRING), "additionalProperties": False},
    ]
}
INSIDE = _object(pet=MAPPED, pets={"type": "array", "items": MAPPED}, by={"additionalProperties": MAPPED})
NESTED = {"oneOf": [MAPPED, {**_object("wings", wings=INTEGER), "title": "Bird"}]}
BASE = {
    **_object("kind", kind=STRING, name=STRING),
    "discriminator": {
        "propertyName": "kind",
        "mapping": {"lion": "Lion", "fish": "#/components/schemas/Fish"},
    },
}
FREE = {"anyOf": [_object(a=STRING), _object(b=STRING)]}
SCHEMAS = {
    "Cat": CAT,
    "Dog": DOG,
    "Base": BASE,
    "Lion": {"allOf": [ref("Base"), _object("mane", mane=INTEGER)]},
    "Fish": {"allOf": [ref("Base"), _object(fins=INTEGER)]},
}


def _write(body: dict[str, Any], version: str = "3.0.3") -> str:
    return save_api(post("/a", body=body), schemas=SCHEMAS, version=version)


BODIES = {
    "the discriminator picks": (MAPPED, {"kind": "c", "meow": 1}, "--kind c --meow 1"),
    "an option of one branch picks it": (MAPPED, {"meow": 1, "kind": "c"}, "--meow 1"),
    "a mapping by bare name": (MAPPED, {"bark": "w", "kind": "d"}, "--bark w"),
    "implicit names": (UNMAPPED, {"bark": "w", "kind": "Dog"}, "--bark w"),
    "values of each branch's own": (MARKED, {"iban": "x", "type": "bank"}, "--iban x"),
    "a branch that is given as such": (MARKED, {"type": "card"}, "--type card"),
    "closed branches": (CLOSED, {"b": "x", "c": "y"}, "--b x --c y"),
    "below a property": (INSIDE, {"pet": {"meow": 1, "kind": "c"}}, "--pet.meow 1"),
    "in an array": (
        INSIDE,
        {"pets": [{"meow": 1, "kind": "c"}, {"bark": "w", "kind": "d"}]},
        "--pets[0].meow 1 --pets[1].bark w",
    ),
    "in a map": (INSIDE, {"by": {"x": {"bark": "w", "kind": "d"}}}, "--by.x.bark w"),
    "a branch of a branch": (NESTED, {"bark": "w", "kind": "d"}, "--bark w"),
    "beside a branch of branches": (NESTED, {"wings": 2}, "--wings 2"),
    "only the mapping names the branches": (
        ref("Base"),
        {"mane": 3, "kind": "lion"},
        "--mane 3",
    ),
    "one of those branches, named": (ref("Lion"), {"kind": "x", "mane": 3}, "--mane 3 --kind x"),
    "any of": (FREE, {"a": "x", "b": "y"}, "--a x --b y"),
    "over a whole body": (MAPPED, {"kind": "d", "bark": "w"}, """--bark w --body {"kind":"d"}"""),
    "by --set": (MAPPED, {"meow": 2, "kind": "c"}, "--set meow=2"),
    "filled by example": (
        MAPPED,
        {"kind": "d", "bark": "string", "name": "n"},
        "--kind d --name n --example",
    ),
    "filled by example from an option": (MAPPED, {"kind": "d", "bark": "w"}, "--bark w --example"),
    "filled below by example": (INSIDE, {"pet": {"kind": "d", "bark": "string"}}, "--pet.kind d --example"),
}


@pytest.mark.sampled(6)
@pytest.mark.parametrize(("schema", "body", "words"), BODIES.values(), ids=BODIES)
def test_options_pick_a_branch(schema: dict[str, Any], body: dict[str, Any], words: str) -> None:
    """The discriminator picks it, or else options that fit one branch alone, whose discriminator is filled in."""
    _write(schema)
    assert body == request_of("a", *words.split())["json"]


REFUSED = {
    "two branches": (
        MAPPED,
        "--meow 1 --bark w",
        "`--meow` and `--bark` cannot be combined",
        "`--meow` belongs to `Cat`, `--bark` to `Dog`",
    ),
    "the discriminator's and another": (
        MAPPED,
        "--kind c --bark w",
        "`--kind` and `--bark` cannot be combined",
        "`--kind` picks `Cat`, `--bark` belongs to `Dog`",
    ),
    "the whole body's and another": (
        MAPPED,
        """--bark w --body {"kind":"c"}""",
        "`kind` and `--bark` cannot be combined",
        "`kind` picks `Cat`, `--bark` belongs to `Dog`",
    ),
    "no discriminator": (
        MARKED,
        "--number 1 --iban x",
        "`--number` and `--iban` cannot be combined",
        "`--number` belongs to `branch 1`, `--iban` to `branch 2`",
    ),
    "closed branches": (
        CLOSED,
        "--a x --c y",
        "`--a` and `--c` cannot be combined",
        "`--a` belongs to `First`, `--c` to `branch 2`",
    ),
    "below a property": (
        INSIDE,
        "--pet.meow 1 --pet.bark w",
        "`--pet.meow` and `--pet.bark` cannot be combined",
        "`--pet` is one of several: `--pet.meow` belongs to `Cat`, `--pet.bark` to `Dog`",
    ),
    "a branch of a branch": (
        NESTED,
        "--wings 1 --bark w",
        "`--bark` and `--wings` cannot be combined",
        "`--bark` belongs to `branch 1`, `--wings` to `Bird`",
    ),
    "only the mapping names the branches": (
        ref("Base"),
        "--mane 1 --fins 1",
        "`--mane` and `--fins` cannot be combined",
        "`--mane` belongs to `Lion`, `--fins` to `Fish`",
    ),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("schema", "words", "message", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_mixture_of_branches_is_refused(
    schema: dict[str, Any], words: str, message: str, reason: str
) -> None:
    """Exit 2: both branches are named, and the options of each; `--validate off` sends it anyway."""
    api = _write(schema)
    refused = refusal_of("a", *words.split(), before=("--error-format", "json")).error
    assert message == refused["message"]
    assert reason in refused["reason"]
    assert 2 == refused["hint"].count(" takes --")
    sent = run_cli("--validate", "off", "--dry-run", "json", api, "a", *words.split())
    assert 0 == sent.exit_code, sent.stderr


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("schema", "body", "words"),
    [
        (INSIDE, {"by": {"k": {"kind": "d", "bark": "w"}}}, "--by.k.bark w"),
        (INSIDE, {"pets": [{"kind": "d", "bark": "w"}]}, "--pets[0].bark w"),
        (
            INSIDE,
            {"pets": [{"kind": "c", "meow": 1}, {"kind": "d", "bark": "w"}], "pet": {"kind": "c", "meow": 2}},
            "--pets[1].bark w --pets[0].meow 1 --pet.meow 2",
        ),
        (
            {"type": "array", "items": MAPPED},
            [{"kind": "d", "bark": "w"}, {"kind": "c", "meow": 1}],
            "--[0].bark w --[1].meow 1",
        ),
    ],
    ids=["in a map", "in an item", "in several places", "in the items of the whole"],
)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_an_example_keeps_to_the_branches_that_options_pick(
    schema: dict[str, Any], body: Any, words: str, version: str
) -> None:
    """The discriminator has the branch's value wherever the branch stands, also with `--example`."""
    _write(schema, version)
    assert body == request_of("a", *words.split(), "--example")["json"]


def test_options_that_nobody_can_give_are_not_named() -> None:
    """Messages about a branch leave out its read-only properties."""
    cat = _object("meow", meow=INTEGER, id={**INTEGER, "readOnly": True})
    _write({"oneOf": [{**cat, "title": "Cat"}, {**_object("bark", bark=STRING), "title": "Dog"}]})
    refused = refusal_of("a", "--meow", "1", "--bark", "w").stderr
    assert "`Cat` takes --meow; `Dog` takes --bark" in refused


def test_the_branches_that_an_error_names_are_there_for_programs() -> None:
    """The JSON form of the error has both of them."""
    _write(MAPPED)
    refused = refusal_of("a", "--meow", "1", "--bark", "w", before=("--error-format", "json")).error
    assert [["Cat"], ["Dog"]] == refused["branches"]


@pytest.mark.parametrize(
    ("missing", "schema", "words"),
    [
        (["--bark"], MAPPED, "--kind d"),
        (["--kind"], MAPPED, "--name n"),
        (["--pet.bark"], INSIDE, "--pet.kind d"),
        (["--pets[0].bark"], INSIDE, "--pets[0].kind d"),
        (["--mane"], ref("Base"), "--kind lion"),
    ],
)
def test_missing_options_of_the_chosen_branch_are_named(
    missing: list[str], schema: dict[str, Any], words: str
) -> None:
    """They are named together with the missing options of all branches."""
    _write(schema)
    assert missing == refusal_of("a", *words.split(), before=("--error-format", "json")).error["missing"]


def test_options_that_fit_several_branches_and_are_enough_for_none_are_refused() -> None:
    """Each branch that they fit is named with what it needs besides; `--example` fills it in."""
    schema = {
        "oneOf": [
            {**_object("iban", "owner", iban=STRING, owner=STRING), "title": "Sepa"},
            {
                **_object("iban", "street", "city", iban=STRING, street=STRING, city=STRING),
                "title": "Riverty",
            },
            {**_object("card", card=STRING), "title": "Card"},
        ]
    }
    _write(schema)
    refused = refusal_of("a", "--iban", "x", before=("--error-format", "json")).error
    assert ("`--iban` is not enough", "`Sepa` needs --owner; `Riverty` needs --street and --city") == (
        refused["message"],
        refused["reason"],
    )
    assert {"iban": "x", "owner": "string"} == request_of("a", "--iban", "x", "--example")["json"]
    assert {"iban": "x", "owner": "o"} == request_of("a", "--iban", "x", "--owner", "o")["json"]


def test_a_discriminator_takes_the_values_that_pick_a_branch() -> None:
    """Another value is refused with those there are."""
    _write(MAPPED)
    assert "it takes one of `c`, `d`" in refusal_of("a", "--kind", "x").stderr


def test_a_default_mapping_takes_every_other_value() -> None:
    """3.2: a value that no mapping names is of the default branch."""
    schema = {
        "oneOf": [ref("Cat"), ref("Dog")],
        "discriminator": {**MAPPED["discriminator"], "mapping": {"d": "Dog"}, "defaultMapping": "Cat"},
    }
    _write(schema, "3.2.0")
    assert {"kind": "tiger", "meow": 1} == request_of(
        "a", "--kind", "tiger", "--meow", "1", "--validate", "off"
    )["json"]
    refused = refusal_of("a", "--kind", "tiger", "--bark", "w").stderr
    assert "`--kind` picks `Cat`, `--bark` belongs to `Dog`" in refused


SCALARS = {"oneOf": [STRING, _object("z", z=INTEGER), {"type": "array", "items": INTEGER}]}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("text", "--x text"),
        ({"z": 1}, "--x.z 1"),
        ({"z": 1}, '--x {"z":1}'),
        ([1, 2], "--x 1 --x 2"),
        ([1], "--x[0] 1"),
        ([1, 2], "--x [1,2]"),
    ],
)
def test_a_property_can_be_text_object_or_array(value: Any, words: str) -> None:
    """Branches of different types share one option."""
    _write(_object(x=SCALARS))
    assert {"x": value} == request_of("a", *words.split())["json"]


def test_many_branches_are_all_there() -> None:
    """Thirty branches: each option is told with its branch, and picks it."""
    branches = [
        {**_object(f"only{number}", kind=STRING, **{f"only{number}": STRING}), "title": f"B{number}"}
        for number in range(30)
    ]
    api = _write({"oneOf": branches})
    assert {"only29": "x"} == request_of("a", "--only29", "x")["json"]
    assert (
        "`--only3` belongs to `B3`, `--only7` to `B7`"
        in refusal_of("a", "--only3", "x", "--only7", "y").stderr
    )
    page = " ".join(run_cli(api, "a", "--help").stdout.split())
    assert "--only29 TEXT [required for B29]" in page
    assert "B7 and 22 more; your options select it" in page


def test_help_tells_the_branches() -> None:
    """Which option is whose, what picks one, and which value is which branch's."""
    api = _write(MAPPED)
    page = run_cli(api, "a", "--help").stdout
    lines = page.splitlines()
    reported = {line.split()[0]: line for line in lines if line.startswith("  --")}
    assert "\nRequired inputs\n  --kind {c|d}" in page
    assert "[for Cat]" in reported["--meow"]
    assert "[required for Dog]" in reported["--bark"]
    note = "The body is one of Cat (c) or Dog (d); --kind or your options select it."
    assert note in " ".join(page.split())


def test_branches_that_refer_to_each_other_take_no_longer() -> None:
    """Sixteen unions of each other: help and a call take no longer than others."""
    names = [f"S{number}" for number in range(16)]
    schemas = {
        name: {"oneOf": [*(ref(other) for other in names if other != name), _object(**{name: STRING})]}
        for name in names
    }
    api = save_api(post("/a", body=ref("S0")), schemas=schemas)
    assert 0 == run_cli(api, "a", "--help").exit_code
    assert {"S5": "x"} == request_of("a", "--s5", "x", "--validate", "off")["json"]


CONDITIONAL = {
    **_object("country", country=STRING),
    "if": {"properties": {"country": {"const": "US"}}},
    "then": {"properties": {"zip": STRING}},
    "else": {"properties": {"plz": STRING}},
    "dependentSchemas": {"zip": {"properties": {"state": STRING}}},
    "not": {"properties": {"never": {"const": 1}}, "required": ["never"]},
    "patternProperties": {"^x-": INTEGER},
}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"country": "US", "zip": "1", "state": "s"}, "--country US --zip 1 --state s"),
        ({"country": "DE", "plz": "1"}, "--country DE --plz 1"),
        ({"country": "DE", "never": 2}, "--country DE --never 2"),
        ({"country": "DE", "x-a": 2}, "--country DE --body.x-a 2"),
    ],
)
def test_conditional_properties_are_options(body: dict[str, Any], words: str) -> None:
    """`if`, `then`, `else`, `dependentSchemas`, `not` and `patternProperties` are looked into."""
    save_api(post("/a", body=CONDITIONAL), version="3.1.0")
    assert body == json.loads(request_of("a", *words.split())["body"])


HEIRS = {
    "Pet": {
        **_object("kind", "name", kind=STRING, name=STRING),
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"Pet": "#/components/schemas/Pet", "cat": "Cat"},
        },
    },
    "Cat": {"allOf": [ref("Pet"), _object("lives", lives=INTEGER)]},
}


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        (("--example",), {"kind": "Pet", "name": "string"}),
        (("--name", "x", "--lives", "9"), {"name": "x", "lives": 9, "kind": "cat"}),
        (("--name", "x", "--kind", "Pet"), {"name": "x", "kind": "Pet"}),
    ],
)
def test_a_base_schema_may_be_in_its_own_mapping(words: tuple[str, ...], sent: Any) -> None:
    """The base is one of the branches then, and the options of all others are there."""
    save_api(post("/a", body=ref("Pet")), schemas=HEIRS)
    assert sent == request_of("a", *words)["json"]


def test_an_heir_has_no_options_of_other_heirs() -> None:
    """The discriminator that a body inherits names the other heirs, and their options are not offered."""
    save_api(post("/a", body=ref("Lion")), schemas=SCHEMAS)
    assert {"mane": 1, "kind": "x"} == request_of("a", "--mane", "1", "--kind", "x")["json"]
    page = run_cli("./api.json", "a", "--help").stdout
    assert "--mane" in page
    assert "--fins" not in page


LINE = {
    "Fish": {
        **_object("kind", kind=STRING),
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"salmon": "Salmon", "smart": "SmartSalmon", "wise": "WiseSalmon", "shark": "Shark"},
        },
    },
    "Salmon": {"allOf": [ref("Fish"), _object(river=STRING)]},
    "SmartSalmon": {"allOf": [ref("Salmon"), _object(degree=STRING)], "additionalProperties": INTEGER},
    "WiseSalmon": {"allOf": [ref("SmartSalmon"), _object(years=INTEGER)]},
    "Shark": {"allOf": [ref("Fish"), _object(teeth=INTEGER)]},
}


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        ("--kind smart --degree x", {"kind": "smart", "degree": "x"}),
        ("--kind smart --body.x 1", {"kind": "smart", "x": 1}),
        ("--kind wise --years 3 --river Rhine", {"kind": "wise", "years": 3, "river": "Rhine"}),
        ("--kind salmon --river Rhine", {"kind": "salmon", "river": "Rhine"}),
    ],
)
def test_an_heir_has_the_options_of_its_own_heirs(words: str, sent: Any) -> None:
    """A body whose schema inherits the discriminator may be of each schema that inherits from it in turn."""
    save_api(post("/a", body=ref("Salmon")), schemas=LINE)
    assert sent == request_of("a", *words.split())["json"]
    page = run_cli("./api.json", "a", "--help").stdout
    assert "--years" in page
    assert "--teeth" not in page


@pytest.mark.parametrize("body", [{"type": "object"}, {"type": "object", "additionalProperties": INTEGER}])
def test_a_map_says_how_its_keys_are_given(body: Any) -> None:
    """If a schema says nothing of the keys as well."""
    save_api(post("/a", body=body), post("/b", body=_object(m=body)))
    assert "Any property: `--body.NAME VALUE`." in run_cli("./api.json", "a", "--help").stdout
    assert "or --m.KEY " in run_cli("./api.json", "b", "--help").stdout
    assert {"x": 1} == request_of("a", "--body.x", "1")["json"]
    assert {"m": {"x": 1}} == request_of("b", "--m.x", "1")["json"]
