"""The words of one call, taken apart so that single ones can be replaced, and put together as a line for a shell."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from dynacli.client.inputs.call_inputs import ParameterKey
from dynacli.client.inputs.collect_values import input_name
from dynacli.client.secret_names import password_names
from dynacli.client.sign_request import is_secret_input
from dynacli.commands._command_line import Word, read_words
from dynacli.commands._operation_table import OperationTable
from dynacli.environment import invocation_words
from dynacli.http.semantics import is_multipart
from dynacli.openapi.model.operation import Field, Parameter, ValueType
from dynacli.openapi.model.wording import option_pair, placeholder, reads_input, shell_line
from dynacli.openapi.schema.example_call import option_text
from dynacli.options.standard_options import OPTIONS_BY_FLAG, Option
from dynacli.record import record, replace
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
"""Characters of the options that a line leaves to fill in."""
_INDEX = re.compile(r"(?<=[^-])\[(\d+)\]")


@record
class Piece:
    """One input or option of a call, as words give it.

    Args:
        flag: The option; empty for a positional word.
        value: Its value; None for a switch.
        parameter: The parameter that it gives, or is a part of.
        field: The field of the parameter or of the body that it gives.
        standard: The standard option that it is.
        is_placeholder: Whether the value is for the person to fill in.
    """

    flag: str
    value: str | None = None
    parameter: Parameter | None = None
    field: Field | None = None
    standard: Option | None = None
    is_placeholder: bool = False

    @property
    def is_known(self) -> bool:
        """Whether the piece is an option that there is."""
        return self.is_input or self.standard is not None

    @property
    def is_input(self) -> bool:
        """Whether the piece is an input of the operation."""
        return self.parameter is not None or self.field is not None

    @property
    def standard_name(self) -> str:
        """The name of the standard option that the piece is; empty for none."""
        return self.standard.name if self.standard is not None else ""

    @property
    def value_type(self) -> ValueType:
        """What an input takes."""
        if self.field is not None:
            return self.field.value
        return self.parameter.value if self.parameter is not None else ValueType()

    @property
    def key(self) -> ParameterKey:
        """The location and the name of the parameter; those of the body for a field of it."""
        return (self.parameter.location, self.parameter.name) if self.parameter is not None else ("body", "")

    def unfilled(self) -> "Piece":
        """Return the piece with a placeholder for its value."""
        if self.standard is not None:
            word = re.split(r"[\[|]", self.standard.metavar.strip("[]"))[0] or "VALUE"
        elif self.field is None and self.parameter is not None and self.parameter.location == "path":
            word = input_name(self.parameter)
        else:
            only = (self.value_type.items or self.value_type).enum
            if len(only) == 1 and not reads_input(option_text(only[0])):
                return replace(self, value=option_text(only[0]), is_placeholder=False)
            word = placeholder(self.value_type).removesuffix("...").strip()
            word = "true" if word.startswith("[") else word
        return replace(self, value=word, is_placeholder=word != "true")


class CallLine:
    """The words of one call.

    Attributes:
        table: The options of the operation, for the media type that is sent.
        before: The options before the API.
        pieces: Everything after the operation, in order.
        verb: The verb before the API, such as `read`; empty for none.
        typed: The words that a person typed: only what stands there may name a file.
    """

    def __init__(
        self,
        table: OperationTable,
        before: Iterable[Piece],
        pieces: Iterable[Piece],
        verb: str,
        typed: Sequence[str],
    ) -> None:
        self.table, self.verb, self.typed = table, verb, typed
        self.before = list(map(self._without_foreign_files, before))
        self.pieces = list(map(self._without_foreign_files, pieces))

    def _without_foreign_files(self, piece: Piece) -> Piece:
        """Return a piece with a placeholder for a value that would read a file and is the document's or a server's."""
        media_type = self.table.described.media_type
        takes_files = piece.standard_name in {"body", "inputs"} or (
            piece.field is not None
            and piece.parameter is None
            and media_type is not None
            and is_multipart(media_type.name)
        )
        value = piece.value or ""
        if not takes_files or not reads_input(value) or self._is_typed(value):
            return piece
        return piece.unfilled()

    def _is_typed(self, value: str) -> bool:
        """Return whether a person typed a value, with or without its `@`: as a word, or joined to an option."""
        texts = {value, value.removeprefix("@")}
        return any(not texts.isdisjoint((word, word.partition("=")[2], word[2:])) for word in self.typed)

    def with_pieces(self, pieces: Iterable[Piece]) -> "CallLine":
        """Return the line with other pieces, each positional word with the parameter that it gives."""
        listed = list(pieces)
        by_option = [piece.parameter for piece in listed if piece.flag and piece.field is None]
        in_path = (
            parameter
            for parameter in self.table.described.operation.parameters
            if parameter.location == "path" and parameter not in by_option
        )
        numbered = [
            piece if piece.flag else replace(piece, parameter=next(in_path, None)) for piece in listed
        ]
        return CallLine(self.table, self.before, numbered, self.verb, self.typed)

    def with_before(self, before: Iterable[Piece]) -> "CallLine":
        """Return the line with other options before the API."""
        return CallLine(self.table, before, self.pieces, self.verb, self.typed)

    def changed(self, change: Callable[[list[Piece]], Iterable[Piece]]) -> "CallLine":
        """Return the line with a change of the options before the API, and of the pieces after the operation."""
        return self.with_before(change(self.before)).with_pieces(change(self.pieces))

    def without(self, is_unwanted: Callable[[Piece], bool]) -> "CallLine":
        """Return the line without some of its pieces, wherever they stand."""
        return self.changed(lambda pieces: [piece for piece in pieces if not is_unwanted(piece)])

    def with_words(self, words: Sequence[str]) -> "CallLine":
        """Return the line with other words after the operation."""
        return self.with_pieces(
            map(self.piece_of_word, read_words(words, self.table.bindings, self.table.find).words)
        )

    def piece_of_word(self, word: Word) -> Piece:
        """Return the piece that a word, or an option with its value, is."""
        binding = word.binding
        if binding is None:
            return Piece(word.flag, word.value)
        piece = Piece(word.flag, word.value, binding.parameter, binding.field, binding.option)
        if word.value is None and binding.takes_value:
            return replace(piece, value=binding.value_alone) if binding.value_alone else piece.unfilled()
        return piece

    def piece_of(self, flag: str, value: str | None) -> Piece:
        """Return the piece that an option gives.

        Args:
            value: None if none was given; a switch takes none.
        """
        binding = self.table.find(flag)
        is_switch = binding is not None and not binding.takes_value
        return self.piece_of_word(Word(flag, None if is_switch else value, binding))

    def given(self) -> set[tuple[ParameterKey, tuple[str, ...]]]:
        """Return the places that inputs of the line give: the parameter, and the path of the field."""
        return {
            (piece.key, piece.field.path if piece.field else ()) for piece in self.pieces if piece.is_input
        }

    def unfilled(self) -> list[Piece]:
        """Return the pieces with placeholders."""
        return [piece for piece in (*self.before, *self.pieces) if piece.is_placeholder]

    def words(self, *, is_complete: bool = True, by_option: bool = False) -> list[str]:
        """Return the words after the operation.

        Args:
            is_complete: Whether placeholders are among them.
            by_option: Whether arguments are given by the options of their names, so that some may be left out.
        """
        words: list[str] = []
        for piece in self.pieces:
            if not is_complete and piece.is_placeholder:
                continue
            is_named = by_option and not piece.flag and piece.parameter is not None
            words += _words_of(_by_option(piece) if is_named else piece)
        return words

    def before_words(self) -> list[str]:
        """Return the words of the options before the API, without placeholders."""
        return [word for piece in self.before if not piece.is_placeholder for word in _words_of(piece)]

    def with_options(self, removed: Collection[str], *added: tuple[str, str | None]) -> "CallLine":
        """Return the line without some standard options, and with others.

        Args:
            removed: Their names.
            added: Flag and value of each.
        """
        line = self.without(lambda piece: piece.standard_name in removed)
        for flag, value in added:
            piece = line.piece_of(flag, value)
            if piece.is_input:  # the operation has an option of that name, which would win after it
                line = line.with_before([*line.before, Piece(flag, value, standard=OPTIONS_BY_FLAG[flag])])
            else:
                line = line.with_pieces([*line.pieces, piece])
        return line

    def shorter(self) -> Iterator["CallLine"]:
        """Yield lines with `--example`, or with a body to fill in, instead of many options to fill in."""
        options = [piece for piece in self.unfilled() if piece.is_input and piece.flag]
        if sum(len(word) + 1 for piece in options for word in _words_of(piece)) <= _LONGEST_TO_FILL_IN:
            return
        line = self.without(lambda piece: piece in options)
        yield line.with_options(("example",), ("--example", None))
        if any(piece.standard_name == "body" for piece in line.pieces):
            yield line.changed(
                lambda pieces: [
                    piece.unfilled() if piece.standard_name == "body" else piece for piece in pieces
                ]
            )

    @property
    def typed_text(self) -> str:
        """The line for a POSIX shell, with all that was typed: also secrets."""
        program_name, *verb = invocation_words(self.verb, self.table.described.api.name)
        name = self.table.described.operation.name
        return shell_line([program_name, *self.before_words(), *verb, name, *self.words()])

    def text(self, variables: Mapping[str, str]) -> str:
        """Return the line for a POSIX shell, with placeholders instead of secrets.

        Args:
            variables: The environment variables, which may hold secrets.
        """
        described = self.table.described
        keys = (name for location, name in described.operation.api_keys if location == "query")
        names = {*password_names(described), *keys}
        pieces = (*self.before, *self.pieces)
        secrets = [Secret(piece.value) for piece in pieces if piece.value and _is_secret(piece)]
        masker = Masker((*secrets_in(variables), *secrets))
        program_name, *verb = invocation_words(self.verb, with_masked_query(described.api.name))
        words = [program_name, *_shown(self.before, names, masker), *verb]
        operation = described.operation
        name = [operation.name] if described.is_documented else [operation.method, operation.path]
        words += name
        words += _shown(self.pieces, names, masker)
        return shell_line(words)


def _by_option(piece: Piece) -> Piece:
    """Return a positional word as the option of its name."""
    return replace(piece, flag=f"--{piece.parameter.option}") if piece.parameter is not None else piece


def _words_of(piece: Piece) -> list[str]:
    if piece.field is not None and "[" in piece.flag:
        # `--criteria.0.text` runs unquoted in every shell.
        piece = replace(piece, flag=_INDEX.sub(r".\1", piece.flag))
    if piece.value is None:
        return [piece.flag]
    if not piece.flag:
        is_option = piece.value.startswith("-") and piece.parameter is not None
        return _words_of(_by_option(piece)) if is_option else [piece.value]
    if piece.value_type.type == "boolean" and piece.value == "true":
        return [piece.flag]
    if piece.standard is not None and piece.standard.value_alone == piece.value:
        return [piece.flag]
    if piece.standard is not None and not piece.standard.takes_value:
        return [f"{piece.flag}={piece.value}"]
    is_long = piece.flag.startswith("--") and piece.value != "-"
    return option_pair(piece.flag, piece.value) if is_long else [piece.flag, piece.value]


def _is_secret(piece: Piece) -> bool:
    """Return whether the value of an input is a secret, as the document or the name of the option tells."""
    if piece.is_placeholder or piece.value is None:
        return False
    given = piece.field or piece.parameter
    if given is not None:
        return is_secret_input(given)
    return piece.standard is None and is_secret_name(piece.flag)


def _shown(pieces: Iterable[Piece], names: set[str], masker: Masker) -> Iterator[str]:
    """Yield the words of pieces without secrets.

    Args:
        names: The names of fields that are secrets.
        masker: Takes the secrets of the line out of a value, wherever else they stand.
    """
    for piece in pieces:
        if _is_secret(piece):
            yield from _words_of(piece.unfilled())
        elif piece.value is None:
            yield from _words_of(piece)
        else:
            if piece.standard is not None:
                value = _shown_value(piece.standard, piece.value, names)
            elif piece.value_type.type in {"object", "array", "any"} and piece.value[:1] in {"{", "["}:
                value = mask_text(piece.value, names)
            else:
                value = piece.value
            yield from _words_of(replace(piece, value=masker.mask(mask_url(value, names))))


def _shown_value(option: Option, value: str, names: set[str]) -> str:
    """Return the value of a standard option without a secret."""
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
