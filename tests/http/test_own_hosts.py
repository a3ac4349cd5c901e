"""The `Host` of a request to a server of dynacli."""

import pytest

from dynacli.http.serving import is_own_host

_OWN = [
    *("localhost", "LOCALHOST:8643", "127.0.0.1", "127.0.0.1:80", "[::1]:8643", "192.168.1.7:8643"),
    *("shop.localhost:1", "shop.test", "host.docker.internal:8080", "api.example:443", "API.example"),
]
_FOREIGN = [
    *("", "evil.example", "evil.example:8643", "evil", "evil:8643", "evil.local", "evil.home.arpa"),
    *(
        "localhost:.evil.example",
        "localhost:8643.evil.example",
        "localhost:x",
        "localhost:",
        "localhost:123456",
    ),
    *("localhost@evil.example", "evil.example@localhost", "localhost/.evil.example", "[::1].evil.example"),
    *(
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evillocalhost",
        "api.example.evil.example",
        "[::1",
    ),
]


@pytest.mark.parametrize(
    ("host", "expected"), [*((host, True) for host in _OWN), *((host, False) for host in _FOREIGN)]
)
def test_a_host_is_own_or_foreign(host: str, expected: bool) -> None:
    """An address, a name that no one else can take, and a host that the server listens at are own."""
    assert expected is is_own_host(host, frozenset({"api.example"}))
