"""The rules of pages that a person has written into the configuration: `[apis.NAME.pages.OPERATION]`."""

from collections.abc import Mapping
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.pages.declared_rules import input_named
from dynacli.client.pages.page_rule import AnswerPlace, PageRule, place_at
from dynacli.client.profiles import malformed
from dynacli.record import replace

__all__ = ["configured_rule", "what_is_wrong_with_rule"]

_WAYS = ("next", "cursor", "page", "offset")
_KEYS = ("items", *_WAYS, "parameter")
_ALL = "*"


def configured_rule(described: DescribedOperation) -> PageRule | None:
    """Return the rule of an operation in the configuration; None where it has none.

    A rule for `"*"` is that of each operation which has the input that it names.

    Raises:
        FileError: The rule is malformed.
    """
    api, operation = described.api, described.operation
    tables = api.entry.get("pages")
    if tables is None:
        return None
    env = api.open_request.env
    if not isinstance(tables, Mapping):
        why = f"they are tables, each `[apis.{api.name}.pages.OPERATION]`"
        raise malformed(env, f"`pages` of `{api.name}`", why)
    for key in (operation.name, operation.operation_id, _ALL):
        if key and key in tables:
            part = f"`pages.{key}` of `{api.name}`"
            table = tables[key]
            wrong = what_is_wrong_with_rule(table)
            if wrong:
                raise malformed(env, part, wrong)
            rule = _rule(described, table)
            if rule is None and key == _ALL:
                continue
            if rule is None:
                missing = table.get("parameter") or table.get("page") or table.get("offset")
                raise malformed(env, part, f"`{operation.name}` has no input `{missing}`")
            why = f"the configuration says so in `pages.{key}`"
            return replace(rule, why=why, is_declared=True, is_configured=True)
    return None


def what_is_wrong_with_rule(table: Any) -> str:
    """Return what is wrong with the table of a rule; empty where nothing is."""
    if not isinstance(table, Mapping):
        return "it is a table"
    unknown = sorted(table.keys() - set(_KEYS))
    if unknown:
        return f"`{unknown[0]}` is not known, only {', '.join(f'`{key}`' for key in _KEYS)}"
    for key, value in table.items():
        if not isinstance(value, str) or not value:
            return f"`{key}` is a text"
    ways = [key for key in _WAYS if key in table]
    if len(ways) > 1:
        return f"`{ways[0]}` and `{ways[1]}` are two ways; a rule has one"
    if not ways and "items" not in table:
        return f"it has none of {', '.join(f'`{key}`' for key in ('items', *_WAYS))}"
    if ("cursor" in table) != ("parameter" in table):
        return "`cursor` says where the answer has it, and `parameter` names the input that takes it: both are needed"
    for key in ("items", "next", "cursor"):
        wrong = _wrong_expression(table[key]) if key in table else ""
        if wrong:
            return f"`{key}` is no JMESPath expression: {wrong}"
    return ""


def _wrong_expression(text: str) -> str:
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        jmespath.compile(text)
    except JMESPathError as error:
        return str(error).splitlines()[0]
    return ""


def _expression(text: str | None) -> AnswerPlace | None:
    """Return the place that an expression means; one that is a plain path can be put together again."""
    if text is None:
        return None
    steps = text.split(".")
    is_plain = all(step.isidentifier() and step.isascii() for step in steps)
    return place_at(*steps) if is_plain else AnswerPlace(text)


def _rule(described: DescribedOperation, table: Mapping[str, str]) -> PageRule | None:
    items = _expression(table.get("items"))
    if "next" in table:
        return PageRule("url", "", next=_expression(table["next"]), items=items)
    if "cursor" in table:
        place = input_named(described, table["parameter"])
        return (
            PageRule("cursor", "", input=place, next=_expression(table["cursor"]), items=items)
            if place
            else None
        )
    for kind in ("page", "offset"):
        if kind in table:
            place = input_named(described, table[kind])
            return PageRule(kind, "", input=place, items=items) if place else None
    return PageRule("items", "", items=items)
