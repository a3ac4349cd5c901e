"""The command line of a call, which can be changed in parts and printed for a shell."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from dynacli.client.inputs.collect_values import input_name
from dynacli.client.secret_names import password_names
from dynacli.client.sign_request import is_secret_input
from dynacli.commands.operation_table import OperationTable
from dynacli.commands.read_line import CommandLine, Word, read_words, standard_bindings
from dynacli.environment import invocation_words
from dynacli.http.semantics import is_multipart
from dynacli.openapi.model.wording import option_pair, placeholder, reads_input, shell_line
from dynacli.openapi.schema.example_call import option_text
from dynacli.options.standard_options import Option
from dynacli.record import replace
from dynacli.secrets import (
    Masker,
    Secret,
    is_secret_header,
    is_secret_name,
    is_secret_path,
    mask_text,
    mask_url,
    secrets_in,
    with_masked_query,
)

_LONGEST_TO_FILL_IN = 240
"""Maximum characters of placeholder options in a suggested command."""
_INDEX = re.compile(r"(?<=[^-])\[(\d+)\]")


def unfilled(word: Word) -> Word:
    """Return an option or a positional argument with a placeholder for its value."""
    if word.option is not None:
        text = re.split(r"[\[|]", word.option.metavar.strip("[]"))[0] or "VALUE"
    elif word.field is None and word.parameter is not None and word.parameter.location == "path":
        text = input_name(word.parameter)
    else:
        only = (word.value_type.items or word.value_type).enum
        if len(only) == 1 and not reads_input(option_text(only[0])):
            return replace(word, value=option_text(only[0]), is_placeholder=False)
        text = placeholder(word.value_type).removesuffix("...").strip()
        text = "true" if text.startswith("[") else text
    return replace(word, value=text, is_placeholder=text != "true")


def filled(word: Word) -> Word:
    """Return an argument as typed. An option without a value gets the one that this means, or a placeholder."""
    if not word.may_take_next:
        return word
    return replace(word, value=word.text) if word.text else unfilled(word)


class CallLine:
    """The command line of one call.

    Attributes:
        table: The options of the operation, for the media type to send.
        before: The options before the API.
        after: Everything after the operation, in order.
        verb: The command before the API, such as `read`; empty for none.
        typed: The arguments that the user typed. Only these may name a file.
    """

    def __init__(
        self,
        table: OperationTable,
        before: Iterable[Word],
        words: Iterable[Word],
        verb: str,
        typed: Sequence[str],
    ) -> None:
        self.table, self.verb, self.typed = table, verb, typed
        self.before = list(map(self._without_foreign_files, before))
        self.after = list(map(self._without_foreign_files, words))

    def _without_foreign_files(self, word: Word) -> Word:
        """Return an argument, with a placeholder if its value would read a file that the user did not name."""
        media_type = self.table.described.media_type
        takes_files = word.option_name in {"body", "inputs"} or (
            word.field is not None
            and word.parameter is None
            and media_type is not None
            and is_multipart(media_type.name)
        )
        value = word.value or ""
        if not takes_files or not reads_input(value) or self._is_typed(value):
            return word
        return unfilled(word)

    def _is_typed(self, value: str) -> bool:
        """Return whether the user typed a value, with or without `@`: as an argument, or joined to an option."""
        texts = {value, value.removeprefix("@")}
        return any(not texts.isdisjoint((word, word.partition("=")[2], word[2:])) for word in self.typed)

    def with_after(self, words: Iterable[Word]) -> CallLine:
        """Return the line with other arguments after the operation. Positional ones are bound to path parameters."""
        line = CommandLine(list(words), {}).with_arguments(self.table.described.operation.parameters)
        return CallLine(self.table, self.before, line.words, self.verb, self.typed)

    def with_before(self, before: Iterable[Word]) -> CallLine:
        """Return the line with other options before the API."""
        return CallLine(self.table, before, self.after, self.verb, self.typed)

    def changed(self, change: Callable[[list[Word]], Iterable[Word]]) -> CallLine:
        """Return the line with a change to the options before the API and to the arguments after the operation."""
        return self.with_before(change(self.before)).with_after(change(self.after))

    def without(self, is_unwanted: Callable[[Word], bool]) -> CallLine:
        """Return the line without some arguments, before or after the operation."""
        return self.changed(lambda words: [word for word in words if not is_unwanted(word)])

    def with_words(self, words: Sequence[str]) -> CallLine:
        """Return the line with other arguments after the operation, given as strings."""
        return self.with_after(map(filled, read_words(words, self.table.bindings, self.table.find).words))

    def word_of(self, flag: str, value: str | None) -> Word:
        """Return an option as an argument.

        Args:
            value: The value; None for none. A switch ignores it.
        """
        binding = self.table.find(flag)
        is_switch = binding is not None and not binding.takes_value
        return filled(Word(flag, None if is_switch else value, binding))

    def given(self) -> set[tuple[tuple[str, str], tuple[str, ...]]]:
        """Return the inputs that the line gives: the parameter, and the path of the field."""
        return {(word.key, word.field.path if word.field else ()) for word in self.after if word.is_input}

    def placeholders(self) -> list[Word]:
        """Return the arguments with placeholders."""
        return [word for word in (*self.before, *self.after) if word.is_placeholder]

    def words(self, *, is_complete: bool = True, by_option: bool = False) -> list[str]:
        """Return the arguments after the operation, as strings.

        Args:
            is_complete: Whether to include placeholders.
            by_option: Whether to give path parameters by option, so that some may be omitted.
        """
        made: list[str] = []
        for word in self.after:
            if not is_complete and word.is_placeholder:
                continue
            is_named = by_option and not word.flag and word.parameter is not None
            made += _words_of(_by_option(word) if is_named else word)
        return made

    def before_words(self) -> list[str]:
        """Return the options before the API, as strings, without placeholders."""
        return [text for word in self.before if not word.is_placeholder for text in _words_of(word)]

    def with_options(self, removed: Collection[str], *added: tuple[str, str | None]) -> CallLine:
        """Return the line with some standard options removed, and others added.

        Args:
            removed: Names of the options to remove.
            added: Flag and value of each option to add.
        """
        line = self.without(lambda word: word.option_name in removed)
        for flag, value in added:
            word = line.word_of(flag, value)
            if word.is_input:  # after the operation, the flag would mean the operation's own option
                line = line.with_before([*line.before, Word(flag, value, standard_bindings()[flag])])
            else:
                line = line.with_after([*line.after, word])
        return line

    def shorter(self) -> Iterator[CallLine]:
        """Yield lines with `--example` or a body to fill in, if there are too many options to fill in."""
        options = [word for word in self.placeholders() if word.is_input and word.flag]
        if sum(len(text) + 1 for word in options for text in _words_of(word)) <= _LONGEST_TO_FILL_IN:
            return
        line = self.without(lambda word: word in options)
        yield line.with_options(("example",), ("--example", None))
        if any(word.option_name == "body" for word in line.after):
            yield line.changed(
                lambda words: [unfilled(word) if word.option_name == "body" else word for word in words]
            )

    @property
    def typed_text(self) -> str:
        """The line for a POSIX shell as typed, including secrets."""
        program_name, *verb = invocation_words(self.verb, self.table.described.api.name)
        name = self.table.described.operation.name
        return shell_line([program_name, *self.before_words(), *verb, name, *self.words()])

    def text(self, variables: Mapping[str, str]) -> str:
        """Return the line for a POSIX shell, with placeholders for secrets.

        Args:
            variables: The environment variables, whose values may be secrets.
        """
        described = self.table.described
        keys = (name for location, name in described.operation.api_keys if location == "query")
        names = {*password_names(described), *keys}
        words = (*self.before, *self.after)
        secrets = [Secret(word.value) for word in words if word.value and _is_secret(word)]
        masker = Masker((*secrets_in(variables), *secrets))
        program_name, *verb = invocation_words(self.verb, with_masked_query(described.api.name))
        before, after = (_shown(part, names, masker) for part in (self.before, self.after))
        operation = described.operation
        name = [operation.name] if described.is_documented else [operation.method, operation.path]
        return shell_line([program_name, *before, *verb, *name, *after])


def _by_option(word: Word) -> Word:
    """Return a positional argument as an option."""
    return replace(word, flag=f"--{word.parameter.option}") if word.parameter is not None else word


def _words_of(word: Word) -> list[str]:
    if word.field is not None and "[" in word.flag:
        # `--criteria.0.text` needs no quotes in any shell.
        word = replace(word, flag=_INDEX.sub(r".\1", word.flag))
    if word.value is None:
        return [word.flag]
    if not word.flag:
        is_option = word.value.startswith("-") and word.parameter is not None
        return _words_of(_by_option(word)) if is_option else [word.value]
    if word.value_type.type == "boolean" and word.value == "true":
        return [word.flag]
    if word.option is not None and word.option.value_alone == word.value:
        return [word.flag]
    if word.option is not None and not word.option.takes_value:
        return [f"{word.flag}={word.value}"]
    is_long = word.flag.startswith("--") and word.value != "-"
    return option_pair(word.flag, word.value) if is_long else [word.flag, word.value]


def _is_secret(word: Word) -> bool:
    """Return whether an argument is a secret, by the document or by the name of the option."""
    if word.is_placeholder or word.value is None:
        return False
    given = word.field or word.parameter
    if given is not None:
        return is_secret_input(given)
    return word.option is None and is_secret_name(word.flag)


def _shown(words: Iterable[Word], names: set[str], masker: Masker) -> Iterator[str]:
    """Yield arguments as strings, without secrets.

    Args:
        names: Names of secret fields.
        masker: Masker of the secrets of the line.
    """
    for word in words:
        if _is_secret(word):
            yield from _words_of(unfilled(word))
        elif word.value is None:
            yield from _words_of(word)
        else:
            if word.option is not None:
                value = _shown_value(word.option, word.value, names)
            elif word.value_type.type in {"object", "array", "any"} and word.value[:1] in {"{", "["}:
                value = mask_text(word.value, names)
            else:
                value = word.value
            yield from _words_of(replace(word, value=masker.mask(mask_url(value, names))))


def _shown_value(option: Option, value: str, names: set[str]) -> str:
    """Return the value of a standard option without secrets."""
    if option.name in {"header", "part_header"}:
        name, _, _ = value.rpartition(":") if option.name == "part_header" else value.partition(":")
        return f"{name}:VALUE" if is_secret_header(name.rpartition(":")[2].strip()) else value
    if option.name in {"set", "server_var", "query"}:
        name, equals, text = value.partition("=")
        if is_secret_path(name, names):
            return f'{name}="VALUE"' if option.name == "set" else f"{name}=VALUE"
        return f"{name}{equals}{mask_text(text, names)}"
    if option.name in {"body", "inputs"} and value[:1] not in {"@", "-"}:
        return mask_text(value, names)
    return value
