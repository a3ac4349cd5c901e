"""How many modules one plain call enters: whoever reads the way of a call can take it in."""

from tests.bench.call_way import LIMITS, follow_calls


def test_a_plain_call_enters_few_modules() -> None:
    """`python -m tests.bench.call_way --list` names them, in the order of the way."""
    entered = {name: list(way.modules) for name, way in follow_calls().items()}
    assert [] == [(name, modules) for name, modules in entered.items() if len(modules) > LIMITS[name]]
