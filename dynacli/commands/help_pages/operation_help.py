"""The help page of one operation."""

import re
from collections.abc import Callable, Iterator, Sequence

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.operation_description import DescribedInput, OperationDescription, example_without_ids
from dynacli.commands.help_pages.page_lines import PageRow, lines_within, option_row, row_lines, usage_lines
from dynacli.environment import Environment, invocation, program
from dynacli.http.semantics import SAFE_METHODS, is_multipart
from dynacli.openapi.model.media_types import is_built
from dynacli.openapi.model.operation import MORE, Body, Choice, Field, MediaType, ValueType, of_first_items
from dynacli.openapi.model.wording import MAY_BE_NULL, placeholder, telling
from dynacli.options.standard_options import FILE, INPUT_OPTIONS, PART, STANDARD_OPTIONS, Option, options_of
from dynacli.record import replace
from dynacli.text.terminal import Painter, cell_width, terminal_width, visible
from dynacli.text.wrapping import (
    block_text,
    command_lines,
    foreign_lines,
    short_sentence,
    word_or_quoted,
    wrapped,
)

_MOST_LINES = 3
"""Maximum lines of a description. `describe` prints all of it."""
_MAX_FIELDS = 60
"""Maximum number of fields of a body on the page. For more, the page refers to `describe`."""
_OF_FIELDS = frozenset(("content_type", "set", "set_file"))
"""Options that do not give a whole body."""
_MAX_BRANCHES = 8
_MAX_CHOICES = 6
_MAX_MEDIA_TYPES = 6
_SAYING_NOTHING = frozenset(("ok", "success", "successful operation", "response", "successful response"))
"""Descriptions of a success that only repeat its status."""


def operation_help(
    env: Environment, description: OperationDescription, usage: str, own_flags: set[str]
) -> str:
    """Return the help page: usage, the description, examples, required and optional inputs, and the response."""
    described, operation = description.described, description.operation
    paint = Painter.for_stdout(env)
    width = terminal_width(env, env.stdout)
    lines = [*usage_lines(visible(usage, keep=""), width), ""]
    if operation.is_deprecated:
        lines.extend([paint.yellow("Deprecated."), ""])
    lines += _path_lines(visible(operation.method, keep=""), word_or_quoted(operation.path), width, paint)
    lines += [*lines_within(_description_lines(described, width, paint), width), ""]
    needed = [item for item in description.inputs if item.location == "path" or item.is_required]
    own_inputs = description.with_sources(description.inputs, needed)
    calls = _example_calls(described, example_without_ids(operation, own_inputs))
    lines.append(paint.heading("Examples" if len(calls) > 1 else "Example"))
    lines += [line for words in calls for line in command_lines(described.shell_words_of(words), width)]
    lines.append("")
    page = _Page(paint, width)
    page.inputs(description, own_inputs)
    if described.media_type is not None:
        page.body(description, described.media_type, own_flags)
    page.response(description)
    inputs = INPUT_OPTIONS if operation.body is not None else INPUT_OPTIONS[-1:]
    flags = {option.flags[-1] for option in (*inputs, *STANDARD_OPTIONS)} - own_flags
    waiting = ("--wait",) if operation.method in SAFE_METHODS else ()
    shown = [flag for flag in ("--body", "--filter", "--all", *waiting, "--dry-run") if flag in flags]
    note = f"Global options ({', '.join(shown)} ...): `{invocation('help')} options`."
    page.lines += lines_within(wrapped(note, width), width)
    own = [option.flags[-1] for option in STANDARD_OPTIONS if option.flags[-1] in own_flags]
    if own:
        page.lines.extend(wrapped(_before_the_api(own), width))
    return "\n".join([*lines, *page.lines])


def body_help(description: OperationDescription, width: int, paint: Painter) -> list[str]:
    """Return the sections of the required and the optional fields of a body, without other parts of a page."""
    page = _Page(paint, width)
    page.inputs(description, description.inputs)
    return page.lines


def _path_lines(method: str, path: str, width: int, paint: Painter) -> list[str]:
    """Return the method and the path. A path that does not fit is broken before a slash."""
    room, lines = width - len(method) - 3, [""]
    for step in re.findall(r"/?[^/]+|/", path):
        if lines[-1] and cell_width(lines[-1] + step) > room:
            lines.append("")
        lines[-1] += step
    first, *others = lines
    indent = " " * (len(method) + 3)
    return lines_within([f"  {paint.method(method)} {first}", *(f"{indent}{line}" for line in others)], width)


def _example_calls(described: DescribedOperation, words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the arguments of the example, and of the example with an optional query parameter that has an `enum`."""
    for parameter in described.operation.parameters:
        if parameter.location != "query" or parameter.must_be_given or f"--{parameter.option}" in words:
            continue
        if parameter.is_deprecated or parameter.is_hidden:
            continue
        value = next((item for item in parameter.value.enum if _is_usual(item, parameter.value)), None)
        if value is not None:
            return [words, (f"--{parameter.option}", value, *words)]
    return [words]


def _is_usual(value: object, of: ValueType) -> bool:
    """Return whether a value of an `enum` is a plain name and not the default."""
    return (
        isinstance(value, str)
        and value != of.default
        and re.fullmatch(r"\w[\w.-]*", value, re.ASCII) is not None
    )


class _Page:
    """The sections of the page."""

    def __init__(self, paint: Painter, width: int) -> None:
        self.paint = paint
        self.width = width
        self.lines: list[str] = []

    def section(
        self, title: str, rows: list[PageRow], note: str = "", paint_left: Callable[[str], str] | None = None
    ) -> None:
        """Add a section."""
        lines = row_lines(rows, self.width, paint=self.paint, paint_left=paint_left)
        self.lines += [self.paint.heading(title), *lines]
        if note:
            self.lines += lines_within([f"  {line}" for line in wrapped(note, self.width - 2)], self.width)
        self.lines.append("")

    def inputs(self, description: OperationDescription, inputs: Sequence[DescribedInput]) -> None:
        """Add the sections of required and of optional inputs."""
        operation, media_type = description.operation, description.described.media_type
        count = len(operation.parameters)
        hidden = {parameter.option for parameter in operation.parameters if parameter.is_hidden}
        sections: dict[str, list[PageRow]] = {"Required inputs": [], "Optional inputs": []}
        required, optional = sections.values()
        for item in inputs[:count]:
            if item.location == "path" or item.option not in hidden:
                is_needed = item.location == "path" or item.is_required
                (required if is_needed else optional).extend(self.with_fields(item))
        required.sort(key=lambda row: row.left.startswith("-"))  # path parameters come first
        if media_type is not None and is_built(media_type.name):
            for shown_field in _shown_fields(inputs[count:]):
                (required if shown_field.is_required else optional).append(self.row(shown_field))
        for title, rows in sections.items():
            if rows:
                self.section(title, rows)

    def row(self, described: DescribedInput, inside: str = "") -> PageRow:
        """Return the row of an input.

        Args:
            inside: Option of the parameter that has it as a property; empty for none.
        """
        facts = described.facts
        if described.value.type == "object" and described.value.items is not None:
            facts.append(_entries_fact(described.option, described.value.items))
        if isinstance(described.origin, Field):
            facts = [
                *_necessity(described, described.origin, inside),
                *_of_field(described.origin, facts, described.option),
            ]
        facts.extend([f"from {visible(described.source, keep='')}"] if described.source else [])
        facts.extend(["deprecated"] if described.origin.is_deprecated else [])
        description = telling(described.description, described.option.rpartition(".")[2])
        return PageRow(described.usage, f"[{'; '.join(facts)}]" if facts else "", description)

    def with_fields(self, described: DescribedInput) -> list[PageRow]:
        """Return the rows of a parameter and of the properties of its value."""
        return [
            self.row(described),
            *(self.row(field, inside=described.option) for field in described.fields),
        ]

    def body(self, description: OperationDescription, media_type: MediaType, own_flags: set[str]) -> None:
        """Add the section of the body."""
        described, body = description.described, description.operation.body
        if body is None:
            return
        required = ", required" if body.is_required else ""
        is_part = is_multipart(media_type.name)
        takes_options = is_built(media_type.name)
        rows: list[PageRow] = []
        input_options = [option for option in INPUT_OPTIONS if option.flags[0] not in own_flags]
        if not takes_options:
            whole = [option for option in input_options if option.name not in _OF_FIELDS]
            rows.extend(map(_first_flag_row, map(_for_whole_body, whole)))
        if len(body.content) > 1:
            rows.extend(_first_flag_row(option) for option in input_options if option.name == "content_type")
        if is_part:
            of_parts = options_of({PART} if media_type.fields else {FILE, PART})
            rows.extend(_first_flag_row(option) for option in of_parts if option.flags[0] not in own_flags)
        notes = []
        left_out = len(media_type.fields) - _MAX_FIELDS
        if not takes_options:
            if media_type.fields:
                page = f"{invocation('describe', described.api.name)} {described.operation.name}"
                notes.append(f"Options cannot build this body; `{page}` has its fields.")
        elif left_out > 0:
            notes.append(
                f"{left_out} more options: `{invocation('describe', described.api.name)} "
                f"{described.operation.name}`."
            )
        if takes_options:
            notes.extend(_notes(media_type))
        hidden = [option.flags[0] for option in INPUT_OPTIONS if option not in input_options]
        if hidden:
            notes.append(_before_the_api(hidden))
        if len(body.content) > 1:
            notes.append(_other_media_types(body, media_type))
        title = f"Body ({visible(media_type.name, keep='') or 'no media type'}{required})"
        if rows or notes:
            self.section(title, rows, "\n".join(notes))

    def response(self, description: OperationDescription) -> None:
        """Add the section of the response: the fields of a success, and errors that are specific to the operation."""
        described, outline = description.described, description.response
        shared = {
            (error.status, error.description) for error in described.api.catalog.overview().shared_errors
        }
        rows: list[PageRow] = []
        for response in described.operation.responses:
            is_success = response.status == outline.status
            if not is_success and (response.status, response.description) in shared:
                continue
            about = short_sentence(response.description, 120)
            about = "" if is_success and about.lower() in _SAYING_NOTHING else about
            lines = outline.text_lines() if is_success else []
            text = "\n".join(["", *lines] if about and lines else lines)
            rows.append(PageRow(visible(response.status, keep=""), text, about))
        if not outline.status and not any(
            response.status[:1] == "3" for response in described.operation.responses
        ):
            rows.insert(0, PageRow("2XX", "\n".join(outline.text_lines())))
        if rows:
            self.section("Response", rows, paint_left=self.paint.status)


def _necessity(described: DescribedInput, field: Field, inside: str) -> list[str]:
    """Return a text about whether a field is required.

    Args:
        inside: Option of the parameter that has it as a property; empty for none.
    """
    branch = visible(field.branch, keep="")
    if field.is_needed and not inside:
        return ["required with a body"] if field.must_be_given and not described.is_required else []
    if field.is_required:
        parent = visible(described.option, keep="").rpartition(".")[0]
        return [f"required for {branch}" if branch else f"required in {parent or 'each item'}"]
    return [f"for {branch}"] if branch else []


def _of_field(field: Field, facts: list[str], option: str) -> list[str]:
    """Return the facts about a field, including those about its option."""
    if field.value.is_nullable and field.value.type == "string" and not field.value.enum:
        # `null` as the value of the option would be the string `null`.
        facts = [
            f"null by --set {visible(option, keep='')}=null" if fact == MAY_BE_NULL else fact
            for fact in facts
        ]
    if field.below:
        facts.append("more options below" if field.below == MORE else "holds itself: the same options below")
    return facts


def _first_flag_row(option: Option) -> PageRow:
    return option_row(replace(option, flags=option.flags[:1]))


def _for_whole_body(option: Option) -> Option:
    """Return a standard option adapted to a body whose fields have no options."""
    if option.name != "body":
        return option
    return replace(option, metavar="TEXT|@FILE|-", help="Give the whole body, which is sent as it is")


def _notes(media_type: MediaType) -> Iterator[str]:
    """Yield the notes below the options of a body."""
    if media_type.is_cut:
        yield "Deeper fields have options too, in the same way."
    yield from (_branches(choice) for choice in media_type.choices[:_MAX_CHOICES])
    if len(media_type.choices) > _MAX_CHOICES:
        yield f"{len(media_type.choices) - _MAX_CHOICES} more fields have branches."
    if media_type.value.type == "object" and media_type.value.items is not None:
        subject = "Properties of other names" if media_type.fields else "Any property"
        yield f"{subject}: `--body.NAME VALUE`."


def _branches(choice: Choice) -> str:
    """Return the sentence about the alternatives of a field or of the body."""
    names = []
    for name, tag in choice.branches[:_MAX_BRANCHES]:
        # Omit the tag if it equals the name.
        shown = word_or_quoted(name)
        names.append(shown if not tag or tag == name else f"{shown} ({word_or_quoted(tag)})")
    left_out = len(choice.branches) - len(names) + choice.more
    if left_out > 0:
        names.append(f"{left_out} more")
    at = of_first_items(choice.option)
    place = f"`--{at}`" if at else "The body"
    option = f"{at}.{choice.by}" if at else choice.by
    by = f"; --{option} or your options select it" if choice.by else "; your options select it"
    text = f"{place} is one of {', '.join(names[:-1])} {'and' if left_out > 0 else 'or'} {names[-1]}{by}."
    return visible(text, keep="")


def _other_media_types(body: Body, chosen: MediaType) -> str:
    others = [
        visible(media_type.name, keep="") or "(none)"
        for media_type in body.content
        if media_type.name != chosen.name
    ]
    shown = others[:_MAX_MEDIA_TYPES]
    more = f" and {len(others) - len(shown)} more" if len(others) > len(shown) else ""
    if not others:
        return f"{visible(chosen.name, keep='')} is the default of --content-type."
    return f"Other media types, with --content-type: {', '.join(shown)}{more}."


def _before_the_api(flags: list[str]) -> str:
    names = ", ".join(f"`{flag}`" for flag in flags)
    return f"Give {program().name}'s own {names} before the {'operation' if program().api else 'API'} here."


def _entries_fact(option: str, value: ValueType) -> str:
    """Return the fact about an object with any keys, whose values can be set by options."""
    is_long = len(option) > 30
    return f"or {'the same with ' if is_long else f'--{option}'}.KEY {placeholder(value)} for each entry"


def _shown_fields(fields: Sequence[DescribedInput]) -> list[DescribedInput]:
    """Return the fields that fit the page: required ones first, then the least nested ones."""
    ordered = _required_first(fields)
    if len(ordered) <= _MAX_FIELDS:
        return ordered
    indexes = sorted(
        range(len(ordered)), key=lambda index: (not ordered[index].is_needed, len(ordered[index].path))
    )
    return [ordered[index] for index in sorted(indexes[:_MAX_FIELDS])]


def _required_first(fields: Sequence[DescribedInput]) -> list[DescribedInput]:
    """Return the fields of required properties before all others. Fields of one property stay together."""
    required = {field.path[0] for field in fields if field.is_needed}
    return sorted(fields, key=lambda field: field.path[0] not in required)


def _description_lines(described: DescribedOperation, width: int, paint: Painter) -> list[str]:
    """Return the first lines of the summary and the description, and the command that prints the rest."""
    operation = described.operation
    lines = wrapped(visible(operation.summary, keep=""), width - 4)
    reported = block_text(operation.description, width - 4)
    if reported.strip() != operation.summary.strip():
        lines += [line for line in reported.splitlines() if line.strip()]
    shown, left_out = lines[:_MOST_LINES], len(lines) - _MOST_LINES
    more: list[str] = []
    if left_out > 0:
        page = f"{invocation('describe', described.api.name)} {operation.name} --all"
        more = wrapped(f"and {left_out:,} more line{'s' if left_out > 1 else ''}: `{page}`", width - 2)
    return [f"  {line}" for line in (*foreign_lines(shown, paint), *more)]
