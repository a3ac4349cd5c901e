"""What a document says of the pages of an operation: the rules that may hold, and where the items are."""

from collections.abc import Mapping, Sequence
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.pages.decide_rule import inferred_rules
from dynacli.client.pages.known_items import (
    AnswerField,
    fields_of_schema,
    item_field,
)
from dynacli.client.pages.page_rule import AnswerPlace, PageRule, place_at
from dynacli.client.pages.paging_inputs import is_listing, paging_inputs, with_size
from dynacli.record import record, replace
from dynacli.schema.success_answer import success_response, success_schema

__all__ = ["KINDS", "NO_RULE", "DocumentPages", "describe_pages", "document_pages", "document_rule"]

NO_RULE = PageRule("none", "nothing in the document says how to ask for another page")


@record
class DocumentPages:
    """What a document says of the pages of an operation.

    Args:
        rules: Those that may hold, the surest first; one that is declared stands alone.
        items: Where the items are; None where the document does not say it.
        candidates: The arrays of which each may hold the items.
        fields: The fields of the answer.
        headers: The headers of the answer.
    """

    rules: tuple[PageRule, ...]
    items: AnswerPlace | None
    candidates: tuple[str, ...]
    fields: Sequence[AnswerField]
    headers: Mapping[str, Any]


def document_pages(
    described: DescribedOperation, configured: PageRule | None = None, *, is_keyset_asked: bool = False
) -> DocumentPages:
    """Return what the document says of an operation's pages.

    Args:
        configured: The rule in the person's configuration.
    """
    response = success_response(described.raw_responses, described.follow)
    fields = fields_of_schema(success_schema(response, described.follow), described.resolve)
    headers = described.follow(response.get("headers"))
    headers = headers if isinstance(headers, Mapping) else {}
    found = item_field(fields, described.operation.path)
    items = place_at(*found.steps) if isinstance(found, AnswerField) else None
    candidates = () if isinstance(found, AnswerField) else tuple(place_at(*each.steps).text for each in found)
    if configured is not None and configured.items is not None:
        items, candidates = configured.items, ()
    rules: tuple[PageRule, ...] = ()
    if configured is not None and configured.kind != "items":
        rules = (configured,)
    if not rules:
        from dynacli.client.pages.decide_rule import declared_rule

        declared = declared_rule(described, response)
        rules = (declared,) if declared is not None else ()
    rules = tuple(with_size(rule, paging_inputs(described)) for rule in rules)
    if not rules:
        rules = inferred_rules(described, fields, headers, is_keyset_asked=is_keyset_asked)
    if not rules and is_listing(described):
        # One page, and that as large as it may be.
        rules = (with_size(NO_RULE, paging_inputs(described)),)
        if inferred_rules(described, fields, headers, is_keyset_asked=True):
            rules = (replace(rules[0], why=f"{NO_RULE.why}, but by ids: `--all=keyset`"),)
    rules = tuple(replace(rule, items=rule.items or items) for rule in rules)
    return DocumentPages(rules, rules[0].items if rules else items, candidates, fields, headers)


def document_rule(pages: DocumentPages) -> PageRule:
    """Return the rule that `describe` names."""
    return pages.rules[0] if pages.rules else replace(NO_RULE, items=pages.items)


KINDS = {
    "link": "the header `Link`",
    "url": "the URL of the next page",
    "cursor": "a cursor",
    "last-id": "the id of the last item",
    "page": "page numbers",
    "offset": "an offset",
    "keyset": "ids",
}
"""Kind of a rule → what the next page is asked for by, as messages call it."""


def describe_pages(described: DescribedOperation) -> dict[str, Any] | None:
    """Return the rule by which an operation is paged, as data; None where it answers with no list.

    Raises:
        FileError: The rule in the configuration is malformed.
    """
    configured = None
    if "pages" in described.api.entry:
        from dynacli.client.pages.decide_rule import configured_rule

        configured = configured_rule(described)
    pages = document_pages(described, configured)
    rule = document_rule(pages)
    if rule.kind == "none" and not rule.is_declared and not _is_list(described, pages):
        return None
    return rule.as_json()


def _is_list(described: DescribedOperation, pages: DocumentPages) -> bool:
    """Return whether an answer is a list, and not one thing that has a list among its properties."""
    is_named = described.operation.path.partition("#")[0].rstrip("/").endswith("}")
    has_id = any(field.steps == ("id",) for field in pages.fields)
    has_items = pages.items is not None or bool(pages.candidates)
    return has_items and is_listing(described) and not is_named and not has_id
