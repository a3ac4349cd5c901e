"""All that is known of an input: what it takes, what the document says of it, and the values that answers had."""

from collections.abc import Mapping
from typing import NamedTuple

from dynacli.client.cards.input_sources import input_sources
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.find_input import find_input
from dynacli.environment import Environment
from dynacli.explorer.form.draft import Draft
from dynacli.explorer.form.form_rows import FormRow
from dynacli.library.history.record_call import api_key, history_mode
from dynacli.library.history.remembered_ids import remembered_values
from dynacli.model.descriptions import operation_description
from dynacli.model.operation import EACH, Parameter
from dynacli.text.markdown import to_text

__all__ = ["AboutInput", "about_input", "about_operation"]


class AboutInput(NamedTuple):
    """What is known of an input, or of an operation.

    Args:
        text: What is to be read, with foreign text in it as it came.
        values: Value → what it is called, of those that it may have.
    """

    text: str
    values: Mapping[str, str]


_WIDTH = 72
"""The columns of a description."""


def about_operation(described: DescribedOperation) -> AboutInput:
    """Return what the document says of an operation."""
    operation = described.operation
    told = to_text(operation_description(described.part["operation"], {}), _WIDTH)
    parts = (f"{operation.method} {operation.path}", operation.summary, told)
    return AboutInput("\n\n".join(part for part in parts if part), {})


def about_input(env: Environment, draft: Draft, row: FormRow, facts: str) -> AboutInput:
    """Return what is known of an input.

    Args:
        facts: What it takes, in words.
    """
    described, text = draft.described, [row.option, facts, row.description]
    parameter, field = find_input(described, row.option)
    values = dict.fromkeys(row.choices, "")
    if field is not None:
        name = next((step for step in reversed(field.path) if step != EACH), row.option)
        sources = input_sources(described.api, described.operation, [field])
        asked = Parameter(name, "body", row.option, field.value)
    elif parameter is not None:
        sources, asked = input_sources(described.api, described.operation, [parameter]), parameter
    else:
        return AboutInput("\n\n".join(filter(None, text)), values)
    if row.option in sources:
        text.append(f"Its values come from {sources[row.option]}")
    if not row.is_secret and history_mode(env) != "off":
        given = {
            each.name: draft.words[each.option]
            for each in described.operation.parameters
            if each.location == "path" and each.option in draft.words and each is not parameter
        }
        source = api_key(described.api.revisions.directory)
        found = remembered_values(env, source, described.operation, asked, given)
        values |= {row.literal(value): name for value, name in found.items()}
    return AboutInput("\n\n".join(filter(None, text)), values)
