"""`dynacli ignore`: writes an exception for findings into the configuration."""

import click

from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import UsageError

__all__ = ["ignore"]


@click.pass_obj
def ignore(
    run: Run,
    /,
    api: str,
    rule: str,
    operation: str | None,
    reason: str,
    **place: str | None,
) -> None:
    """Run `ignore`."""
    from dynacli.commands._subcommands.api.api_add import check_registered
    from dynacli.output.standard_error import write_stderr
    from dynacli.registry.configuration import Configuration
    from dynacli.text.terminal import visible

    check_registered(run.env, api)
    _check_rule(rule)
    if not reason.strip():
        raise UsageError("`--reason` is missing", hint="Say why the findings are expected: `--reason TEXT`")
    item = {"rule": rule, **{key: text for key, text in place.items() if text is not None}}
    _check_place(item)
    if operation is not None:
        opened = run.api(api)
        name = opened.catalog.find(operation)
        if name is None:
            from dynacli.client.search_operations import unknown_operation

            raise unknown_operation(opened, operation)
        item["operation"] = name
    configuration = Configuration(run.env)
    known = configuration.apis()[api].get("ignore")
    for entry in known if isinstance(known, list) else ():
        if isinstance(entry, dict) and {key: entry[key] for key in entry if key != "reason"} == item:
            raise UsageError(
                "These findings are already ignored",
                reason=f"The reason is: {entry.get('reason', '')}",
                hint=f"Change it in `{configuration.path}`",
            )
    configuration.add_table(api, "ignore", {**item, "reason": reason})
    about = "".join(f" {_WORDS[key]} `{visible(item[key], keep='')}`" for key in _WORDS if key in item)
    write_stderr(
        run.env, f"{api}: findings of `{visible(rule, keep='')}`{about} are suppressed from now on\n"
    )


def _check_place(item: dict[str, str]) -> None:
    """Check that the keys of an exception that say where it holds have values that can be meant.

    Raises:
        UsageError: One has none.
    """
    from dynacli.validation.finding_rules import BadIgnoreError, ignores_of

    reason = "".join(f"`{key}` is empty" for key, text in item.items() if not text.strip())
    try:
        ignores_of([{**item, "reason": "-"}])
    except BadIgnoreError as error:
        reason = str(error)
    if reason:
        hint = f"`{invocation('help validate')}` has the keys and their values"
        raise UsageError("This exception is not possible", reason=reason, hint=hint)


def _check_rule(rule: str) -> None:
    """Check that there are findings of a rule.

    Raises:
        UsageError: There are none.
    """
    from difflib import get_close_matches

    from dynacli.openapi.model.wording import did_you_mean
    from dynacli.validation.finding_rules import RULES

    if rule in {"*", *RULES}:
        return
    near = get_close_matches(rule, RULES, 3, 0.6)
    raise UsageError(
        f"`{rule}` is not a rule of findings",
        reason="A finding ends with its rule, such as `[type]`; `*` means all rules",
        hint=did_you_mean(near),
    )


_WORDS = {"operation": "of", "where": "in the", "pointer": "at", "status": "under the status"}
"""The keys of an exception that say where it holds, with the words before them in messages."""
