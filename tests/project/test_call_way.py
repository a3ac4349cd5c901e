"""How many modules and functions one plain call enters: whoever reads the way of a call can take it in."""

import pytest

from tests.bench.call_way import follow_calls


@pytest.mark.exhaustive
def test_a_plain_call_enters_few_modules_and_functions() -> None:
    """`python -m tests.bench.call_way --list` names them, in the order of the way."""
    assert {} == {name: excess for name, way in follow_calls().items() if (excess := way.excess(name))}
