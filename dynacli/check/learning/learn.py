"""What answers teach about a document: the overlay that would make the two agree (Overlay Specification 1.0.0).

The overlay is proven while it is made: the answers are judged again by the document as it would be,
until nothing is found any more, or nothing of what is left can be said in an OpenAPI document.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.check.learning.amendments import Amendments
from dynacli.check.learning.answer_places import Places
from dynacli.check.learning.observation import Observation
from dynacli.document.json_trees import copy_json, is_same_json
from dynacli.document.overlays.overlay import apply_overlay
from dynacli.document.overlays.overlay_actions import actions_between
from dynacli.document.pointer import MISSING, follow, split
from dynacli.errors import DocumentError, InternalError
from dynacli.library.opened_api import OpenedApi
from dynacli.record import record
from dynacli.validation.findings.finding import Finding
from dynacli.validation.judge import Judge, JudgedResponse

__all__ = ["Learned", "learned", "overlay_text"]

_MAX_ROUNDS = 6
"""A change may show what stood behind it: a property that is added, what is inside of it."""


@record
class Learned:
    """What a check taught.

    Args:
        overlay: The overlay; None where the document needs no change, or none can be made.
        left: Operation and finding of what no change of the document would mend.
    """

    overlay: dict[str, Any] | None
    left: tuple[tuple[str, Finding], ...] = ()


def learned(api: OpenedApi, observations: Iterable[Observation]) -> Learned:
    """Return the overlay that makes a document agree with answers, judged at the level `exact`.

    Raises:
        DocumentError: The document's text is lost, or cannot be read any more.
    """
    return _Learning(api, list(observations)).learned()


def overlay_text(overlay: dict[str, Any], file: str) -> bytes:
    """Return an overlay as the text of a file: JSON where its name says so, else YAML."""
    import json

    from dynacli.text.yaml_text import yaml_of

    if file.lower().endswith(".json"):
        return (json.dumps(overlay, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
    return yaml_of(overlay).encode("utf-8", "backslashreplace")


class _Learning:
    def __init__(self, api: OpenedApi, observations: list[Observation]) -> None:
        from dynacli.document.reading.parse import parse_document

        content = api.content()
        if content is None:
            raise DocumentError(
                "The document's text is not in the cache any more",
                hint="Give `--refresh`, so that it is fetched again",
            )
        self._api, self._observations = api, observations
        self._original: dict[str, Any] = parse_document(content, name=api.name).tree
        self._notes: dict[tuple[str, ...], list[str]] = {}

    def learned(self) -> Learned:
        tree, catalog = self._original, self._api.catalog
        found = list(self._judged(catalog))
        for _ in range(_MAX_ROUNDS):
            if not found:
                break
            changed, notes = self._changed(tree, catalog, found)
            after = self._compiled(changed) if notes else None
            if after is None:
                break
            tree = changed
            for steps, sentences in notes.items():
                self._notes.setdefault(steps, []).extend(sentences)
            if catalog is not self._api.catalog:
                catalog.close()
            catalog = after
            found = list(self._judged(catalog))
        if catalog is not self._api.catalog:
            catalog.close()
        return Learned(self._overlay(tree), tuple((one.operation, finding) for one, _, finding in found))

    def _judged(self, catalog: Catalog) -> Iterator[tuple[Observation, Places, Finding]]:
        """Yield every finding on every answer."""
        names = {(one.method, one.path): one.name for one in catalog.summaries()}
        judges: dict[str, tuple[Judge, Places]] = {}
        for one in self._observations:
            name = names.get((one.method, one.path))
            if name is None:
                continue  # its part of the document cannot be used any more
            if name not in judges:
                operation = catalog.operation(name)
                judges[name] = Judge(catalog, operation), Places(catalog, operation)
            judge, places = judges[name]
            answered = JudgedResponse(one.status, one.headers, one.content_type, one.body)
            for finding in judge.response(answered, is_exact=True).findings:
                if (finding.rule, finding.pointer) not in one.forgiven:
                    yield one, places, finding

    def _changed(
        self, tree: dict[str, Any], catalog: Catalog, found: list[tuple[Observation, Places, Finding]]
    ) -> tuple[dict[str, Any], dict[tuple[str, ...], list[str]]]:
        """Return the document with a change for each finding, and what was changed where."""

        def located(pointer: str) -> tuple[str, ...] | None:
            file, there = catalog.place(pointer)
            return split(there) if file == 0 and follow(tree, split(there)) is not MISSING else None

        written_in = str(tree.get("openapi", tree.get("swagger")))[:3]
        dialect: Any = written_in if written_in in {"2.0", "3.0", "3.1", "3.2"} else catalog.meta["dialect"]
        changed = copy_json(tree)
        amendments = Amendments(changed, located, dialect)
        for observation, places, finding in found:
            amendments.add(places, observation, finding)
        amendments.make()
        return changed, amendments.notes

    def _compiled(self, tree: dict[str, Any]) -> Catalog | None:
        """Return the catalog of a changed document; None where it cannot be used."""
        import json

        from dynacli.catalog.compiler.compile_document import compile_document
        from dynacli.catalog.store.catalog_writer import catalog_in_memory

        try:
            document = self._api.document(json.dumps(tree).encode())
        except DocumentError:
            return None
        return catalog_in_memory(compile_document(document), []) if document is not None else None

    def _overlay(self, tree: dict[str, Any]) -> dict[str, Any] | None:
        actions = actions_between(self._original, tree, self._notes)
        if not actions:
            return None
        meta = self._api.catalog.meta
        overlay = {
            "overlay": "1.0.0",
            "info": {
                "title": f"What the answers of {meta['title'] or self._api.name} say",
                "version": "1.0.0",
            },
            **self._extends(),
            "actions": actions,
        }
        if not is_same_json(apply_overlay(self._original, overlay), tree):
            raise InternalError("the overlay that was made does not do what it should")
        return overlay

    def _extends(self) -> dict[str, str]:
        from dynacli.urls import without_query

        uri = self._api.uri
        return {"extends": without_query(uri)} if "://" in uri else {}
