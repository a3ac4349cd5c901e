"""The words of a command line, read once: each option with its value and its position.

click lets an option with an optional value take the word after it, whatever it is, and takes `-5` for an option. So
words are read here, for click, completion, corrections and `replay` alike; click gets them in a form that it cannot
read in another way.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache

from dynacli.options.standard_options import INPUT_OPTIONS, STANDARD_OPTIONS, Option
from dynacli.record import record, replace


@record
class ValueRule:
    """Whether a value stands after an option.

    Args:
        takes_value: Whether the option has a value.
        optional_values: The words that are taken for the value of an option that may also stand alone.
        value_alone: The value of such an option if it stands alone; empty for an option that needs a value.
    """

    takes_value: bool
    optional_values: tuple[str, ...] = ()
    value_alone: str = ""


SWITCH = ValueRule(takes_value=False)
VALUE = ValueRule(takes_value=True)
BOOLEAN = ValueRule(takes_value=True, optional_values=("true", "false"), value_alone="true")
EMPTY_BOOLEAN = replace(BOOLEAN, optional_values=("true", "false", ""))
"""The rule of a boolean whose value may be empty (`allowEmptyValue`)."""


def rules_of(options: Iterable[Option]) -> dict[str, ValueRule]:
    """Return flag → rule of options of the tables."""
    rules: dict[str, ValueRule] = {}
    for option in options:
        rules.update(dict.fromkeys(option.flags, _rule_of(option)))
    return rules


@cache
def standard_rules() -> dict[str, ValueRule]:
    """Return flag → rule of the options that stand before an API."""
    return rules_of((*STANDARD_OPTIONS, *INPUT_OPTIONS))


def _rule_of(option: Option) -> ValueRule:
    if option.value_alone:
        return ValueRule(takes_value=True, optional_values=option.values, value_alone=option.value_alone)
    return VALUE if option.takes_value else SWITCH


@record
class ReadWord:
    """An option with its value, or a positional word.

    Args:
        start: The position of its first word.
        end: The position after its last word.
        words: The words that give it, so that click cannot read them in another way; of an option that lacks its
            value the flag.
        flag: The option; empty for a positional word.
        value: The value that was given; None for none.
        rule: Whether a value stands after the option; None for an unknown one, and for a positional word.
    """

    start: int
    end: int
    words: tuple[str, ...]
    flag: str = ""
    value: str | None = None
    rule: ValueRule | None = None

    @property
    def may_take_next(self) -> bool:
        """Whether the option has no value and could take the word after it for one."""
        return self.rule is not None and self.rule.takes_value and self.value is None

    @property
    def lacks_value(self) -> bool:
        """Whether it is an option whose value is missing."""
        return self.may_take_next and self.rule is not None and not self.rule.value_alone


class ParsedWords:
    """The words of a command line, read.

    Args:
        read: Options and positional words, in the order in which they stand.
        has_separator: Whether `--` has ended the options.

    Attributes:
        given: The options.
        flags: Their flags.
        options: Their words for click, each option joined to its value; without one that lacks its value.
        positional: All other words.
        without_value: The flag of an option at the end whose value is missing; empty if there is none.
    """

    def __init__(self, read: list[ReadWord], *, has_separator: bool) -> None:
        self.read, self.has_separator = read, has_separator
        self.given: list[ReadWord] = []
        self.flags: set[str] = set()
        self.options: list[str] = []
        self.positional: list[str] = []
        self.without_value = ""
        for word in read:
            if not word.flag:
                self.positional.append(word.words[0])
                continue
            self.given.append(word)
            self.flags.add(word.flag)
            if word.lacks_value:
                self.without_value = word.flag
            else:
                self.options.extend(word.words)

    def values_of(self, flags: Collection[str]) -> list[str]:
        """Return the values that any of some options was given, empty for none, in order."""
        return [word.value or "" for word in self.given if word.flag in flags]

    @property
    def open_option(self) -> str:
        """The flag of the last option if its value is what would come next; empty if it is not."""
        return self.read[-1].flag if self.read and self.read[-1].may_take_next else ""

    def for_click(self) -> list[str]:
        """Return the words in a form that click cannot read in another way: `--` stands after the options."""
        return [*self.options, "--", *self.positional]


def parse(
    words: Sequence[str],
    rules: Mapping[str, ValueRule],
    find: Callable[[str], tuple[str, ValueRule] | None] | None = None,
    *,
    stop_at_positional: bool = False,
) -> ParsedWords:
    """Return words, read.

    Args:
        words: As they came from the shell.
        rules: Flag (`--state`, `-o`) → whether a value stands after it.
        find: Returns the flag to use and its rule for a flag that is not in `rules`, or None.
        stop_at_positional: Whether everything from the first positional word on is positional.
    """
    read: list[ReadWord] = []
    has_separator = has_ended = False
    index = 0
    while index < len(words):
        word = words[index]
        if word == "--" and not has_ended:
            has_separator = has_ended = True
            index += 1
            continue
        if has_ended or not word.startswith("-") or word == "-" or _is_number(word):
            has_ended = has_ended or stop_at_positional
            read.append(ReadWord(index, index + 1, (word,)))
        else:
            read.append(_option(words, index, rules, find))
        index = read[-1].end
    return ParsedWords(read, has_separator=has_separator)


def _is_number(word: str) -> bool:
    return word[1:2].isdigit() or (word[1:2] == "." and word[2:3].isdigit())


def _option(
    words: Sequence[str],
    start: int,
    rules: Mapping[str, ValueRule],
    find: Callable[[str], tuple[str, ValueRule] | None] | None,
) -> ReadWord:
    word, following = words[start], words[start + 1 : start + 2]
    if not word.startswith("--"):
        flag, joined = word[:2], word[2:]
        rule = rules.get(flag)
        if rule is None or not rule.takes_value:  # `-v`, or an unknown one, which click refuses
            return ReadWord(start, start + 1, (word,), flag, None, rule)
        if joined:
            return ReadWord(start, start + 1, (word,), flag, joined, rule)
        if following:
            return ReadWord(start, start + 2, (flag, *following), flag, following[0], rule)
        return ReadWord(start, start + 1, (flag,), flag, None, rule)
    flag, equals, text = word.partition("=")
    rule = rules.get(flag)
    if rule is None and find is not None:
        flag, rule = find(flag) or (flag, None)
    if rule is None:
        negated = "--" + flag.removeprefix("--no-")
        rule = rules.get(negated)
        if flag.startswith("--no-") and rule in (BOOLEAN, EMPTY_BOOLEAN) and not equals:
            return ReadWord(start, start + 1, (f"{negated}=false",), negated, "false", rule)
        return ReadWord(start, start + 1, (word,), flag, text if equals else None)  # click refuses it
    if equals or not rule.takes_value:
        return ReadWord(start, start + 1, (f"{flag}{equals}{text}",), flag, text if equals else None, rule)
    is_value = bool(following) and (not rule.value_alone or following[0].lower() in rule.optional_values)
    if is_value:
        return ReadWord(start, start + 2, (f"{flag}={following[0]}",), flag, following[0], rule)
    # Of one that lacks its value click would take the `--` that is put after all options for it.
    alone = f"={rule.value_alone}" if rule.value_alone else ""
    return ReadWord(start, start + 1, (f"{flag}{alone}",), flag, None, rule)
