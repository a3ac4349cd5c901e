"""`dynacli policy`: says what the policy of an API, or of a profile, makes of a call."""

from typing import TYPE_CHECKING

import click

from dynacli.commands._operation_command import OperationCommand
from dynacli.commands.command_groups import ApiGroup
from dynacli.commands.run import Run
from dynacli.text.terminal import Painter, visible

if TYPE_CHECKING:
    from dynacli.client.described_operation import DescribedOperation

__all__ = ["explain"]


@click.pass_obj
def explain(run: Run, api: str, operation: tuple[str, ...]) -> None:
    """Run `policy explain`."""
    from dynacli.client.call_settings import settings_of
    from dynacli.client.policy.explain_policy import explain_policy
    from dynacli.output.render import write_data

    described = _described(run, api, list(operation))
    settings = settings_of(run.env, described.api, run.call_options)
    target = next((word for word in operation[1:2] if word.startswith("/") and "{" not in word), "")
    explanation = explain_policy(described, settings, target)

    def text(paint: Painter, width: int) -> str:  # noqa: ARG001
        first, *more = explanation.sentences()
        return "\n".join([paint.bold(visible(first)), *(f"  {visible(line)}" for line in more)])

    write_data(run.env, explanation.as_json(), run.data_form, text)


def _described(run: Run, api: str, words: list[str]) -> "DescribedOperation":
    """Return the operation that words name as after an API: its name, after its tag, or a method and a path.

    Raises:
        UsageError: They name none.
    """
    from dynacli.client.search_operations import unknown_operation
    from dynacli.errors import UsageError

    opened = run.api(api)
    group, tag = ApiGroup(opened), ""
    command, rest = group.find_command(words)
    if isinstance(command, ApiGroup) and rest:
        tag, words = command.tag, rest
        command, rest = command.find_command(rest)
    if command is None and run.fetch_again(opened) is not None:  # it may have appeared a moment ago
        return _described(run, api, words)
    if command is None and not tag and group.has_path(words):
        command, rest = group.undocumented_command(words)
    if not isinstance(command, OperationCommand):
        raise unknown_operation(opened, words[0], tag)
    is_path = len(words) > 1 and words[1].startswith("/")
    if rest and not is_path:
        raise UsageError(
            f"`{rest[0]}` is an unexpected argument", hint="Write `policy explain API OPERATION`"
        )
    return command.described
