"""Certificates, made with OpenSSL, and a server that wants one of its clients."""

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.harness import serving


class Certificates:
    """An authority of our own, and certificates that it has signed, in a folder.

    A certificate NAME is in `NAME.pem`, its key in `NAME.key`; `ca.pem` is the authority's.
    """

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("openssl is not installed")
        self.folder = folder
        # Since Python 3.13, an authority has to say that it signs certificates (RFC 5280, section 4.2.1.3).
        uses = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self._openssl(
            "req", "-x509", *self._new("ca"), *uses, "-days", "2", "-subj", "/CN=authority", "-out", "ca.pem"
        )

    def _openssl(self, *words: str) -> None:
        subprocess.run(("openssl", *words), check=True, capture_output=True, cwd=self.folder)

    @staticmethod
    def _new(name: str) -> list[str]:
        return [
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-keyout",
            f"{name}.key",
        ]

    def sign(self, name: str, days: int = 2) -> Path:
        """Return a new certificate for 127.0.0.1; one of negative days has expired."""
        self._openssl("req", *self._new(name), "-subj", f"/CN={name}", "-out", f"{name}.csr")
        names = self.folder / "names.txt"
        names.write_text("subjectAltName=IP:127.0.0.1")
        authority = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", str(names))
        self._openssl(
            "x509", "-req", "-in", f"{name}.csr", *authority, "-days", str(days), "-out", f"{name}.pem"
        )
        return self.folder / f"{name}.pem"

    def encrypt(self, name: str, passphrase: str) -> None:
        """Put the key of a certificate, encrypted, into `NAME.secret`."""
        target = ("-passout", f"pass:{passphrase}", "-out", f"{name}.secret")
        self._openssl("pkcs8", "-topk8", "-in", f"{name}.key", *target)


@dataclass
class TlsServer:
    """A server that speaks TLS.

    Attributes:
        names: The name in the client's certificate of each request; empty for none.
        location: Where it redirects to; empty for nowhere.
        documents: Path → what it responds; `{}` at all others.
    """

    origin: str
    names: list[str] = field(default_factory=list)
    location: str = ""
    documents: dict[str, bytes] = field(default_factory=dict)


@contextmanager
def tls_server(
    folder: Path, name: str, verify: ssl.VerifyMode, version: ssl.TLSVersion
) -> Iterator[TlsServer]:
    """Run a server until the end of the block.

    Args:
        folder: That of the certificates.
        name: Which of them it shows.
        verify: Whether it asks for a client's certificate, and refuses clients without one.
        version: The newest version of TLS that it speaks.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown: Any = self.connection.getpeercert() or {}
            made.names.append(
                dict(pair for row in shown.get("subject", ()) for pair in row).get("commonName", "")
            )
            self.send_response(307 if made.location else 200)
            if made.location:
                self.send_header("Location", made.location)
            self.send_header("Content-Type", "application/json")
            body = made.documents.get(self.path, b"{}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    context.load_verify_locations(folder / "ca.pem")
    context.verify_mode, context.maximum_version = verify, version
    made = TlsServer("")
    with serving(Handler, tls=context) as made.origin:
        yield made
