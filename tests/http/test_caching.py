"""The rules of a private cache as functions: whatever a server sends, they decide, and never against `no-store`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynacli.http.caching import (
    AUTO,
    REVALIDATE,
    CacheSpec,
    Headers,
    StoredHead,
    age_of,
    asked_directives,
    cache_control,
    conditions_of,
    freshened,
    is_cacheable_request,
    may_reuse,
    may_store,
    stored_headers,
)
from tests.sampling import examples

NAMES = (
    *("Cache-Control", "Expires", "Date", "Age", "ETag", "Last-Modified", "Vary", "Connection", "Pragma"),
    *("Set-Cookie", "Content-Type", "Range", "Authorization", "X-Other"),
)
PIECES = (
    *(
        "max-age=",
        "no-cache",
        "No-Store",
        "must-revalidate",
        "private",
        "public",
        '"',
        "=",
        ",",
        "*",
        " ",
        "60",
    ),
    *(
        "Mon, 30 Nov 2026 07:36:27 GMT",
        "Thu Aug  8 02:01:18 2050",
        "Monday, 30-Nov-26 07:36:27 GMT",
        "0",
        "-1",
    ),
    *(
        "99999999999999999999",
        "max-stale",
        "only-if-cached",
        "W/",
        "\u00e9",
        "\u0663",
        "9" * 5000,
        " " * 5000,
    ),
)
"""What the headers of a cache are made of."""
VALUES = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
HEADERS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=8).map(tuple)
SPECS = st.builds(CacheSpec, st.sampled_from([AUTO, REVALIDATE, ""]), st.sampled_from([0.0, 60.0, 1e9]))
TIMES = st.sampled_from([0.0, 1.0, 1.8e9, 4e12])


@pytest.mark.exhaustive
@settings(max_examples=examples(500))
@given(
    SPECS,
    st.sampled_from(["GET", "HEAD", "POST"]),
    st.integers(100, 999),
    HEADERS,
    HEADERS,
    HEADERS,
    TIMES,
    TIMES,
)
def test_the_rules_decide_whatever_comes(
    spec: CacheSpec,
    method: str,
    status: int,
    asked: Headers,
    headers: Headers,
    confirmed: Headers,
    received_at: float,
    now: float,
) -> None:
    """Nothing raises; `no-store` and cookies are not stored; an age is not negative; no time makes a past one fresh."""
    stored = StoredHead(status, "", "HTTP/1.1", stored_headers(headers), received_at - 1, received_at)
    names = {name for name, _ in stored.headers}
    assert not names & {"Set-Cookie", "Connection", "Authorization"}
    if "no-store" in cache_control(headers):
        assert not may_store(spec, status, headers, received_at)
    if "no-store" in cache_control(asked) or method == "POST":
        assert not is_cacheable_request(method, asked, None)
    assert age_of(stored, now) >= 0
    if now < received_at:
        assert not may_reuse(spec, stored, asked_directives(asked), now)
    new = freshened(stored, confirmed, now - 1, now)
    for head in (stored, *([new] if new is not None else [])):
        assert len(conditions_of(head)) <= 2
        may_reuse(spec, head, asked_directives(asked), now)
