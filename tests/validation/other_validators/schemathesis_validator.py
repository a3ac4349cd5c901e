"""Validates responses by Schemathesis, in an interpreter that has it; it reads the lines of `prism_validator.cjs`."""

import base64
import json
import sys
from typing import Any

import requests
import schemathesis
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi import checks

_CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


def _validator(pair: dict[str, Any]) -> tuple[str, str]:
    schema = schemathesis.openapi.from_dict(pair["document"])
    operation = schema["/a"][pair["method"].upper()]
    response = Response(
        status_code=pair["status"],
        headers={name: [text] for name, text in pair["headers"].items()},
        content=base64.b64decode(pair["body"]),
        request=requests.Request(pair["method"], "http://127.0.0.1/a").prepare(),
        elapsed=0,
        verify=False,
    )
    try:
        operation.Case().validate_response(response, checks=_CHECKS)
    except FailureGroup as group:
        return "invalid", "; ".join(failure.title for failure in group.exceptions)
    return "valid", ""


def _main() -> None:
    for line in sys.stdin:
        pair = json.loads(line)
        try:
            validation, why = _validator(pair)
        except BaseException as error:  # noqa: BLE001  - whatever it ends with is what it says
            validation, why = "none", f"{type(error).__name__}: {error}"
        sys.stdout.write(json.dumps({"key": pair["key"], "verdict": validation, "why": why[:300]}) + "\n")


_main()
