"""The words of a command line, put into a form that click parses without guessing, and the options among them.

click lets an option with an optional value take the word behind it, whatever it is, and takes `-5` for an option.
Here each option is joined to its value, and all positional words come behind `--`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from dynacli.commands.standard_options import INPUT_OPTIONS, STANDARD_OPTIONS, StandardOption
from dynacli.record import record

if TYPE_CHECKING:
    from dynacli.client.call_settings import CallOptions
    from dynacli.commands.run import Run
    from dynacli.output.output_form import OutputForm

__all__ = [
    "BOOLEAN",
    "EMPTY_BOOLEAN",
    "SWITCH",
    "VALUE",
    "ArrangedWords",
    "Options",
    "ValueRule",
    "arrange",
    "click_options",
    "options_by_flag",
    "options_in",
    "rules_of",
    "standard_rules",
]


@record
class Options:
    """The standard options of one run, each under its name in the table of standard options.

    Of an option that may be repeated all values count, in the order in which they were given. Of any other the last
    value counts, so that an option behind the operation wins over the same one before the API.
    """

    output: str = ""
    filter: str = ""
    columns: str = ""
    include: bool = False
    all: str = ""
    max_items: int | None = None
    wait: str = ""
    wait_timeout: float | None = None
    wait_interval: float | None = None
    follow: tuple[str, ...] = ()
    validate: str = ""
    report: tuple[str, ...] = ()
    resume: bool = False
    remote_name: bool = False
    progress: str = ""
    dry_run: str = ""
    show_secrets: bool = False
    server: str = ""
    server_var: tuple[str, ...] = ()
    profile: str = ""
    auth: str = ""
    header: tuple[str, ...] = ()
    timeout: float | None = None
    retries: int | None = None
    retry_unsafe: bool = False
    retry_status: tuple[int, ...] = ()
    rate: str = ""
    accept_origin: tuple[str, ...] = ()
    allow_ref: tuple[str, ...] = ()
    allow_files: bool = False
    refresh: bool = False
    offline: bool = False
    verbose: bool = False
    no_fail: bool = False
    yes: bool = False
    no_input: bool = False
    no_pager: bool = False
    error_format: str = ""
    debug: bool = False
    body: str | None = None
    set: tuple[str, ...] = ()
    content_type: str = ""
    editor: bool = False
    example: bool = False
    part_header: tuple[str, ...] = ()
    file: tuple[str, ...] = ()

    def with_value(self, name: str, value: Any) -> "Options":
        """Return the options with one more value; those of an option that may be repeated are collected."""
        if isinstance(value, tuple):
            value = (*self.__dict__[name], *value)
        return Options(**{**self.__dict__, name: value})

    def followed_by(self, later: "Options") -> "Options":
        """Return the options with those of a later part of the command line laid over them."""
        options = self
        for name, value in later.__dict__.items():
            if value != getattr(Options, name):
                options = options.with_value(name, value)
        return options

    @property
    def asks_for_several_calls(self) -> bool:
        """Whether more calls than one may be needed until the answer comes that is asked for."""
        return bool(self.wait or self.follow) or (self.wait_timeout, self.wait_interval) != (None, None)

    @property
    def call_options(self) -> "CallOptions":
        """The options that say how a call is made and judged."""
        from dynacli.client.call_settings import CallOptions

        return CallOptions(
            level=self.validate,
            profile=self.profile,
            server=self.server,
            server_variables=self.server_var,
            headers=self.header,
            timeout=self.timeout,
            retries=self.retries,
            may_retry_unsafe=self.retry_unsafe,
            retry_statuses=self.retry_status,
            rate=self.rate,
            accepted_origins=self.accept_origin,
            is_reported=bool(self.report),
            is_verbose=self.verbose,
            auth=self.auth,
        )

    @property
    def output_form(self) -> "OutputForm":
        """The form in which the result is written.

        Raises:
            UsageError: The options do not go together.
        """
        return self.output_form_for("")

    def output_form_for(self, default: str) -> "OutputForm":
        """Return the form in which the answer of a call is written.

        Args:
            default: The format that an API or a profile has; empty for none.

        Raises:
            UsageError: The options do not go together.
        """
        from dynacli.output.output_form import OutputForm, form_of

        may_page = not (self.no_input or self.no_pager)
        if may_page and not (self.output or default or self.filter or self.columns or self.include):
            return OutputForm()  # what a plain call needs, without another module on its way
        return form_of(
            self.output,
            default=default,
            filter_=self.filter,
            columns=self.columns,
            include=self.include,
            may_page=may_page,
        )

    def opens_like(self, other: "Options") -> bool:
        """Return whether both options open the document of an API in the same way."""
        return (self.refresh, self.offline, self.allow_ref, self.profile) == (
            other.refresh,
            other.offline,
            other.allow_ref,
            other.profile,
        )


class ValueRule(NamedTuple):
    """Whether a value stands behind an option.

    Args:
        takes_value: Whether the option has a value.
        optional_values: The words that are taken for the value of an option that may also stand alone.
        value_alone: The value of such an option where it stands alone; empty for an option that needs a value.
    """

    takes_value: bool
    optional_values: tuple[str, ...] = ()
    value_alone: str = ""


SWITCH = ValueRule(takes_value=False)
VALUE = ValueRule(takes_value=True)
BOOLEAN = ValueRule(takes_value=True, optional_values=("true", "false"), value_alone="true")
EMPTY_BOOLEAN = BOOLEAN._replace(optional_values=("true", "false", ""))
"""The rule of a boolean whose value may be empty (`allowEmptyValue`)."""


@record
class ArrangedWords:
    """The words of a command line, arranged.

    Args:
        options: The options, each joined to its value; `-o` and its value are two words.
        positional: All other words.
        without_value: The flag of an option at the end whose value is missing; empty where there is none.
    """

    options: list[str]
    positional: list[str]
    without_value: str

    def check(self, ctx: click.Context) -> None:
        """Check that no option lacks its value.

        Raises:
            click.BadOptionUsage: The last word is an option that needs a value.
        """
        if self.without_value:
            raise click.BadOptionUsage(self.without_value, "", ctx)


def rules_of(params: Iterable[click.Parameter]) -> dict[str, ValueRule]:
    """Return flag → rule of click's options."""
    rules: dict[str, ValueRule] = {}
    with_optional_value = {
        option.name: option for option in (*STANDARD_OPTIONS, *INPUT_OPTIONS) if option.flag_value
    }
    for param in params:
        if not isinstance(param, click.Option):
            continue
        if param.is_flag:
            rule = SWITCH
        elif param.name in with_optional_value:
            rule = _rule_of(with_optional_value[param.name])
        else:
            rule = VALUE
        rules.update(dict.fromkeys(param.opts, rule))
    return rules


@cache
def standard_rules() -> dict[str, ValueRule]:
    """Return flag → rule of the standard options."""
    return {flag: _rule_of(option) for option in (*STANDARD_OPTIONS, *INPUT_OPTIONS) for flag in option.flags}


def _rule_of(option: StandardOption) -> ValueRule:
    if option.flag_value:
        return ValueRule(takes_value=True, optional_values=option.choices, value_alone=option.flag_value)
    return VALUE if option.metavar else SWITCH


def arrange(
    words: Sequence[str],
    rules: Mapping[str, ValueRule],
    find: Callable[[str], tuple[str, ValueRule] | None] | None = None,
    *,
    stop_at_positional: bool = False,
) -> ArrangedWords:
    """Return the options, each joined to its value, and the positional words.

    Args:
        words: The words as they came from the shell.
        rules: Flag (`--state`, `-o`) → whether a value stands behind it.
        find: Returns the flag to use and its rule for a flag that is not in `rules`, or None.
        stop_at_positional: Whether everything from the first positional word on is positional.
    """
    options: list[str] = []
    positional: list[str] = []
    without_value = ""
    index = 0
    while index < len(words):
        word = words[index]
        index += 1
        if word == "--":
            positional.extend(words[index:])
            break
        if not word.startswith("-") or word == "-" or _is_number(word):
            positional.append(word)
            if stop_at_positional:
                positional.extend(words[index:])
                break
            continue
        if not word.startswith("--"):
            flag, value = word[:2], word[2:]
            rule = rules.get(flag)
            if rule is None or not rule.takes_value or value:
                options.append(word)  # `-v`, `-ojson`, or an unknown flag, which click refuses
            elif index < len(words):
                options.extend([flag, words[index]])
                index += 1
            else:
                without_value = flag
            continue
        flag, equals, value = word.partition("=")
        rule = rules.get(flag)
        if rule is None and find is not None:
            found = find(flag)
            if found is not None:
                flag, rule = found
        if rule is None:
            negated = "--" + flag.removeprefix("--no-")
            if flag.startswith("--no-") and rules.get(negated) in {BOOLEAN, EMPTY_BOOLEAN} and not equals:
                options.append(f"{negated}=false")
            else:
                options.append(word)  # click refuses it
        elif equals or not rule.takes_value:
            options.append(f"{flag}{equals}{value}")
        elif rule.value_alone:
            if index < len(words) and words[index].lower() in rule.optional_values:
                options.append(f"{flag}={words[index]}")
                index += 1
            else:
                options.append(f"{flag}={rule.value_alone}")
        elif index < len(words):
            options.append(f"{flag}={words[index]}")
            index += 1
        else:
            # click would take the `--` that is put behind all options for the value.
            without_value = flag
    return ArrangedWords(options, positional, without_value)


def _is_number(word: str) -> bool:
    return word[1:2].isdigit() or (word[1:2] == "." and word[2:3].isdigit())


def click_options(
    options: tuple[StandardOption, ...], taken: frozenset[str] = frozenset()
) -> list[click.Option]:
    """Return click's options for standard options.

    Args:
        taken: Flags that the operation has for options of its own.
    """
    params = []
    for option in options:
        flags = [flag for flag in option.flags if flag not in taken]
        if flags:
            params.append(_click_option(option, flags))
    return params


def _click_option(option: StandardOption, flags: list[str]) -> click.Option:
    settings: dict[str, Any] = {"expose_value": False, "callback": _keep_value}
    if option.metavar:
        settings["metavar"] = option.metavar
    else:
        # Not False, which would overwrite a switch that stood before the API.
        settings.update(is_flag=True, default=None)
    if option.choices:
        alone = [option.flag_value] if option.flag_value not in ("", *option.choices) else []
        settings["type"] = click.Choice([*option.choices, *alone])
    if option.flag_value:
        settings.update(is_flag=False, flag_value=option.flag_value)
    if option.is_multiple:
        settings["multiple"] = True
    if option.convert is not None:
        settings["type"] = _Converted(option.convert, option.flags[0])
    made = click.Option([option.name, *flags], **settings)
    # As an argument it would be tidied like a docstring, for which click imports `inspect`.
    made.help = option.help
    return made


class _Converted(click.ParamType):  # type: ignore[type-arg]  # click has type arguments since 8.4
    """The type of an option whose value is converted as soon as it is read."""

    name = "converted"

    def __init__(self, convert: Callable[[str, str], str | float], flag: str) -> None:
        self._convert, self._flag = convert, flag

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str | float:  # noqa: ARG002
        return self._convert(value, self._flag)


def _keep_value(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Add the value of an option to those of the run."""
    if value is not None and value != () and param.name is not None:
        run: Run = ctx.obj
        run.options = run.options.with_value(param.name, value)


@cache
def options_by_flag() -> dict[str, StandardOption]:
    """Return flag → standard option."""
    return {flag: option for option in (*STANDARD_OPTIONS, *INPUT_OPTIONS) for flag in option.flags}


def options_in(words: Sequence[str]) -> Options:
    """Return the standard options among arranged words.

    They are needed before click parses the words: for errors of the command line, and to open the document, which
    says which other options there are. A wrong value counts as not given here: click refuses it later.
    """
    from dynacli.errors import UsageError

    options, by_flag = Options(), options_by_flag()
    for index, word in enumerate(words):
        flag, equals, value = word.partition("=")
        option = by_flag.get(flag)
        if option is None:
            continue
        if not option.metavar:
            options = options.with_value(option.name, True)
            continue
        if not equals:
            value = words[index + 1] if index + 1 < len(words) and not flag.startswith("--") else ""
        try:
            converted = option.convert(value, option.flags[0]) if option.convert is not None else value
        except UsageError:
            continue
        options = options.with_value(option.name, (converted,) if option.is_multiple else converted)
    return options
