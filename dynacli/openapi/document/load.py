"""A document loaded: the whole way from fetched bytes to the tree that the compiler reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from dynacli.errors import DocumentError
from dynacli.openapi.document._bundle import bundle
from dynacli.openapi.document._document_files import File, Files, Opener
from dynacli.openapi.document._plain_json import check_limits
from dynacli.openapi.document._version import check_version
from dynacli.openapi.document.fetched import Fetched
from dynacli.openapi.document.mend import mend
from dynacli.openapi.document.overlay import Overlaid, Overlay, lay_over
from dynacli.openapi.document.parse import parse_document
from dynacli.openapi.document.references.cut_document import cut_to_parameters
from dynacli.openapi.document.references.place_origins import Origins, Place
from dynacli.openapi.document.references.resolve import resolve
from dynacli.openapi.document.references.scan import ScanResult, scan
from dynacli.openapi.document.specification_report import Problem, report

__all__ = ["Document", "Overlay", "load"]


@dataclass(frozen=True)
class Document:
    """A loaded document.

    Args:
        tree: Its plain JSON values in OpenAPI 3; all references lead to places within it.
        version: The version of the tree.
        written_in: The value of `openapi` or `swagger` as the document has it.
        files: The files that it was read from: the file that the person named, its overlays, then the others.
        origins: Where the places of the tree are in those files.
        warnings: A sentence for a person, and the place that it is about.
        missing: The absolute URIs of the files that could not be read, though they may be read.
        unread: Each reference of the tree that cannot be followed, as written → the reason.
    """

    tree: dict[str, Any]
    version: Literal["3.0", "3.1", "3.2"]
    written_in: str
    files: tuple[File, ...]
    origins: Origins
    warnings: tuple[tuple[str, Place], ...]
    missing: tuple[str, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        """The URI of the document; empty for standard input.

        Servers are relative to it and never to `$self`, which is a base for references alone
        (OpenAPI 3.2.0, "Examples of API Base URL Determination").
        """
        return self.files[0].uri

    @property
    def content(self) -> bytes:
        """The text of the file that was named, in UTF-8 without a byte order mark."""
        return self.files[0].content

    @cached_property
    def scan(self) -> ScanResult:
        """Every reference of the document, and which of them lead nowhere or elsewhere."""
        return scan(self.tree, self.uri)

    def with_tree(self, tree: dict[str, Any]) -> "Document":
        """Return the document with another tree, whose references stand at the same places."""
        other = replace(self, tree=tree)
        vars(other)["scan"] = self.scan
        return other

    @cached_property
    def resolved(self) -> Any:
        """The tree with its references replaced; subtrees are shared, cycles stay `$ref`s."""
        return resolve(self.tree, uri=self.uri)

    @cached_property
    def resolved_parameters(self) -> Any:
        """The paths with the parameters of their operations, and all that these refer to, resolved as above."""
        return resolve(cut_to_parameters(self.tree), uri=self.uri)

    @cached_property
    def problems(self) -> list[Problem]:
        """The places where the document breaks the specification; it is used anyway."""
        problems = report(self.tree, self.version, self.scan)
        places = [self.origins.locate(problem.pointer) for problem in problems]
        return [
            problem._replace(pointer=place.pointer, file=place.file)
            for problem, place in zip(problems, places, strict=True)
        ]


def load(
    content: bytes | Fetched,
    name: str,
    uri: str = "",
    *,
    opener: Opener | None = None,
    overlays: Sequence[Overlay] = (),
) -> Document:
    """Return the document that some bytes hold.

    Args:
        content: The bytes of the document, or what `fetch` returned.
        name: The name of the document in messages: its path or URL.
        uri: Its base URI; by default that of `content`.
        opener: Reads the other files that it refers to; without it, references to them lead nowhere.
        overlays: Overlays to apply, in their order, to the file that was named, before all else.

    Raises:
        DocumentError: It is not an OpenAPI document, cannot be read, is over a limit, or has an unsupported version;
            or an overlay cannot be read or applied.
    """
    if not isinstance(content, Fetched):
        content = Fetched(content)
    uri = uri or content.uri
    parsed = parse_document(content.content, name=name)
    overlaid = lay_over(parsed.tree, overlays, name) if overlays else Overlaid(parsed.tree)
    tree, version = overlaid.tree, check_version(overlaid.tree)
    written_in = str(tree.get("openapi", tree.get("swagger")))
    files = Files(replace(parsed, tree=tree), content, uri, opener, overlaid.files)
    bundled = bundle(files, version)
    tree, origins = bundled.tree, bundled.origins.after(overlaid.origins)
    if len(files.opened) > 1:
        check_limits(tree, name)
    _check_paths(tree, bundled.unread)
    warnings = [(message, Place(number, pointer)) for message, number, pointer in files.warnings]
    warnings.extend(overlaid.warnings)
    warnings.extend((message, overlaid.place(place)) for message, place in bundled.warnings)
    if version == "2.0":
        from dynacli.openapi.document._swagger2.conversion import convert

        conversion = convert(tree, uri)
        tree, version = conversion.tree, "3.0"
        warnings.extend((message, origins.locate(pointer)) for message, pointer in conversion.warnings)
        origins = conversion.origins.after(origins)
    elif not isinstance(tree.get("openapi"), str):
        # YAML reads `openapi: 3.0` as a number; the code after this expects text.
        tree["openapi"] = f"{version}.0"
    mended = mend(tree)
    warnings.extend((message, origins.locate(pointer)) for message, pointer in mended.warnings)
    origins = Origins(mended.moves).after(origins)
    return Document(
        tree,
        version,
        written_in,
        tuple(files.all),
        origins,
        tuple(warnings),
        tuple(files.missing),
        bundled.unread,
    )


def _check_paths(tree: dict[str, Any], unread: Mapping[str, str]) -> None:
    """Check that the paths of a document are not in another file, which cannot be used."""
    paths = tree.get("paths")
    ref = paths.get("$ref") if isinstance(paths, dict) and len(paths) == 1 else None
    if isinstance(ref, str) and ref in unread:
        message = f"The paths of the document are in `{ref}`, which cannot be used"
        raise DocumentError(message, reason=unread[ref])
