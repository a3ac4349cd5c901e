"""Whatever these tests validate, compiled schemas accept nothing that openapi-core has something to tell about."""

from collections.abc import Iterator
from typing import Any

import pytest

from dynacli.validation.finding import ValidationResult
from dynacli.validation.validate_by_level import OperationSchemas, accepts_request, accepts_response
from dynacli.validation.validator import Validator

_ACCEPTS: dict[str, Any] = {"request": accepts_request, "response": accepts_response}


@pytest.fixture(autouse=True)
def nothing_wrong_is_accepted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Fail the test if a message is accepted and openapi-core has something to tell; give what was accepted."""
    accepted: list[bool] = []
    wrong: list[Any] = []

    def watch(direction: str) -> None:
        validated = getattr(Validator, direction)

        def watched(self: Validator, message: Any, *, is_exact: bool = False) -> ValidationResult:
            validation: ValidationResult = validated(self, message, is_exact=is_exact)
            if is_exact:
                return validation
            schemas = OperationSchemas(self._catalog, self._operation)
            try:
                accepted.append(_ACCEPTS[direction](schemas, message))
            except LookupError:
                accepted.append(False)
            if accepted[-1] and validation.has_something_to_report:
                wrong.append((message, validation))
            return validation

        monkeypatch.setattr(Validator, direction, watched)

    for direction in _ACCEPTS:
        watch(direction)
    yield accepted
    assert not wrong
