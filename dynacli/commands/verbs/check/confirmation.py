"""The question that is asked before a check changes anything."""

from collections.abc import Sequence

from dynacli.check.planning.resource_chains import ResourceChain
from dynacli.client.call import base_url_of
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.commands.questions import agrees
from dynacli.commands.run import Run
from dynacli.errors import UsageError
from dynacli.output.standard_error import write_stderr
from dynacli.text.terminal import visible
from dynacli.urls import origin_of

__all__ = ["confirm"]

_MAX_INPUTS = 5


def confirm(
    run: Run,
    settings: CallSettings,
    operations: Sequence[DescribedOperation],
    chains: Sequence[ResourceChain],
) -> None:
    """Let the person agree to what would be created, changed and removed, and where; `--yes` has agreed.

    Without chains, the person on a terminal is asked about the operations that are to be confirmed; where there is no
    terminal, the check itself leaves them out.

    Raises:
        UsageError: Nobody agreed; nothing was sent.
    """
    asked = [each for each in operations if settings.is_asked_about(each)]
    if run.options.yes or not (chains or (asked and run.may_ask)):
        return
    lines = [
        " -> ".join(chain.steps if chain.delete else (*chain.steps, "nothing removes it")) for chain in chains
    ]
    lines += _attachments(operations, chains)
    in_chains = {name for chain in chains for name in chain.changing}
    lines += [each.operation.name for each in asked if each.operation.name not in in_chains]
    names = in_chains | {each.operation.name for each in asked}
    urls = [base_url_of(described, settings) for described in operations if described.operation.name in names]
    origins = " and ".join(visible(origin) for origin in dict.fromkeys(map(origin_of, urls)))
    if chains:
        operations_change = "One operation changes" if len(names) == 1 else f"{len(names)} operations change"
        announcement = f"{operations_change} something at {origins}"
    else:
        operations_are = "One operation is" if len(names) == 1 else f"{len(names)} operations are"
        announcement = f"{operations_are} to be confirmed at {origins}"
    env = run.env
    if not run.may_ask:
        raise UsageError(
            f"{announcement}, and nobody can be asked",
            why="\n".join(lines),
            hint="Give `--yes` where that may happen; `--dry-run` shows what would be called",
        )
    write_stderr(env, f"{announcement}:\n")
    write_stderr(env, "".join(f"  {visible(line)}\n" for line in lines))
    if not agrees(env, "Call them?"):
        raise UsageError("Nothing was sent", why="The calls were not agreed to")
    settings.consent.agreed.update(names)


def _attachments(operations: Sequence[DescribedOperation], chains: Sequence[ResourceChain]) -> list[str]:
    """Return the line that says which inputs may attach what is created to what is there; none where none may."""
    from dynacli.check.planning.body_values import fields_of_other_ids
    from dynacli.model.path_templates import parameter_names

    creations = {chain.create: chain for chain in chains}
    inputs = [
        f"{described.operation.name}.{name}"
        for described in operations
        if (chain := creations.get(described.operation.name)) is not None
        for name in (
            *parameter_names(described.operation.path)[: -1 if chain.is_created_by_put else None],
            *fields_of_other_ids(described),
        )
    ]
    if not inputs:
        return []
    shown = ", ".join(f"`{name}`" for name in inputs[:_MAX_INPUTS])
    more = f" and {len(inputs) - _MAX_INPUTS} more" if len(inputs) > _MAX_INPUTS else ""
    return [f"What is created may become part of what is there, by {shown}{more}; `--set` chooses of what"]
