"""Whatever these tests validate, compiled schemas accept nothing that openapi-core has something to tell about."""

from collections.abc import Iterator
from typing import Any

import pytest

from dynacli.validation.finding import Verdict
from dynacli.validation.judge import Judge
from dynacli.validation.judge_by_level import OperationSchemas, accepts_request, accepts_response

_ACCEPTS: dict[str, Any] = {"request": accepts_request, "response": accepts_response}


@pytest.fixture(autouse=True)
def nothing_wrong_is_accepted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Fail the test where a message is accepted and openapi-core has something to tell; give what was accepted."""
    accepted: list[bool] = []
    wrong: list[Any] = []

    def watch(direction: str) -> None:
        judged = getattr(Judge, direction)

        def watched(self: Judge, message: Any, *, is_exact: bool = False) -> Verdict:
            verdict: Verdict = judged(self, message, is_exact=is_exact)
            if is_exact:
                return verdict
            schemas = OperationSchemas(self._catalog, self._operation)
            try:
                accepted.append(_ACCEPTS[direction](schemas, message))
            except LookupError:
                accepted.append(False)
            if accepted[-1] and verdict.has_something_to_tell:
                wrong.append((message, verdict))
            return verdict

        monkeypatch.setattr(Judge, direction, watched)

    for direction in _ACCEPTS:
        watch(direction)
    yield accepted
    assert not wrong
