"""A pattern of a document decides by ECMA-262, and none can hang a call or pass in silence."""

from typing import Any

import pytest

from dynacli.openapi.model.patterns import MAX_PATTERN, Patterns, PatternTimeoutError
from tests.documents import get, save_api
from tests.harness import Recorder, Response, run_cli
from tests.validation.in_process_validator import JSON, compact, validate_value

# Python's `re` needs longer than the universe has for these.
_SLOW_TEXT = "a" * 60 + "!"
_SLOW = ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", r"^(\w+\s?)*$", "^(.*a){30}$"]


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("pattern", _SLOW)
def test_a_slow_pattern_is_decided(pattern: str, version: str) -> None:
    """A pattern that makes Python's engine try for ever is decided: it does not match."""
    validation = validate_value({"type": "string", "pattern": pattern}, "b" + _SLOW_TEXT, version)
    assert ["- pattern"] == compact(validation)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"additionalProperties": False, "patternProperties": {"^(a+)+$": {}}}, "additionalProperties"),
        ({"propertyNames": {"pattern": "^(a+)+$"}}, "pattern"),
        ({"unevaluatedProperties": False, "patternProperties": {"^(a+)+$": {}}}, "unevaluatedProperties"),
        (
            {"$schema": "http://json-schema.org/draft-07/schema#", "propertyNames": {"pattern": "^(a+)+$"}},
            "pattern",
        ),
        (
            {
                "properties": {
                    _SLOW_TEXT: {
                        "$schema": "https://json-schema.org/draft/2020-12/schema",
                        "pattern": "^(a+)+$",
                    }
                }
            },
            "pattern",
        ),
    ],
    ids=["patternProperties", "propertyNames", "unevaluatedProperties", "dialect", "dialect-inside"],
)
def test_slow_patterns_are_decided_wherever_they_stand(schema: Any, expected: str) -> None:
    """Names of properties and other dialects go through the same engine."""
    validation = validate_value(schema, {_SLOW_TEXT: _SLOW_TEXT})
    assert [expected] == [finding.rule for finding in validation.findings]


def test_an_abandoned_pattern_is_a_finding() -> None:
    """A pattern that only a backtracking engine knows is abandoned after its steps, and its value does not pass."""
    pattern = "^(?!x)(a|a)*(?=b)$"
    validation = validate_value({"pattern": pattern}, _SLOW_TEXT)
    assert [f"it takes too long to tell whether the text matches the pattern `{pattern}`"] == [
        finding.message for finding in validation.findings
    ]


def test_the_patterns_of_a_message_share_its_time() -> None:
    """Earlier patterns use up the time of later ones, and without time left no value passes."""
    patterns = Patterns(seconds=1e-9)
    assert patterns.is_found("^a+$", "aaa")
    with pytest.raises(PatternTimeoutError):
        patterns.is_found("^a+$", "aaa")


@pytest.mark.parametrize(
    ("pattern", "text", "is_found"),
    [
        (r"^\d+$", "١٢", False),
        (r"^\w+$", "é", False),
        (r"^\p{L}+$", "é", True),
        (r"^\s$", "\ufeff", True),
        (r"^\/pets\/[\w\-]+$", "/pets/a-b", True),
        ("^a$", "a\n", False),
        (".", "\r", False),
        ("^.$", "😀", True),
        (r"^\u0041$", "A", True),
        ("b", "abc", True),
        ("^(?!admin)[a-z]+$", "administrator", False),
        ("^(?!admin)[a-z]+$", "user", True),
        (r"^(a)\1$", "aa", True),
        ("", "", True),
    ],
)
def test_patterns_are_those_of_ecma_262(pattern: str, text: str, is_found: bool) -> None:
    """A pattern means what JavaScript makes of it, if Python's engine differs too, and is not anchored."""
    assert is_found is Patterns().is_found(pattern, text)
    assert ([] if is_found else ["- pattern"]) == compact(validate_value({"pattern": pattern}, text))


@pytest.mark.parametrize(
    ("pattern", "text", "reason"),
    [
        ("(", "a", "the pattern `(` is not a supported pattern of ECMA-262"),
        (r"\Z", "a", r"the pattern `\Z` is not a supported pattern of ECMA-262"),
        ("a{99999}", "a", "the pattern `a{99999}` is not a supported pattern of ECMA-262"),
        ("a" * 513, "b", f"a pattern has 513 characters, more than {MAX_PATTERN}"),
        (5, "b", "a pattern is not text"),
        ("^a*$", "a" * 50_001, "a text of 50001 characters is too long for `^a*$`"),
        ("^(?=a)a*$", "a" * 2_001, "a text of 2001 characters is too long for `^(?=a)a*$`"),
    ],
    ids=["broken", "python", "too-large", "too-long", "number", "long-text", "long-text-to-backtrack"],
)
def test_an_undecidable_pattern_is_noted(pattern: Any, text: str, reason: str) -> None:
    """A pattern that no engine can decide is neither a finding nor passed in silence."""
    validation = validate_value({"pattern": pattern}, text)
    assert ([], [reason], []) == (validation.findings, validation.not_validated, validation.failures)


def test_a_pattern_of_512_characters_is_decided() -> None:
    """The limit is 512 characters."""
    assert ["- pattern"] == compact(validate_value({"pattern": "a" * 512}, "b"))


@pytest.mark.parametrize(
    "schema",
    [
        {"not": {"pattern": "("}},
        {"oneOf": [{"pattern": "("}, {"type": "string"}]},
        {"if": {"pattern": "("}, "then": False},
        {"anyOf": [{"pattern": "("}, {"type": "integer"}]},
    ],
    ids=["not", "oneOf", "if", "anyOf"],
)
def test_keywords_around_an_undecided_pattern_are_undecided(schema: Any) -> None:
    """A keyword whose result depends on an undecided pattern makes no finding."""
    validation = validate_value(schema, "a")
    assert [] == validation.findings
    assert ["the pattern `(` is not a supported pattern of ECMA-262"] == validation.not_validated


def test_undecided_names_are_not_called_unexpected() -> None:
    """Whether a property is an additional one is open when a pattern for names is undecided."""
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        validation = validate_value({"patternProperties": {"(": {}}, keyword: False}, {"a": 1})
        assert ([], 1) == (validation.findings, len(validation.not_validated))


def test_lone_surrogates_are_text_to_a_pattern() -> None:
    """A body may hold half a character; it is validated like any other."""
    assert ["- pattern"] == compact(validate_value({"pattern": "^[a-z]$"}, b'"\\ud800"'))
    assert [] == compact(validate_value({"pattern": "^.$"}, b'"\\ud800"'))


def test_the_note_is_shown_and_the_call_succeeds(server: Recorder) -> None:
    """Through the command line: the body is printed, the note is on standard error, exit code 0."""
    schema = {"type": "string", "pattern": "a" * 600}
    responses = {"200": {"description": "", "content": {JSON: {"schema": schema}}}}
    api = save_api(get("/a", responses=responses), server=server)
    server.responses["/a"] = Response(200, b'"b"')
    result = run_cli(api, "a", "--validate", "strict")
    assert (0, '"b"') == (result.exit_code, result.stdout.strip())
    assert "Not validated: a pattern has 600 characters, more than 512" in result.stderr


@pytest.mark.parametrize(
    ("pattern", "length", "is_found"),
    [
        ("^.{1,2048}$", 1, True),
        ("^.{1,2048}$", 0, False),
        ("^.{2,2097152}$", 1, False),
        ("^.{1,2097152}$", 3_000, True),
        ("^a{1,300}$", 300, True),
        ("^a{1,300}$", 301, False),
        ("^(a|b{0,9999}){1,9999}$", 50, True),
        (r"^a\{1,2048}$", 5, False),
        ("^[{1,2048}a]{5}$", 5, True),
    ],
)
def test_a_long_repetition_is_decided(pattern: str, length: int, is_found: bool) -> None:
    """A repetition that is longer than the text costs no more than one without an end, and its bounds hold."""
    assert is_found is Patterns().is_found(pattern, "a" * length)


@pytest.mark.parametrize("member", ["a", "-", " "])
@pytest.mark.parametrize("pattern", [r"^[\w- ]$", r"^[ -\w]$", r"^[\s\w-]$"])
def test_a_hyphen_beside_a_class_is_literal(pattern: str, member: str) -> None:
    """In a class, a hyphen beside another class begins no range (ECMA-262, Annex B)."""
    assert Patterns().is_found(pattern, member)
    assert not Patterns().is_found(pattern, "!")
