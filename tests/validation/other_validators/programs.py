"""Prism and Schemathesis, each asked for its result on every pair of a response.

Prism is looked for where tests/npm_programs.py looks, Schemathesis with the interpreter that
`DYNACLI_TEST_SCHEMATHESIS` names (`python -m venv FOLDER && FOLDER/bin/pip install schemathesis`, and then
`FOLDER/bin/python`).
"""

import base64
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from dynacli.validation.validated_messages import ValidatedResponse
from tests.npm_programs import program
from tests.validation.pairs import PAIRS, Pair

PROGRAMS = ("prism", "schemathesis")

# Before a test begins: in a test no variable of dynacli's is left.
_INTERPRETER = os.environ.get("DYNACLI_TEST_SCHEMATHESIS", "")
_HERE = Path(__file__).parent
_SECONDS = 240


class Shown(NamedTuple):
    """What a program says of a pair.

    Args:
        result: `valid`, `invalid`, or `none` if it ended without one.
        why: In its words.
    """

    validation: str
    why: str


def compared() -> Iterator[tuple[str, Pair, str]]:
    """Yield key, pair and version of what the programs can be asked: responses, and not what is not mentioned."""
    for pair in PAIRS:
        if isinstance(pair.message, ValidatedResponse) and not pair.is_exact:
            for version in pair.versions:
                yield f"{version}: {pair.name}", pair, version


def ask(name: str) -> dict[str, Shown]:
    """Return what a program says of each pair; a test that asks is skipped if it is not installed."""
    lines = (json.dumps(_line(key, pair, version)) for key, pair, version in compared())
    result = subprocess.run(
        _command(name),
        input="".join(f"{line}\n" for line in lines).encode(),
        capture_output=True,
        timeout=_SECONDS,
        check=True,
    )
    reported = [json.loads(line) for line in result.stdout.splitlines()]
    return {entry["key"]: Shown(entry["verdict"], entry["why"]) for entry in reported}


def differing(reported: dict[str, Shown]) -> dict[str, Shown]:
    """Return what a program says otherwise than the pair has it, by the pair's key."""
    return {
        key: reported[key]
        for key, pair, _ in compared()
        if reported[key].validation != ("valid" if pair.is_valid else "invalid")
    }


def _command(name: str) -> list[str]:
    if name == "schemathesis":
        if not Path(_INTERPRETER).is_file():
            pytest.skip(
                "Schemathesis is not installed (set DYNACLI_TEST_SCHEMATHESIS to an interpreter that has it)"
            )
        return [_INTERPRETER, str(_HERE / "schemathesis_validator.py")]
    folder = Path(program("prism")).parents[2]
    return ["node", str(_HERE / "prism_validator.cjs"), str(folder)]


def _line(key: str, pair: Pair, version: str) -> dict[str, object]:
    document = pair.document_in(version)
    message = pair.message
    assert isinstance(message, ValidatedResponse)
    # Without this, some of them do not know where the operation is.
    document.setdefault("servers", [{"url": "http://127.0.0.1"}])
    assert isinstance(message.headers, Mapping)
    assert isinstance(message.body, bytes)
    headers = {name: value for name, value in message.headers.items() if value}
    return {
        "key": key,
        "document": document,
        "method": next(iter(document["paths"]["/a"])),
        "status": message.status,
        "headers": headers,
        "body": base64.b64encode(message.body).decode(),
    }
