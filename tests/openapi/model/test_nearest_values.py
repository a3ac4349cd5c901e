"""The value of an enumeration that was probably meant."""

import pytest

from dynacli.openapi.model.wording import nearest_value

_SHORT = ("24h", "7d", "30d")


@pytest.mark.parametrize(
    ("text", "values", "nearest"),
    [
        ("week", _SHORT, "7d"),
        ("Day", _SHORT, "24h"),
        ("last month", _SHORT, "30d"),
        ("9d", _SHORT, "7d"),
        ("12h", ("1h", "24h"), "24h"),
        ("2 weeks", ("P1D", "P14D", "P1M"), "P14D"),
        ("minute", ("PT1H", "PT1M", "P1M"), "PT1M"),
        ("week", ("last_24_hours", "last_7_days"), "last_7_days"),
        ("daily", ("hour", "day", "month"), "day"),
        ("week", ("pass", "fail"), None),
        ("0d", ("7d",), "7d"),
        ("s", ("small", "7d"), None),
        ("7gb", ("1gb", "8gb", "8d"), "8gb"),
        ("FAIL", ("fail", "failed"), "fail"),
        ("fial", ("pass", "fail"), "fail"),
    ],
)
def test_the_nearest_value_is_the_one_that_people_mean(
    text: str, values: tuple[str, ...], nearest: str | None
) -> None:
    """Words for durations find the nearest duration; other texts find a similar value, if there is one."""
    assert nearest == nearest_value(text, values)
