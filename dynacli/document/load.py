"""Goes the whole way from fetched bytes to a document that the compiler can use."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dynacli.document.fetch import Fetched
from dynacli.document.parse import read
from dynacli.document.references import ScanResult, scan
from dynacli.document.report import Problem, report
from dynacli.document.resolve import resolve
from dynacli.document.version import Version, check_version

__all__ = ["Document", "load"]


@dataclass(frozen=True)
class Document:
    """One document, read and looked through.

    Args:
        content: Its text in UTF-8, without a byte order mark.
        tree: Its plain JSON values, as written.
        version: `3.0` or `3.1`.
        uri: Its base URI; empty for standard input.
        warnings: What a person should know of, a sentence each.
    """

    content: bytes
    tree: dict[str, Any]
    version: Version
    uri: str = ""
    warnings: tuple[str, ...] = ()

    @cached_property
    def scan(self) -> ScanResult:
        """Every reference of the document, and which of them lead nowhere or elsewhere."""
        return scan(self.tree, self.uri)

    @cached_property
    def resolved(self) -> Any:
        """The tree with its references replaced; subtrees are shared, cycles stay `$ref`s."""
        return resolve(self.tree, uri=self.uri)

    @cached_property
    def problems(self) -> list[Problem]:
        """Where the document breaks the specification; never a reason not to use it."""
        return report(self.tree, self.version, self.scan)


def load(content: bytes | Fetched, name: str, uri: str = "") -> Document:
    """Return the document in what was fetched.

    Args:
        content: The bytes of the document, or what `fetch` returned.
        name: What messages call the document: its path or URL.
        uri: Its base URI; for what `fetch` returned, that one's.

    Raises:
        DocumentError: It is not an OpenAPI document, cannot be read, is over a limit, or of another version.
    """
    if isinstance(content, Fetched):
        uri = uri or content.uri
        content = content.content
    parsed = read(content, name=name)
    tree, version = parsed.tree, check_version(parsed.tree)
    if not isinstance(tree.get("openapi"), str):
        # YAML's `openapi: 3.0`, which all that reads the document after us wants as text.
        tree["openapi"] = f"{version}.0"
    return Document(
        content=parsed.content,
        tree=tree,
        version=version,
        uri=uri,
        warnings=parsed.warnings,
    )
