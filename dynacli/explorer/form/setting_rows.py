"""The rows of a form that say how the call is made: what is no input of the operation."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from dynacli.client.described_operation import DescribedOperation
from dynacli.explorer.form.draft import CONTENT_TYPE, PROFILE, SERVER
from dynacli.explorer.form.form_rows import FormRow
from dynacli.explorer.form.form_widgets import SettingRow
from dynacli.explorer.form.further_calls import offered_further
from dynacli.model.operation import ValueType
from dynacli.text.terminal import visible

__all__ = ["ROWS_BELOW", "setting_rows"]

ROWS_BELOW: Final[Mapping[str, tuple[str, ...]]] = {
    "wait": ("wait-timeout", "wait-interval"),
    "all": ("max-items",),
}
"""Setting → those that are shown only where it is given."""
_FACTS: Final = {
    PROFILE: "a profile of the configuration",
    "all": "all pages of the list as one answer",
    "max-items": "N items, from as many pages as they need",
    "follow": "then the call that this link of the answer leads to",
    "wait": "call again until this JMESPath is true of the answer, such as status=='done'",
    "wait-timeout": "SECONDS at most [default 300]",
    "wait-interval": "SECONDS between two calls [2, growing to 30]",
}


def setting_rows(
    described: DescribedOperation, given: Mapping[str, str], profiles: Sequence[str]
) -> Iterator[SettingRow]:
    """Yield the rows of the settings in which there is a choice.

    Args:
        given: Setting → what was typed or chosen.
        profiles: Those of the API.
    """
    body = described.operation.body
    if body is not None and len(body.content) > 1 and described.media_type is not None:
        names = [media_type.name for media_type in body.content]
        facts = f"{described.media_type.name}, or another one"
        yield _row(CONTENT_TYPE, names, visible(facts, keep=""), given)
    for name, words in offered_further(described).items():
        row = _row(name, words, _FACTS[name], given)
        above = next((above for above, below in ROWS_BELOW.items() if name in below), "")
        row.display = not above or bool(given.get(above) or given.get(name))
        yield row
    servers = described.operation.servers or described.api.servers
    if len(servers) > 1 or given.get(SERVER):
        listed = ", ".join(f"{number}: {server.url}" for number, server in enumerate(servers))
        yield _row(SERVER, (), visible(f"a URL, or the number of one of {listed}", keep=""), given)
    if profiles:
        yield _row(PROFILE, profiles, _FACTS[PROFILE], given)


def _row(name: str, words: Sequence[str], facts: str, given: Mapping[str, str]) -> SettingRow:
    row = FormRow(name, "call", "", ValueType("string", enum=tuple(words)))
    return SettingRow(row, given.get(name, ""), facts)
