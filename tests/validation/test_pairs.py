"""Each pair of the table gets the findings and notes that the specification asks for, and no others."""

import pytest

from dynacli.validation.finding_rules import FINDING_RULES
from dynacli.validation.validated_messages import ValidatedResponse
from tests.validation.golden_findings import golden_findings, reported, validation_of
from tests.validation.in_process_validator import compact
from tests.validation.pairs import PAIRS, Pair

_EACH = [
    pytest.param(pair, version, id=f"{version}: {pair.name}") for pair in PAIRS for version in pair.versions
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("pair", "version"), _EACH)
def test_a_pair(pair: Pair, version: str) -> None:
    """Nothing is missed, and nothing is found that is right."""
    validation = validation_of(pair, version)
    where = "response" if isinstance(pair.message, ValidatedResponse) else "request"
    lines = compact(validation)
    notes = [line for line in lines if line.startswith("?")]
    expected = [expectation for expectation in pair.expected if expectation.startswith("?")]
    assert sorted(set(pair.expected) - set(expected)) == sorted(set(lines) - set(notes)), (lines, pair.source)
    assert len(pair.expected) == len(lines), lines
    assert {where} >= {finding.where for finding in validation.findings}
    for wanted in expected:
        assert any(wanted.removeprefix("? ") in note for note in notes), notes
    golden = golden_findings()[pair.name]
    assert next(golden[versions] for versions in golden if version in versions.split()) == reported(
        validation
    )


def test_the_table_is_one() -> None:
    """No two pairs have the same name, and there are enough of each kind."""
    names = [pair.name for pair in PAIRS]
    assert sorted(set(names)) == sorted(names)
    assert len(PAIRS) >= 180
    assert 100 < sum(pair.is_valid for pair in PAIRS) < len(PAIRS) - 100


_OF_WHAT_IS_INSIDE = {
    # Their findings are those of the schemas in them.
    *("properties", "prefixItems", "patternProperties", "propertyNames", "dependentSchemas"),
    *("allOf", "anyOf", "if", "then", "else", "$ref", "$dynamicRef"),
    # It widens the type beside it.
    "nullable",
    # An empty text is a text, and of another type nothing is empty: openapi-core has it, no request that is built does.
    "empty-value",
    # There is no message: a server closed the connection.
    "no-response",
    # They are about what a server does not refuse, which `check --probe` asks for.
    *("undocumented-method", "missing-allow", "ignored-security", "accepted-invalid-request"),
    # They are annotations (JSON Schema Validation 2020-12, 8.2).
    *("contentEncoding", "contentMediaType", "contentSchema"),
}


def test_each_rule_has_a_pair() -> None:
    """Every rule of findings is broken by a pair."""
    broken = {
        expectation.removeprefix("~ ").partition(" ")[2]
        for pair in PAIRS
        for expectation in pair.expected
        if not expectation.startswith("?")
    }
    assert set(FINDING_RULES) - _OF_WHAT_IS_INSIDE == broken
