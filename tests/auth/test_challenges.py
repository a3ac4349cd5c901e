"""What a server asks for in `WWW-Authenticate` is read scheme by scheme (RFC 9110, section 11.6.1)."""

import pytest

from dynacli.auth.challenges import read_challenges


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        ("Bearer", [("Bearer", {})]),
        ("Bearer, Basic", [("Bearer", {}), ("Basic", {})]),
        ('Basic realm="a, b", Bearer', [("Basic", {"realm": "a, b"}), ("Bearer", {})]),
        ('Token realm="x\\"y", error=z', [("Token", {"realm": 'x"y', "error": "z"})]),
        ('ApiKey Header = "X-Key"', [("ApiKey", {"header": "X-Key"})]),
        ("Digest realm=My Site, nonce=n", [("Digest", {"realm": "My", "nonce": "n"})]),
        ('realm="x"', []),
        ("Negotiate abc==", [("Negotiate", {"abc": "="})]),
    ],
)
def test_each_challenge_is_read(value: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    """A challenge is a scheme with its parameters, or a scheme alone."""
    assert expected == [tuple(asked) for asked in read_challenges([value])]
