"""An API with one operation, whose credentials are what a test is about."""

from pathlib import Path
from typing import Any

from tests.documents import document, operation, serve
from tests.harness import Recorder, Response, Result, run_cli


class Shop:
    """An API that is registered as `shop`, with one operation."""

    def __init__(self, server: Recorder) -> None:
        self.server = server
        server.responses["/items"] = Response()

    def register(self, schemes: dict[str, Any], security: list[Any], **more: Any) -> None:
        """Register a document whose operation has these schemes and this requirement."""
        paths = {"/items": {"get": operation("list-items", security=security, **more)}}
        url = serve(self.server, document(paths, None, schemes=schemes))
        assert 0 == run_cli("api", "add", "shop", url).exit_code
        self.server.requests.clear()

    def configure(self, home: Path, text: str) -> None:
        """Put lines of TOML at the end of the configuration."""
        with (home / "config" / "config.toml").open("a") as file:
            file.write(f"\n{text}\n")

    def call(self, *words: str) -> Result:
        """Call its operation."""
        return run_cli("shop", "list-items", *words)
