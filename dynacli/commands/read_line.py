"""The parser of the command line: it gives each argument its position and its meaning.

An argument gives an option of a table or an input of the operation. Groups, operations, completion, corrections and
`replay` all use this parser, so that they agree on options and their values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from dynacli.errors import UsageError
from dynacli.openapi.model.operation import Field, Parameter, ValueType
from dynacli.options.standard_options import CALL_OPTIONS, OPENING_OPTIONS, Option, Options
from dynacli.record import record, replace

_TRUE = "true"


_OPENING_FLAGS = frozenset(flag for option in OPENING_OPTIONS for flag in option.flags)


@record
class Binding:
    """The meaning of an option, and whether it takes a value.

    Args:
        takes_value: Whether the option takes a value.
        values: The allowed values; empty if others are allowed, too. If `value_alone` is set, the next argument is the
            value only if it is one of these.
        value_alone: The value of the option without a value; empty if it needs one. Without `values`, the next
            argument is the value unless it begins with `-`.
        option: The option of the table; None for an input of the operation, and for `--help`.
        parameter: The parameter that it gives in whole or in part; None for the body.
        field: The field of the parameter or the body; None for a whole parameter.
    """

    takes_value: bool = True
    values: tuple[str, ...] = ()
    value_alone: str = ""
    option: Option | None = None
    parameter: Parameter | None = None
    field: Field | None = None

    @property
    def is_input(self) -> bool:
        """Whether it is an input of the operation."""
        return self.parameter is not None or self.field is not None

    @property
    def is_boolean(self) -> bool:
        """Whether it is an input that takes a boolean."""
        return self.value_alone == _TRUE and self.is_input


Bindings = Mapping[str, Binding]
"""Flag (`--state`, `-o`) → its meaning."""
Find = Callable[[str], Binding | None]
"""Function that returns the binding of an option that is not listed; None for an unknown option."""

SWITCH = Binding(takes_value=False)
HELP: Bindings = {"-h": SWITCH, "--help": SWITCH}


@cache
def _binding_of(option: Option) -> Binding:
    return Binding(option.takes_value, option.values, option.value_alone, option)


def bindings_of(options: Iterable[Option]) -> dict[str, Binding]:
    """Return flag → binding for options of the tables."""
    bindings: dict[str, Binding] = {}
    for option in options:
        bindings.update(dict.fromkeys(option.flags, _binding_of(option)))
    return bindings


@cache
def standard_bindings() -> Bindings:
    """Return flag → binding for the options that are allowed before an API."""
    return bindings_of(CALL_OPTIONS)


def input_binding(parameter: Parameter | None, field: Field | None) -> Binding:
    """Return the binding of an input of an operation."""
    value = field.value if field is not None else parameter.value if parameter else None
    if value is None or value.type != "boolean":
        return Binding(parameter=parameter, field=field)
    may_be_empty = field is None and parameter is not None and parameter.allow_empty  # `allowEmptyValue`
    values = (_TRUE, "false", *([""] if may_be_empty else []))
    return Binding(values=values, value_alone=_TRUE, parameter=parameter, field=field)


@record
class Word:
    """An option with its value, or a positional argument.

    Args:
        flag: The option; empty for a positional argument.
        value: The value; None for an option without one. For a positional argument, the argument itself.
        binding: Its meaning; None for an unknown option, and for a positional argument that is not yet bound.
        start: Position of its first argument on the command line.
        end: Position after its last argument.
        is_placeholder: Whether the value is a placeholder that the user must fill in.
    """

    flag: str
    value: str | None = None
    binding: Binding | None = None
    start: int = 0
    end: int = 0
    is_placeholder: bool = False

    @property
    def option(self) -> Option | None:
        """The option of the table; None if it is not one."""
        return self.binding.option if self.binding is not None else None

    @property
    def option_name(self) -> str:
        """The name of the option of the table; empty if it is not one."""
        return self.option.name if self.option is not None else ""

    @property
    def parameter(self) -> Parameter | None:
        """The parameter that it gives in whole or in part."""
        return self.binding.parameter if self.binding is not None else None

    @property
    def field(self) -> Field | None:
        """The field of the parameter or the body that it gives."""
        return self.binding.field if self.binding is not None else None

    @property
    def is_input(self) -> bool:
        """Whether it is an input of the operation."""
        return self.binding is not None and self.binding.is_input

    @property
    def is_known(self) -> bool:
        """Whether it is an input or an option of the table."""
        return self.is_input or self.option is not None

    @property
    def value_type(self) -> ValueType:
        """The type of the values of the input."""
        origin = self.field or self.parameter
        return origin.value if origin is not None else ValueType()

    @property
    def key(self) -> tuple[str, str]:
        """Location and name of the parameter; `("body", "")` for the body."""
        return self.parameter.key if self.parameter is not None else ("body", "")

    @property
    def may_take_next(self) -> bool:
        """Whether it is an option that could take the next argument as its value."""
        return self.binding is not None and self.binding.takes_value and self.value is None

    @property
    def may_be_alone(self) -> bool:
        """Whether it is an option that takes any value or none."""
        return self.binding is not None and bool(self.binding.value_alone) and not self.binding.values

    @property
    def lacks_value(self) -> bool:
        """Whether it is an option that needs a value and has none."""
        binding = self.binding
        return self.value is None and binding is not None and binding.takes_value and not binding.value_alone

    @property
    def text(self) -> str:
        """The value, or the one that the option has without a value; empty for none."""
        if self.value is None:
            return self.binding.value_alone if self.binding is not None else ""
        return self.value

    @property
    def words(self) -> list[str]:
        """The arguments that give the same, independent of the next argument."""
        if not self.flag or not (self.text or self.value is not None):
            return [self.flag or self.text]
        return [f"{self.flag}={self.text}"] if self.flag.startswith("--") else [self.flag, self.text]


class CommandLine:
    """The parsed arguments of a command, or of a part of a command line.

    Args:
        words: Options and positional arguments, in order.
        bindings: Flag → meaning of each known option.
        find: Returns the binding of an option that `bindings` lacks.
        end_of_options: Position of `--`, after which no argument is an option; None without `--`.

    Attributes:
        given: The options.
        flags: The flags of the options.
        positional: The positional arguments, as typed.
        without_value: The flag of a last option whose value is missing; empty for none.
        asks_for_help: Whether `-h` or `--help` is given.
    """

    def __init__(
        self,
        words: list[Word],
        bindings: Bindings,
        find: Find | None = None,
        *,
        end_of_options: int | None = None,
    ) -> None:
        self.words, self.bindings, self.end_of_options = words, bindings, end_of_options
        self._find = find
        self.given: list[Word] = []
        self.flags: set[str] = set()
        self.positional: list[str] = []
        self.without_value = ""
        for word in words:
            if not word.flag:
                self.positional.append(word.value or "")
                continue
            self.given.append(word)
            self.flags.add(word.flag)
        if words and words[-1].lacks_value:  # any other option has taken the next argument
            self.without_value = words[-1].flag
        self.asks_for_help = not self.flags.isdisjoint(HELP)

    def option_of_value(self, argument: str) -> tuple[Word | None, str]:
        """Return the option whose value the next argument is or may be, and the part of the argument before the value.

        `js` after `-o`, `--output=js`, `-ojs` and `-vojs` are for `-o`. After `--` no argument is an option.
        """
        if self.words and self.words[-1].may_take_next:
            return self.words[-1], ""
        is_negated = argument.startswith("--no-") and "=" not in argument  # its value is not in the argument
        if self.end_of_options is not None or is_negated:
            return None, ""
        options = read_words([argument], self.bindings, self._find).given
        value = options[-1].value if options else None
        return (None, "") if value is None else (options[-1], argument[: len(argument) - len(value)])

    def values_of(self, flags: Collection[str]) -> list[str]:
        """Return the values of the given flags in order, empty for an option without a value."""
        return [word.value or "" for word in self.given if word.flag in flags]

    def inputs(self) -> Iterator[tuple[Parameter | None, Field | None, list[str]]]:
        """Yield the parameter, the field and the values of each input.

        They follow the order of the options of the operation. Positional arguments come last.
        """
        given: dict[Binding, list[str]] = {}
        for word in self.words:
            if word.binding is not None and word.binding.is_input:
                given.setdefault(word.binding, []).append(word.text)
        for binding in dict.fromkeys((*self.bindings.values(), *given)):
            if binding in given:
                yield binding.parameter, binding.field, given[binding]

    @cached_property
    def options(self) -> Options:
        """The standard options among the arguments.

        dynacli needs them before it knows the command: to print errors, and to open the document that declares
        the other options. An invalid value counts as not given: the command refuses it later.
        """
        return self.take_options(Options(), is_checked=False)[0]

    def take_options(self, options: Options, *, is_checked: bool = True) -> tuple[Options, dict[str, Any]]:
        """Add the standard options of this line. Return them, and name → value of the command's own options.

        All values of a repeatable option count. Of any other option the last value counts.

        Args:
            options: The options that precede this line.
            is_checked: Whether an invalid value raises an error; otherwise it counts as not given.

        Raises:
            UsageError: A value is invalid.
        """
        own: dict[str, Any] = {}
        given: dict[Option, list[Word]] = {}
        for word in self.given:
            if word.binding is not None and word.binding.option is not None and not word.lacks_value:
                given.setdefault(word.binding.option, []).append(word)
        for option, words in given.items():
            # `-o` may be given twice: with a format and with a file.
            is_collected = option.is_multiple or option.kind == "format"
            for word in words if is_collected else words[-1:]:
                value: Any = word.text if option.takes_value else True
                try:
                    if option.choices:
                        check_choice(word.text, option.flags[-1], (*option.choices, option.value_alone))
                    elif option.kind:
                        from dynacli.commands._option_values import option_value

                        value = option_value(option, word.text)
                except UsageError:
                    if is_checked:
                        raise
                    continue
                if option.group:
                    options = options.with_value(option.name, (value,) if option.is_multiple else value)
                else:
                    name = option.argument
                    own[name] = (*own.get(name, ()), value) if option.is_multiple else value
        return options, own

    def arguments_of(self, parameters: Iterable[Parameter]) -> list[Parameter]:
        """Return the path parameters that no option gives, in order. The positional arguments give these."""
        by_option = {word.parameter for word in self.given}
        return [
            parameter
            for parameter in parameters
            if parameter.location == "path" and parameter not in by_option
        ]

    def with_arguments(self, parameters: Iterable[Parameter]) -> CommandLine:
        """Return the line with each positional argument bound to its path parameter.

        Args:
            parameters: All parameters of the operation.
        """
        following = iter(self.arguments_of(parameters))
        words = [
            word if word.flag else replace(word, binding=Binding(parameter=next(following, None)))
            for word in self.words
        ]
        return CommandLine(words, self.bindings, self._find, end_of_options=self.end_of_options)


def may_say_how_to_open(words: Iterable[str]) -> bool:
    """Return whether arguments may contain an option for opening a document, without parsing them."""
    return any(word.partition("=")[0] in _OPENING_FLAGS for word in words)


def check_choice(text: str, name: str, choices: Iterable[str]) -> None:
    """Check that a value is one of the allowed values of an option or an argument.

    Args:
        name: Name of the option or the argument for the error.

    Raises:
        UsageError: The value is not allowed.
    """
    listed = list(dict.fromkeys(filter(None, choices)))
    if text not in listed:
        values = ", ".join(map(repr, listed))
        reason = f"{text!r} is not {'one of ' if len(listed) > 1 else ''}{values}"
        raise UsageError(f"`{name}` has an invalid value", reason=reason)


def read_words(
    words: Sequence[str],
    bindings: Bindings | None = None,
    find: Find | None = None,
    *,
    stop_at_positional: bool = False,
) -> CommandLine:
    """Parse the arguments of a command line.

    Args:
        words: The arguments as the shell passed them.
        bindings: Flag → meaning; None for the options that are allowed before an API.
        find: Returns the binding of an option that `bindings` lacks.
        stop_at_positional: Whether all arguments from the first positional one on are positional.
    """
    if bindings is None:
        bindings = standard_bindings()
    read: list[Word] = []
    end_of_options: int | None = None
    has_ended = False
    index = 0
    while index < len(words):
        word = words[index]
        if word == "--" and not has_ended:
            end_of_options, has_ended = index, True
            index += 1
            continue
        if has_ended or not word.startswith("-") or word == "-" or _is_number(word):
            has_ended = has_ended or stop_at_positional
            read.append(Word("", word, None, index, index + 1))
        elif word.startswith("--"):
            read.append(_long_option(words, index, bindings, find))
        else:
            read += _short_options(words, index, bindings)
        index = read[-1].end
    return CommandLine(read, bindings, find, end_of_options=end_of_options)


def words_with_values(
    words: Sequence[str], values: Mapping[str, str], spellings: Collection[str] = ()
) -> list[str]:
    """Return the arguments of a command line with new values of some options, placed after all other options.

    Args:
        values: Flag → value.
        spellings: Further flags of the same options, which are removed.
    """
    from dynacli.openapi.model.wording import option_pair

    flags = {*values, *spellings}
    line = read_words(words, dict.fromkeys(flags, Binding()))
    removed = {
        position for word in line.given if word.flag in flags for position in range(word.start, word.end)
    }
    end = len(words) if line.end_of_options is None else line.end_of_options
    kept = [word for position, word in enumerate(words[:end]) if position not in removed]
    return [*kept, *(text for item in values.items() for text in option_pair(*item)), *words[end:]]


def _is_number(word: str) -> bool:
    return word[1:2].isdigit() or (word[1:2] == "." and word[2:3].isdigit())


def _long_option(words: Sequence[str], start: int, bindings: Bindings, find: Find | None) -> Word:
    flag, equals, text = words[start].partition("=")
    value, binding = text if equals else None, bindings.get(flag)
    if binding is None and find is not None:
        binding = find(flag)
    if binding is None and flag.startswith("--no-") and not equals:
        negated = f"--{flag.removeprefix('--no-')}"
        positive = bindings.get(negated)
        if positive is not None and positive.is_boolean:
            return Word(negated, "false", positive, start, start + 1)
    if binding is None or not binding.takes_value or equals or start + 1 == len(words):
        return Word(flag, value, binding, start, start + 1)
    following = words[start + 1]
    if binding.value_alone and not _is_value_of(binding, following):
        return Word(flag, None, binding, start, start + 1)
    return Word(flag, following, binding, start, start + 2)


def _is_value_of(binding: Binding, following: str) -> bool:
    """Return whether an argument is the value of an option that may be given alone."""
    return following.lower() in binding.values if binding.values else not following.startswith("-")


def _short_options(words: Sequence[str], start: int, bindings: Bindings) -> list[Word]:
    """Return the options of an argument such as `-vojson`: switches, then an option with its value, if there is one."""
    word = words[start]
    read: list[Word] = []
    for index in range(1, len(word)):
        flag, joined = f"-{word[index]}", word[index + 1 :]
        binding = bindings.get(flag)
        if binding is None:  # the rest may be its value
            return [*read, Word(flag, None, None, start, start + 1)]
        if not binding.takes_value:
            read.append(Word(flag, None, binding, start, start + 1))
        elif joined or start + 1 == len(words):
            return [*read, Word(flag, joined or None, binding, start, start + 1)]
        else:
            return [*read, Word(flag, words[start + 1], binding, start, start + 2)]
    return read
