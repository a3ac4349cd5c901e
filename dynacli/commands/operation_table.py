"""The options of an operation: inputs from its parameters and body, and standard options."""

from collections.abc import Sequence

from dynacli.client.described_operation import DescribedOperation
from dynacli.commands.read_line import (
    HELP,
    Binding,
    CommandLine,
    bindings_of,
    input_binding,
    read_words,
)
from dynacli.http.semantics import is_multipart
from dynacli.openapi.model.operation import Field, Parameter
from dynacli.options.standard_options import (
    BODY,
    FILE,
    GUARDED_OPTIONS,
    PART,
    STANDARD_OPTIONS,
    Option,
    options_of,
)

BODY_FLAG = "--body"


class OperationTable:
    """The options of an operation.

    Attributes:
        described: The operation, with the media type that `--content-type` chooses.
        more: The options of a preceding command that are allowed after the operation, besides the standard ones.
        bindings: Flag → meaning. Inputs of the operation come first and override standard options.
        guarded: Flag of a standard option that is refused after the operation → flag of the operation's input of that
            name.
    """

    def __init__(self, described: DescribedOperation, more: tuple[Option, ...] = ()) -> None:
        self.described, self.more = described, more
        self.bindings: dict[str, Binding] = {}
        self.guarded: dict[str, str] = {}

    def prepare(self, content_type: str) -> None:
        """List the options, including options for the body in a media type."""
        operation = self.described.operation
        if operation.body is not None:
            self.described = self.described.sending(content_type)
        media_type = self.described.media_type
        about_body = {"example"} if operation.body is None else {BODY}
        if media_type is not None and is_multipart(media_type.name):
            about_body |= {PART} if media_type.fields else {FILE, PART}
        self.bindings, self.guarded = {}, {}
        for parameter in operation.parameters:
            self._add(parameter, None, parameter.option, *parameter.aliases)
            for field in parameter.fields:
                self._add(parameter, field, field.option)
        for field in media_type.fields if media_type else ():
            # Options such as `--criteria[0].name` contain an index, so `find` adds them when they are used.
            if "[]" not in field.option:
                self._add(None, field, field.option)
        standard = bindings_of((*options_of(about_body), *STANDARD_OPTIONS, *self.more))
        self.bindings = {**self.bindings, **standard, **HELP, **self.bindings}

    def _add(self, parameter: Parameter | None, field: Field | None, *options: str) -> None:
        binding = input_binding(parameter, field)
        for option in options:
            self.bindings.setdefault(f"--{option}", binding)  # the first of several inputs wins
        word = options[0].removeprefix(f"{parameter.location if parameter is not None else 'body'}.")
        if word in GUARDED_OPTIONS:
            self.guarded.setdefault(f"--{word}", f"--{options[0]}")

    def read(self, words: Sequence[str], content_type: str = "") -> CommandLine:
        """Parse the arguments after the operation, with the options for the media type that they choose.

        Args:
            content_type: The media type that was chosen before the API.

        Raises:
            UsageError: The operation has no body of the media type.
        """
        self.prepare(content_type)
        line = read_words(words, self.bindings, self.find)
        if self.described.operation.body is None:
            if BODY_FLAG in line.flags and BODY_FLAG not in self.bindings:
                self.described = self.described.with_any_body()
                if self.described.operation.body is not None:
                    return self.read(words, content_type)
            return line
        wanted = line.options.content_type
        if not wanted or wanted == content_type:
            return line
        # Each media type has its own options, so parse again.
        self.prepare(wanted)
        return read_words(words, self.bindings, self.find)

    def find(self, flag: str) -> Binding | None:
        """Return the meaning of an option, even of an unlisted one: a nested field, an item, a key of a map.

        Returns:
            None if there is no such input.
        """
        if flag not in self.bindings:
            from dynacli.client.inputs.find_input import find_input

            parameter, field = find_input(self.described, flag.removeprefix("--"))
            if parameter is None and field is None:
                return None
            self._add(parameter, field, flag.removeprefix("--"))
        return self.bindings[flag]
