"""One operation → one click command."""

import json
from dataclasses import replace
from typing import Any

import click

from dynacli.commands.arrange_words import BOOLEAN, EMPTY_BOOLEAN, VALUE, Kind, arrange, kinds_of
from dynacli.commands.standard_options import INPUT_OPTIONS, PART_OPTIONS, STANDARD_OPTIONS, click_options
from dynacli.errors import UsageError
from dynacli.library.opened_api import OpenedApi
from dynacli.model.media_types import (
    body_schema,
    essence,
    is_as_good_as_json,
    is_multipart,
    preferred,
    sent_as,
)
from dynacli.model.operation import Field, MediaType, Operation, Parameter

__all__ = ["Given", "OperationCommand", "choose_media_type", "schema_of_parameter"]

MAX_LISTED = 12
"""Media types that a message names."""


class Given:
    """What was given for one operation, still words.

    Attributes:
        parameters: Parameter → words.
        parameter_fields: (parameter, field) → words, for the properties of object parameters.
        body_fields: (field, words).
        media_type: The media type that the body options belong to; None when the operation takes no body.
    """

    def __init__(self, media_type: MediaType | None) -> None:
        self.parameters: list[tuple[Parameter, list[str]]] = []
        self.parameter_fields: list[tuple[Parameter, Field, list[str]]] = []
        self.body_fields: list[tuple[Field, list[str]]] = []
        self.media_type = media_type


class OperationCommand(click.Command):
    """The command of one operation.

    Args:
        api: The API.
        operation: The operation.
    """

    def __init__(self, api: OpenedApi, operation: Operation) -> None:
        super().__init__(operation.name, params=[], help=operation.summary, add_help_option=False)
        self.api = api
        self.operation = operation
        self.media_type: MediaType | None = None
        self.inputs: dict[str, tuple[Parameter | None, Field | None]] = {}
        self._part: dict[str, Any] | None = None

    @property
    def part(self) -> dict[str, Any]:
        """The operation's part of the document."""
        if self._part is None:
            self._part = self.api.catalog.part(self.operation.name)
        return self._part

    def prepare(self, content_type: str) -> None:
        """Make the options, those of the body for the media type that is asked for."""
        self.media_type = choose_media_type(self.operation, content_type)
        self.params = []
        self.inputs = {}
        for parameter in self.operation.parameters:
            flags = [f"--{parameter.option}", *(f"--{alias}" for alias in parameter.aliases)]
            self._add(flags, parameter, None)
            for one in parameter.fields:
                self._add([f"--{one.option}"], parameter, one)
        for one in self.media_type.fields if self.media_type else ():
            # `--criteria[].name` has no value before the index is known; such an option is found when it is used.
            if "[]" not in one.option:
                self._add([f"--{one.option}"], None, one)
        taken = frozenset(flag for param in self.params for flag in param.opts)
        standard = STANDARD_OPTIONS if self.operation.body is None else (*INPUT_OPTIONS, *STANDARD_OPTIONS)
        if self.operation.body is None:
            standard = (INPUT_OPTIONS[-1], *standard)  # --example
        elif self.media_type is not None and is_multipart(self.media_type.name):
            standard = (*PART_OPTIONS, *standard)
        self.params.extend(click_options(standard, taken))

    def _add(self, flags: list[str], parameter: Parameter | None, field: Field | None) -> None:
        name = f"i{len(self.inputs)}"
        self.inputs[name] = (parameter, field)
        self.params.append(click.Option([name, *flags], multiple=True, help=""))

    def _has_option(self, name: str) -> bool:
        """Return whether an option is the API's own, which dynacli's then stands before."""
        content = self.operation.body.content if self.operation.body is not None else ()
        return any(one.option == name for one in self.operation.parameters) or any(
            one.option == name for media_type in content for one in media_type.fields
        )

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the options, made now if nothing was parsed yet."""
        if not self.params:
            self.prepare(str(ctx.obj.option("content_type", "")))
        return super().get_params(ctx)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words of the call."""
        wanted = "" if self._has_option("content-type") else _content_type(args)
        if wanted:
            ctx.obj.options["content_type"] = wanted
        if any(word in ctx.help_option_names for word in _before_separator(args)):
            click.echo(self.get_help(ctx), file=ctx.obj.env.stdout)
            ctx.exit()
        self.prepare(str(ctx.obj.option("content_type", "")))
        options, positional = arrange(args, self._kinds(), self._find, ctx=ctx)
        given_by_name = {
            self.inputs[param.name][0]
            for param in self.params
            if param.name in self.inputs and any(_has_flag(options, flag) for flag in param.opts)
        }
        in_path = [
            one for one in self.operation.parameters if one.location == "path" and one not in given_by_name
        ]
        for index, parameter in enumerate(in_path):
            name = f"a{index}"
            self.inputs[name] = (parameter, None)
            self.params.append(click.Argument([name], required=False, metavar=_metavar(parameter)))
        self._check_flags(options, ctx)
        if len(positional) > len(in_path):
            raise self._too_many(positional, in_path)
        return super().parse_args(ctx, [*options, "--", *positional])

    def _check_flags(self, options: list[str], ctx: click.Context) -> None:
        """Refuse what is no option before anything is said of its value, which looks like a word too many.

        Raises:
            UsageError: The first such option, with the names that come near.
        """
        known = {flag for param in self.params for flag in param.opts}
        for word in options:
            flag = word.partition("=")[0]
            if flag.startswith("--") and flag not in known and flag not in ctx.help_option_names:
                error = unknown_option(flag, self._spelled_flags(known), f"{ctx.command_path} --help")
                raise self._map_error(flag) or error

    def _map_error(self, flag: str) -> UsageError | None:
        """Return the error for a key of a map that an option cannot say; None where no map is meant."""
        word = flag.removeprefix("--")
        for at in [index for index, char in enumerate(word) if char in ".["][1:]:
            _, one = self._find_input(word[:at])
            _, above = self._find_input(word[: word.rfind(".", 0, at)]) if one is not None else (None, None)
            if above is not None and above.value.type == "object" and above.value.items is not None:
                key = word[len(above.option) + 1 :]
                value = json.dumps({key: "value"})
                return UsageError(
                    f"There is no option `{flag}`",
                    why="A dot or a bracket in an option leads to a place further in",
                    hint=f"A key that has one is given as JSON: `--{above.option} '{value}'`",
                    near=[f"--{above.option}"],
                )
        return None

    def _spelled_flags(self, known: set[str]) -> list[str]:
        inside = self.media_type.fields if self.media_type else ()
        items = [f"--{one.option}".replace("[]", "[0]") for one in inside]
        return [*dict.fromkeys([*items, *sorted(flag for flag in known if flag.startswith("--"))])]

    def _kinds(self) -> dict[str, Kind]:
        kinds = kinds_of(self.params)
        for param in self.params:
            if param.name in self.inputs:
                kinds.update(dict.fromkeys(param.opts, _kind_of(*self.inputs[param.name])))
        return kinds

    def _find(self, flag: str) -> tuple[str, Kind] | None:
        """Make the option of a deeper field, of an item of an array, of a key of a map."""
        word = flag.removeprefix("--")
        parameter, one = self._find_input(word)
        if parameter is None and one is None:
            return None
        if not any(flag in param.opts for param in self.params):  # it may be repeated
            self._add([flag], parameter, one)
        return flag, _kind_of(parameter, one)

    def _find_input(self, word: str) -> tuple[Parameter | None, Field | None]:
        # Most calls have listed options alone.
        from dynacli.schema.option_fields import find_field

        head, dot, rest = word.partition(".")
        for parameter in self.operation.parameters:
            if word == parameter.name or (
                head == parameter.location
                and dot
                and rest in (parameter.option, parameter.name, *parameter.aliases)
            ):
                return parameter, None
            for name in (parameter.option, *parameter.aliases):
                if word.startswith((f"{name}.", f"{name}[")):
                    one = find_field(
                        self.parameter_schema(parameter),
                        self.api.catalog.resolve,
                        word[len(name) :].lstrip("."),
                    )
                    if one is not None:
                        return parameter, _called(one, word)
        if self.media_type is None:
            return None, None
        schema = self.body_schema()
        inside = word.removeprefix("body")
        if inside != word and inside.startswith((".", "[")):
            one = find_field(schema, self.api.catalog.resolve, inside.removeprefix("."))
            if one is not None:
                return None, _called(one, word)
        return None, find_field(schema, self.api.catalog.resolve, word, allows_any_name=False)

    def parameter_schema(self, parameter: Parameter) -> Any:
        """Return the document's schema of a parameter."""
        for raw in self.raw_parameters():
            if raw.get("name") == parameter.name and raw.get("in") == parameter.location:
                return schema_of_parameter(raw)
        return None

    def raw_parameters(self) -> list[dict[str, Any]]:
        """Return the document's Parameter Objects, the operation's own first."""
        found = []
        for holder in (self.part["operation"], self.part["path_item"]):
            for raw in holder.get("parameters") or []:
                target = self.follow(raw)
                if isinstance(target, dict):
                    found.append(target)
        return found

    def raw_media_type(self) -> dict[str, Any]:
        """Return the document's Media Type Object of the body that is built."""
        body = self.follow(self.part["operation"].get("requestBody"))
        content = body.get("content") if isinstance(body, dict) else None
        if not isinstance(content, dict) or self.media_type is None:
            return {}
        wanted = self.media_type.name
        asked = essence(wanted)
        same = [media for name, media in content.items() if essence(name) == asked]
        ranges = [media for name, media in content.items() if _is_range_of(name, asked)]
        found = self.follow(content.get(wanted) or next(iter([*same, *ranges]), None))
        return found if isinstance(found, dict) else {}

    def body_schema(self) -> Any:
        """Return the document's schema of the body that is built."""
        return body_schema(self.raw_media_type())

    def follow(self, value: Any) -> Any:
        """Return what stands at the end of a chain of references; None where it leads nowhere."""
        for _ in range(50):
            if not isinstance(value, dict) or not isinstance(value.get("$ref"), str):
                return value
            try:
                value = self.api.catalog.resolve(value["$ref"])
            except LookupError:
                return None
        return None

    def _too_many(self, positional: list[str], in_path: list[Parameter]) -> UsageError:
        extra = positional[len(in_path)]
        takes = " ".join(_metavar(one) for one in in_path) or "no positional words"
        by_option = [
            one for one in self.operation.parameters if one.location == "path" and one not in in_path
        ]
        given = " and ".join(f"{_metavar(one)} is given by `--{one.option}`" for one in by_option)
        return UsageError(
            f"`{extra}` is one word too many",
            why=f"`{self.operation.name}` takes {takes}{f' here: {given}' if given else ''}",
            hint="Query parameters and the body are options: see `--help`; a value with spaces needs quotes",
        )

    def given(self, ctx: click.Context) -> Given:
        """Return what was given."""
        given = Given(self.media_type)
        for name, (parameter, one) in self.inputs.items():
            value = ctx.params.get(name)
            if value is None or value == ():
                continue
            words = [value] if isinstance(value, str) else list(value)
            if parameter is None and one is not None:
                given.body_fields.append((one, words))
            elif parameter is not None and one is not None:
                given.parameter_fields.append((parameter, one, words))
            elif parameter is not None:
                given.parameters.append((parameter, words))
        return given

    def invoke(self, ctx: click.Context) -> Any:
        """Make the call."""
        from dynacli.client.call import make_call

        return make_call(ctx.obj, self, self.given(ctx))

    def get_help(self, ctx: click.Context) -> str:
        """Return the help page."""
        from dynacli.commands.help.operation_help import operation_help

        self.prepare(str(ctx.obj.option("content_type", "")))
        return operation_help(ctx.obj.env, self)

    def get_usage(self, ctx: click.Context) -> str:  # noqa: ARG002
        """Return the usage line."""
        words = [_metavar(one) for one in self.operation.parameters if one.location == "path"]
        return " ".join(["dynacli", self.api.name, self.operation.name, *words, "[OPTIONS]"])


def unknown_option(flag: str, known: list[str], page: str) -> UsageError:
    """Return the error for an option that there is not, with those that it may have been meant for."""
    from difflib import get_close_matches

    word = flag.removeprefix("--")
    # Deep options are often called by their last name alone, as the document calls them.
    near = [one for one in known if one.rpartition(".")[2].removeprefix("--") == word]
    near = near or get_close_matches(flag, known, 3, 0.7)
    listed = " or ".join(f"`{one}`" for one in near[:3])
    hint = f"Did you mean {listed}?" if near else f"See `{page}`"
    return UsageError(f"There is no option `{flag}`", hint=hint, near=near[:3])


def schema_of_parameter(raw: dict[str, Any]) -> Any:
    """Return the schema of a Parameter Object, also of one that has `content`."""
    content = raw.get("content")
    if isinstance(content, dict) and content:
        media = next(iter(content.values()))
        return media.get("schema") if isinstance(media, dict) else None
    return raw.get("schema")


def choose_media_type(operation: Operation, wanted: str) -> MediaType | None:
    """Return the media type that a body is sent as.

    Raises:
        UsageError: The operation takes no body of the media type that is wanted.
    """
    if operation.body is None:
        return None
    content = operation.body.content
    if not wanted:
        return sent_as(preferred(content))
    name = essence(wanted)
    for one in content:
        if one.name.lower() == wanted.lower():
            return sent_as(one)
    for one in content:
        if essence(one.name) == name:
            # With arguments of the person's own, such as a boundary, it is theirs that is sent.
            return replace(one, name=wanted) if ";" in wanted else sent_as(one)
    if "/" in wanted:
        for one in content:
            if _is_range_of(one.name, name):
                return replace(one, name=wanted)
    matching = [one for one in content if essence(one.name).partition("/")[2] == name]
    matching = matching or [one for one in content if name in one.name.lower()]
    if len(matching) == 1:
        return sent_as(matching[0])
    what = f"`{operation.name}` takes no body of `{wanted}`"
    if matching:
        what = f"`{wanted}` is a part of {len(matching)} media types that `{operation.name}` takes"
    names = [f"`{one.name}`" for one in matching or content]
    listed = ", ".join(names[:MAX_LISTED]) + (
        f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    )
    raise UsageError(what, why=f"It takes {listed}", hint="Give one of them, or a part that only one has")


def _is_range_of(media_range: str, name: str) -> bool:
    return media_range in {"", "*", "*/*", f"{name.partition('/')[0]}/*"} or (
        name == "application/json" and is_as_good_as_json(media_range)
    )


def _content_type(args: list[str]) -> str:
    for index, word in enumerate(args):
        if word == "--":
            break
        if word == "--content-type" and index + 1 < len(args):
            return args[index + 1]
        if word.startswith("--content-type="):
            return word.partition("=")[2]
    return ""


def _before_separator(args: list[str]) -> list[str]:
    return args[: args.index("--")] if "--" in args else args


def _called(one: Field, option: str) -> Field:
    """Return the field under the option that was typed, which is what messages call it."""
    return replace(one, option=option)


def _has_flag(options: list[str], flag: str) -> bool:
    return any(word == flag or word.startswith(f"{flag}=") for word in options)


def _metavar(parameter: Parameter) -> str:
    return parameter.option.removeprefix("path.").upper().replace("-", "_")


def _kind_of(parameter: Parameter | None, one: Field | None) -> Kind:
    value = one.value if one is not None else parameter.value if parameter else None
    if value is None or value.type != "boolean":
        return VALUE
    return EMPTY_BOOLEAN if one is None and parameter is not None and parameter.allow_empty else BOOLEAN
