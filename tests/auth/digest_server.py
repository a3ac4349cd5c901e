"""A server that asks for HTTP Digest, and counts what it takes."""

import hashlib
import re
from collections.abc import Callable
from urllib.request import parse_http_list

from tests.harness import RecordedRequest, Response


class DigestServer:
    """A response of a recording server, which wants a user's password by Digest.

    Attributes:
        nonce: The nonce that it takes now.
        challenge: Makes the header of its challenge of the nonce, and of whether the last one was stale.
        authorized: The requests that it has taken.
    """

    def __init__(self, user: str, password: str, challenge: Callable[[str, bool], str]) -> None:
        self.user, self.password, self.challenge = user, password, challenge
        self.nonce = "nonce-1"
        self.authorized: list[RecordedRequest] = []
        self.counts: list[str] = []

    def __call__(self, request: RecordedRequest) -> Response:
        header = request.headers.get("authorization", [""])[0]
        items = (item.partition("=") for item in parse_http_list(header.removeprefix("Digest ")))
        fields = {name: text.strip('"') for name, _, text in items}
        is_stale = bool(header) and fields.get("nonce") != self.nonce
        if not header or is_stale or fields["response"] != self.response(request, fields):
            challenge = self.challenge(self.nonce, is_stale)
            return Response(401, b"{}", {"Content-Type": "application/json", "WWW-Authenticate": challenge})
        assert request.target == fields["uri"]
        self.counts.append(fields.get("nc", ""))
        self.authorized.append(request)
        return Response()

    def response(self, request: RecordedRequest, fields: dict[str, str]) -> str:
        """Return what a right response has (RFC 7616, section 3.4.1)."""
        algorithm = fields.get("algorithm", "MD5").lower()

        def digest(*parts: str) -> str:
            names = {"sha-256": "sha256", "sha-512-256": "sha512_256"}
            made = hashlib.new(names.get(algorithm.removesuffix("-sess"), "md5"), usedforsecurity=False)
            made.update(":".join(parts).encode())
            return made.hexdigest()

        first = digest(self.user, re.sub(r"\\(.)", r"\1", fields["realm"]), self.password)
        if algorithm.endswith("-sess"):
            first = digest(first, fields["nonce"], fields["cnonce"])
        middle = [fields["nonce"]]
        if "qop" in fields:
            middle += [fields["nc"], fields["cnonce"], fields["qop"]]
        return digest(first, *middle, digest(request.method, fields["uri"]))
