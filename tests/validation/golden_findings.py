"""All findings and notes of the pairs, word for word, in a golden file.

`python -m tests.validation.golden_findings` writes it again.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from dynacli.validation.finding import ValidationResult
from dynacli.validation.validated_messages import ValidatedResponse
from tests.validation.in_process_validator import validator_of
from tests.validation.pairs import PAIRS, Pair

_GOLDEN = Path(__file__).parents[1] / "golden" / "findings.json"


def validation_of(pair: Pair, version: str) -> ValidationResult:
    """Return the result on the message of a pair."""
    validator = validator_of(pair.document_in(version), is_fixed=pair.is_fixed)
    if isinstance(pair.message, ValidatedResponse):
        return validator.response(pair.message, is_exact=pair.is_exact)
    return validator.request(pair.message, is_exact=pair.is_exact)


def reported(validation: ValidationResult) -> list[Any]:
    """Return what a result tells, in the form of the golden file."""
    findings: list[Any] = [
        {name: value for name, value in finding.as_json().items() if value not in (None, "", [])}
        for finding in validation.findings
    ]
    findings += [f"~ {finding.pointer}: {finding.message}" for finding in validation.tolerated]
    notes = [f"? {reason}" for reason in validation.not_validated]
    all_shown = findings + notes + [f"! {reason}" for reason in validation.failures]
    return list(json.loads(json.dumps(all_shown)))


@cache
def golden_findings() -> dict[str, dict[str, list[Any]]]:
    """Return name of a pair → versions, with a space between → what is reported."""
    golden: dict[str, dict[str, list[Any]]] = json.loads(_GOLDEN.read_text(encoding="utf-8"))
    return golden


def _write() -> None:
    golden: dict[str, dict[str, list[Any]]] = {}
    for pair in PAIRS:
        by_text: dict[str, list[str]] = {}
        for version in pair.versions:
            by_text.setdefault(json.dumps(reported(validation_of(pair, version))), []).append(version)
        golden[pair.name] = {" ".join(versions): json.loads(text) for text, versions in by_text.items()}
    _GOLDEN.write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write()
