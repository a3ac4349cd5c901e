"""The overlay that makes a document agree with answers (Overlay Specification 1.0.0).

The overlay is proven while it is made: the answers are judged again by the changed document,
until nothing is found any more, or no change of the document would mend what is left.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple, cast, get_args

from dynacli.check.learning._document_edits import AnswerDescription, DocumentEdits
from dynacli.check.learning._infer_schema import Dialect
from dynacli.check.learning.observed_answers import ObservedAnswer
from dynacli.errors import DocumentError, InternalError
from dynacli.openapi.catalog.store.catalog_file import Catalog
from dynacli.openapi.document.json_trees import copy_json, is_same_json
from dynacli.openapi.document.overlays.overlay import actions_between, apply_overlay
from dynacli.openapi.document.pointer import MISSING, follow, split
from dynacli.record import record
from dynacli.registry.opened_api import OpenedApi
from dynacli.validation.finding import Finding
from dynacli.validation.judge import Judge
from dynacli.validation.judged_messages import JudgedResponse

__all__ = ["LearnedOverlay", "learn_overlay", "overlay_text"]

_MAX_ROUNDS = 6
"""A change may bring to light what stood behind it: a property that is added, the findings inside of it."""

_Notes = dict[tuple[str, ...], list[str]]
"""Steps to a place of the document → what was changed there."""


class _Mismatch(NamedTuple):
    """A finding on an answer, and what the document says of the answers of its operation."""

    answer: ObservedAnswer
    description: AnswerDescription
    finding: Finding


@record
class LearnedOverlay:
    """What answers taught about a document.

    Args:
        overlay: The overlay; None where the document needs no change, or none can be made.
        unmended: (name of the operation, finding) of what no change of the document would mend.
    """

    overlay: dict[str, Any] | None
    unmended: tuple[tuple[str, Finding], ...] = ()


def learn_overlay(api: OpenedApi, answers: Iterable[ObservedAnswer]) -> LearnedOverlay:
    """Return the overlay that makes a document agree with answers, judged at the level `exact`.

    Raises:
        DocumentError: The document's text is lost, or cannot be read any more.
    """
    return _OverlayLearner(api, list(answers)).learn()


def overlay_text(overlay: dict[str, Any], file: str) -> bytes:
    """Return an overlay as the text of a file: JSON where its name says so, else YAML."""
    import json

    from dynacli.text.yaml_text import yaml_of

    if file.lower().endswith(".json"):
        return (json.dumps(overlay, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
    return yaml_of(overlay).encode("utf-8", "backslashreplace")


class _OverlayLearner:
    def __init__(self, api: OpenedApi, answers: list[ObservedAnswer]) -> None:
        from dynacli.openapi.document.reading.parse import parse_document

        content = api.content()
        if content is None:
            raise DocumentError(
                "The document's text is not in the cache any more",
                hint="Give `--refresh`, so that it is fetched again",
            )
        self._api, self._answers = api, answers
        self._original: dict[str, Any] = parse_document(content, name=api.name).tree
        self._notes: _Notes = {}

    def learn(self) -> LearnedOverlay:
        tree, catalog = self._original, self._api.catalog
        mismatches = self._judge(catalog)
        for _ in range(_MAX_ROUNDS):
            if not mismatches:
                break
            changed, notes = _changed(tree, catalog, mismatches)
            changed_catalog = self._compile(changed) if notes else None
            if changed_catalog is None:
                break
            for steps, texts in notes.items():
                self._notes.setdefault(steps, []).extend(texts)
            self._close(catalog)
            tree, catalog = changed, changed_catalog
            mismatches = self._judge(catalog)
        self._close(catalog)
        unmended = tuple((mismatch.answer.operation_name, mismatch.finding) for mismatch in mismatches)
        return LearnedOverlay(self._overlay(tree), unmended)

    def _close(self, catalog: Catalog) -> None:
        if catalog is not self._api.catalog:
            catalog.close()

    def _judge(self, catalog: Catalog) -> list[_Mismatch]:
        """Return every finding on every answer."""
        names = {(summary.method, summary.path): summary.name for summary in catalog.summaries()}
        judges: dict[str, tuple[Judge, AnswerDescription]] = {}
        mismatches: list[_Mismatch] = []
        for answer in self._answers:
            name = names.get((answer.method, answer.path))
            if name is None:
                continue  # the operation cannot be used any more
            if name not in judges:
                operation = catalog.operation(name)
                judges[name] = Judge(catalog, operation), AnswerDescription(catalog, operation)
            judge, description = judges[name]
            judged = JudgedResponse(answer.status, answer.headers, answer.content_type, answer.body)
            mismatches.extend(
                _Mismatch(answer, description, finding)
                for finding in judge.response(judged, is_exact=True).findings
                if (finding.rule, finding.pointer) not in answer.ignored
            )
        return mismatches

    def _compile(self, tree: dict[str, Any]) -> Catalog | None:
        """Return the catalog of a changed document; None where it cannot be used."""
        import json

        from dynacli.openapi.catalog.compiler.compile_document import compile_document
        from dynacli.openapi.catalog.store.catalog_writer import catalog_in_memory

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


def _changed(
    tree: dict[str, Any], catalog: Catalog, mismatches: list[_Mismatch]
) -> tuple[dict[str, Any], _Notes]:
    """Return the document with a change for each finding, and what was changed where."""

    def steps_to(pointer: str) -> tuple[str, ...] | None:
        file, pointer_in_file = catalog.place(pointer)
        steps = split(pointer_in_file)
        return steps if file == 0 and follow(tree, steps) is not MISSING else None

    version = str(tree.get("openapi", tree.get("swagger")))[:3]
    dialect = cast("Dialect", version if version in get_args(Dialect) else catalog.meta["dialect"])
    edits = DocumentEdits(copy_json(tree), steps_to, dialect)
    for mismatch in mismatches:
        edits.add(mismatch.description, mismatch.answer, mismatch.finding)
    return edits.apply()
