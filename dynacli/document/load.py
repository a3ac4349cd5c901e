"""Goes the whole way from fetched bytes to a document that the compiler can use."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from dynacli.document.fetch import Fetched
from dynacli.document.origins import Origins, Place
from dynacli.document.parse import read
from dynacli.document.references import ScanResult, scan
from dynacli.document.report import Problem, report
from dynacli.document.resolve import resolve
from dynacli.document.version import check_version

__all__ = ["Document", "File", "Opener", "load"]

Opener = Callable[[str], Fetched]
"""Returns what is at an absolute URI without fragment; a `DynacliError` says why not.

The policy of references is in it: what it does not refuse may be read.
"""


class File(NamedTuple):
    """One of the files that a document is made of.

    Args:
        uri: Where it is; empty for standard input.
        content: Its text in UTF-8, without a byte order mark.
        fetched: The bytes as they came, and what the server said of them.
    """

    uri: str
    content: bytes
    fetched: Fetched


@dataclass(frozen=True)
class Document:
    """One document, read and looked through.

    Args:
        tree: Its plain JSON values in OpenAPI 3, all references within it.
        version: Of the tree.
        written_in: The value of `openapi` or `swagger` as the document has it.
        files: What it was read from, the one that was named first.
        origins: Where places of the tree stand in those files.
        warnings: What a person should know of: a sentence each, and the place it is about.
    """

    tree: dict[str, Any]
    version: Literal["3.0", "3.1", "3.2"]
    written_in: str
    files: tuple[File, ...]
    origins: Origins
    warnings: tuple[tuple[str, Place], ...]

    @property
    def uri(self) -> str:
        """Its base URI; empty for standard input."""
        return self.files[0].uri

    @property
    def content(self) -> bytes:
        """The text of the file that was named, in UTF-8 without a byte order mark."""
        return self.files[0].content

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


def load(content: bytes | Fetched, name: str, uri: str = "", *, opener: Opener | None = None) -> Document:
    """Return the document in what was fetched.

    Args:
        content: The bytes of the document, or what `fetch` returned.
        name: What messages call the document: its path or URL.
        uri: Its base URI; for what `fetch` returned, that one's.
        opener: Reads the other files that it refers to; without one, such references lead nowhere.

    Raises:
        DocumentError: It is not an OpenAPI document, cannot be read, is over a limit, or of another version.
    """
    if not isinstance(content, Fetched):
        content = Fetched(content)
    uri = uri or content.uri
    parsed = read(content.content, name=name)
    tree, version = parsed.tree, check_version(parsed.tree)
    written_in = str(tree.get("openapi", tree.get("swagger")))
    files = (File(uri, parsed.content, content),)
    origins, warnings = Origins(), [(message, Place(0, "")) for message in parsed.warnings]
    if version == "2.0":
        from dynacli.document.swagger2 import convert

        conversion = convert(tree)
        tree, version = conversion.tree, "3.0"
        warnings.extend((message, origins.locate(pointer)) for message, pointer in conversion.warnings)
        origins = conversion.origins.after(origins)
    elif not isinstance(tree.get("openapi"), str):
        # YAML's `openapi: 3.0`, which all that reads the document after us wants as text.
        tree["openapi"] = f"{version}.0"
    return Document(tree, version, written_in, files, origins, tuple(warnings))
