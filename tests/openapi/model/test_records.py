"""Records are made and copied as frozen dataclasses are."""

from dataclasses import dataclass, fields
from dataclasses import replace as replace_in_dataclass

import pytest

from dynacli.record import record, replace


@record
class _Record:
    name: str
    size: int = 1
    kind: str = "plain"


@dataclass(frozen=True)
class _Dataclass:
    name: str
    size: int = 1
    kind: str = "plain"


@pytest.mark.parametrize(
    ("args", "values"),
    [
        (("a",), {}),
        (("a", 2), {}),
        (("a", 2, "b"), {}),
        (("a",), {"kind": "b"}),
        ((), {"kind": "b", "name": "a"}),
    ],
)
def test_a_record_has_the_values_of_a_dataclass(args: tuple[str, ...], values: dict[str, str]) -> None:
    """Values by position, by name and by default come to the same fields, in the same order."""
    made, expected = _Record(*args, **values), _Dataclass(*args, **values)  # type: ignore[arg-type]
    assert list(vars(expected).items()) == list(vars(made).items())
    copy, other = replace(made, size=5), replace_in_dataclass(expected, size=5)
    assert list(vars(other).items()) == list(vars(copy).items())


@pytest.mark.parametrize(
    ("args", "values"), [((), {}), (("a", 2, "b", 4), {}), (("a",), {"wrong": 1}), ((), {"size": 1})]
)
def test_wrong_values_are_refused(args: tuple[str, ...], values: dict[str, int]) -> None:
    """A record is made with a value for each field, and for nothing else."""
    with pytest.raises(TypeError, match="_Record"):
        _Record(*args, **values)  # type: ignore[arg-type]


def test_a_record_extends_another() -> None:
    """It has the fields of both, first those of the record that it extends, as dataclasses have them."""

    @record
    class _Longer(_Record):
        kind: str = "longer"
        depth: int = 0

    made = _Longer("a", depth=3)
    assert {"name": "a", "size": 1, "kind": "longer", "depth": 3} == vars(made)
    assert list(vars(made)) == [field.name for field in fields(made)]
    assert _Longer("a", 2, "longer", 3) == replace(made, size=2)
    assert _Record("a") == _Record("a")


def test_a_copy_has_no_other_fields() -> None:
    """A name that is not a field is refused."""
    with pytest.raises(TypeError, match="wrong"):
        replace(_Record("a"), size=2, wrong=1)
