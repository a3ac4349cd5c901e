"""For how long a server lets its document be used (RFC 9111): the headers of a response, and the seconds they give."""

import pytest

from dynacli.openapi.document.download import max_age_of

DATE = "Wed, 01 Jan 2025 00:00:00 GMT"
LATER = "Wed, 01 Jan 2025 01:00:00 GMT"

CASES: dict[str, tuple[dict[str, str], float | None]] = {
    "nothing": ({}, None),
    "empty": ({"cache-control": ""}, None),
    "max-age": ({"cache-control": "max-age=300"}, 300),
    "quoted": ({"cache-control": 'max-age="300"'}, 300),
    "spaced": ({"cache-control": "public ,  MAX-AGE = 300"}, 300),
    "zero": ({"cache-control": "max-age=0"}, 0),
    "endless": ({"cache-control": f"max-age={'9' * 30}"}, 9_999_999_999),
    "negative": ({"cache-control": "max-age=-1"}, None),
    "no-number": ({"cache-control": "max-age=soon"}, None),
    "without-value": ({"cache-control": "max-age"}, None),
    "digits-of-another-script": ({"cache-control": "max-age=\u0663"}, None),
    "twice": ({"cache-control": "max-age=1, max-age=2"}, 1),
    "for-shared-caches": ({"cache-control": "s-maxage=5"}, None),
    "for-both": ({"cache-control": "s-maxage=5, max-age=10"}, 10),
    "no-store": ({"cache-control": "no-store"}, 0),
    "no-cache-wins": ({"cache-control": "max-age=300, no-cache"}, 0),
    "no-cache-for-a-field": ({"cache-control": 'max-age=300, no-cache="set-cookie"'}, 0),
    "within-quotes": ({"cache-control": 'ext="no-store, max-age=7", max-age=300'}, 300),
    "another-word": ({"cache-control": "x-no-store, max-age=300"}, 300),
    "must-revalidate": ({"cache-control": "must-revalidate, max-age=300"}, 300),
    "age": ({"cache-control": "max-age=300", "age": "100"}, 200),
    "too-old": ({"cache-control": "max-age=300", "age": "400"}, 0),
    "age-is-no-number": ({"cache-control": "max-age=300", "age": "old"}, 300),
    "expires": ({"date": DATE, "expires": LATER}, 3600),
    "expires-with-age": ({"date": DATE, "expires": LATER, "age": "600"}, 3000),
    "max-age-wins": ({"date": DATE, "expires": LATER, "cache-control": "max-age=5"}, 5),
    "expired": ({"date": LATER, "expires": DATE}, 0),
    "expires-is-no-date": ({"date": DATE, "expires": "0"}, 0),
    "without-date": ({"expires": LATER}, None),
    "date-is-no-date": ({"date": "now", "expires": LATER}, 0),
    "pragma": ({"pragma": "no-cache"}, None),
}


@pytest.mark.parametrize(("headers", "seconds"), CASES.values(), ids=CASES)
def test_the_headers_give_the_lifetime_of_a_document(headers: dict[str, str], seconds: float | None) -> None:
    """`max-age` counts before `Expires`, `Age` is taken off, and a malformed number counts as absent."""
    assert seconds == max_age_of(headers)
