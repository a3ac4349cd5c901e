"""The help page of one operation."""

from collections.abc import Iterable, Iterator, Sequence

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.description.operation_description import DescribedInput, OperationDescription
from dynacli.commands.help.page_lines import usage_lines
from dynacli.environment import Environment, invocation, program
from dynacli.http.semantics import is_multipart
from dynacli.model.media_types import is_built
from dynacli.model.operation import MORE, Body, Choice, Field, MediaType, ValueType, of_first_items
from dynacli.model.value_words import MAY_BE_NULL, NOT_EMPTY, constraints, placeholder
from dynacli.options.standard_options import FILE, INPUT_OPTIONS, PART, STANDARD_OPTIONS, Option, options_of
from dynacli.record import replace
from dynacli.text.terminal import Painter, terminal_width, visible
from dynacli.text.wrapping import block_text, quoted, quoted_lines, short_sentence, word_or_quoted, wrapped

__all__ = ["operation_help"]

_MOST_LINES = 24
"""Lines of a description; `describe` has the others."""
_MAX_FIELDS = 60
"""Options of a body that the page lists; for the others it points to `describe`."""
_MAX_BRANCHES = 8
_MAX_CHOICES = 6
_MAX_MEDIA_TYPES = 6
_SAYING_NOTHING = frozenset(("ok", "success", "successful operation", "response", "successful response"))
"""Descriptions of a success that say no more than its status does."""


def operation_help(
    env: Environment, description: OperationDescription, usage: str, own_flags: set[str]
) -> str:
    """Return the page: summary, arguments, options, body, answers, and an example that runs."""
    described, operation = description.described, description.operation
    paint = Painter.for_stdout(env)
    width = terminal_width(env, env.stdout)
    lines = [*usage_lines(visible(usage, keep=""), width), ""]
    if operation.is_deprecated:
        lines.extend([paint.yellow("Deprecated."), ""])
    if operation.summary:
        lines.extend([*_quote(wrapped(visible(operation.summary, keep=""), width - 4)), ""])
    told = block_text(operation.description, width - 4)
    if told and told.strip() != operation.summary.strip():
        lines.extend([*_description_lines(described, told.splitlines(), width), ""])
    lines.extend([f"  {paint.dim(f'{visible(operation.method)} {word_or_quoted(operation.path)}')}", ""])
    page = _Page(paint, width)
    parameters = description.inputs[: len(operation.parameters)]
    needed = [each for each in parameters if each.location == "path" or each.is_required]
    parameters = description.with_sources(parameters, needed)
    in_path = [each for each in parameters if each.location == "path"]
    page.section("Arguments", [row for each in in_path for row in page.with_fields(each)])
    hidden = {parameter.option for parameter in operation.parameters if parameter.is_hidden}
    others = [each for each in parameters if each.location != "path" and each.option not in hidden]
    others.sort(key=lambda each: not each.is_required)
    page.section("Options", [row for each in others for row in page.with_fields(each)])
    if described.media_type is not None:
        page.body(description, described.media_type, own_flags)
    page.answers(description)
    inputs = INPUT_OPTIONS if operation.body is not None else INPUT_OPTIONS[-1:]
    flags = {option.flags[-1] for option in (*inputs, *STANDARD_OPTIONS)} - own_flags
    shown = [flag for flag in ("--body", "--filter", "--all", "--dry-run") if flag in flags]
    note = f"Also {', '.join(shown)} and others: `{program().name} --help`."
    page.lines.extend(wrapped(note, width))
    own = [option.flags[-1] for option in STANDARD_OPTIONS if option.flags[-1] in own_flags]
    if own:
        page.lines.extend(wrapped(_before_the_api(own), width))
    page.lines.append("")
    lines.extend(page.lines)
    lines.extend([paint.bold("Example"), f"  {visible(described.example_line, keep='')}"])
    return "\n".join(lines)


class _Page:
    """The sections of the page, added to its lines."""

    def __init__(self, paint: Painter, width: int) -> None:
        self.paint = paint
        self.width = width
        self.lines: list[str] = []

    def section(self, title: str, rows: list[tuple[str, str]], note: str = "") -> None:
        """Add a section, unless it has neither rows nor a note."""
        if not rows and not note:
            return
        self.lines.append(self.paint.bold(title))
        column = min(max((len(left) for left, _ in rows), default=0) + 4, 34)
        for left, right in rows:
            text = wrapped(right, max(self.width - column, 24))
            if len(left) + 4 > column:
                self.lines.append(f"  {left}")
            else:
                first = text.pop(0) if text else ""
                self.lines.append(f"  {left}{' ' * (column - len(left) - 2)}{first}".rstrip())
            self.lines.extend(f"{' ' * column}{line}" for line in text)
        if note:
            self.lines.extend(f"  {line}" for line in wrapped(note, self.width - 2))
        self.lines.append("")

    def row(self, each: DescribedInput, inside: str = "") -> tuple[str, str]:
        """Return the row of an input.

        Args:
            inside: The parameter of which it is a property; empty for none.
        """
        facts = constraints(each.value)
        if each.value.type == "object" and each.value.items is not None:
            facts.append(_entries(each.option, each.value.items))
        if isinstance(each.origin, Field):
            facts = [*_necessity(each, each.origin, inside), *_of_field(each.origin, facts, each.option)]
        elif each.location == "path":
            # A path has no empty segments, whether the document says so or not.
            facts = [fact for fact in facts if fact != NOT_EMPTY]
        elif each.is_required:
            facts.insert(0, "required")
        facts.extend([f"from {visible(each.source, keep='')}"] if each.source else [])
        return each.usage, _about(each.description, facts, is_deprecated=each.origin.is_deprecated)

    def with_fields(self, each: DescribedInput) -> list[tuple[str, str]]:
        """Return the rows of a parameter and of the properties of its value."""
        return [self.row(each), *(self.row(field, inside=each.option) for field in each.fields)]

    def body(self, description: OperationDescription, media_type: MediaType, own_flags: set[str]) -> None:
        """Add the body's section."""
        described, body = description.described, description.operation.body
        if body is None:
            return
        required = ", required" if body.is_required else ""
        is_part = is_multipart(media_type.name)
        takes_options = is_built(media_type.name)
        fields = description.inputs[len(description.operation.parameters) :]
        rows = [self.row(each) for each in _shown_fields(fields)] if takes_options else []
        input_options = [option for option in INPUT_OPTIONS if option.flags[0] not in own_flags]
        if not takes_options:
            whole = [option for option in input_options if option.name not in ("content_type", "set")]
            rows.extend(map(_row, map(_for_whole_body, whole)))
        if len(body.content) > 1:
            rows.extend(_row(option) for option in input_options if option.name == "content_type")
        if is_part:
            of_parts = options_of({PART} if media_type.fields else {FILE, PART})
            rows.extend(_row(option) for option in of_parts if option.flags[0] not in own_flags)
        notes = []
        left_out = len(media_type.fields) - _MAX_FIELDS
        if not takes_options:
            if media_type.fields:
                page = f"{invocation('describe', described.api.name)} {described.operation.name}"
                notes.append(f"Options cannot build it; what it holds: `{page}`.")
        elif left_out > 0:
            notes.append(
                f"{left_out} more options: see `{invocation('describe', described.api.name)} "
                f"{described.operation.name}`."
            )
        if takes_options:
            notes.extend(_notes(media_type))
        hidden = [option.flags[0] for option in INPUT_OPTIONS if option not in input_options]
        if hidden:
            notes.append(_before_the_api(hidden))
        if len(body.content) > 1:
            notes.append(_media_types(body, media_type))
        title = f"Body ({visible(media_type.name, keep='') or 'no media type'}{required})"
        self.section(title, rows, "\n".join(notes))

    def answers(self, description: OperationDescription) -> None:
        """Add the answers: what a success holds, and the errors that are not those of the whole API."""
        described, answer = description.described, description.answer
        shared = {
            (error.status, error.description) for error in described.api.catalog.overview().shared_errors
        }
        rows: list[tuple[str, str]] = []
        for response in described.operation.responses:
            is_success = response.status == answer.status
            if not is_success and (response.status, response.description) in shared:
                continue
            about = short_sentence(response.description, 120)
            about = "" if is_success and about.lower() in _SAYING_NOTHING else quoted(about)
            lines = answer.text_lines() if is_success else []
            rows.append((visible(response.status, keep=""), "\n".join(filter(None, (about, *lines)))))
        if not answer.status and not any(each.status[:1] == "3" for each in described.operation.responses):
            rows.insert(0, ("2XX", "\n".join(answer.text_lines())))
        self.section("Answers", rows)


def _necessity(each: DescribedInput, field: Field, inside: str) -> list[str]:
    """Return in words how far a field has to be given.

    Args:
        inside: The parameter of which it is a property; empty for none.
    """
    branch = visible(field.branch, keep="")
    if field.is_needed and not inside:
        return ["required"] if field.must_be_given else []
    if field.is_required:
        parent = visible(each.option, keep="").rpartition(".")[0]
        return [f"required for {branch}" if branch else f"required in {parent or 'each item'}"]
    return [f"for {branch}"] if branch else []


def _of_field(field: Field, facts: list[str], option: str) -> list[str]:
    """Return the facts of a field's value, with what holds for options of fields alone."""
    if field.value.is_nullable and field.value.type == "string" and not field.value.enum:
        # `null` behind the option itself would be the text `null`.
        facts = [
            f"null by --set {visible(option, keep='')}=null" if fact == MAY_BE_NULL else fact
            for fact in facts
        ]
    if field.below:
        facts.append("more options below" if field.below == MORE else "holds itself: the same options below")
    return facts


def _row(option: Option) -> tuple[str, str]:
    return f"{option.flags[0]} {option.metavar}".strip(), option.help


def _for_whole_body(option: Option) -> Option:
    """Return a standard option as it works on a body that has no options of its own."""
    if option.name != "body":
        return option
    return replace(option, metavar="TEXT|@FILE|-", help="the whole body, sent as it is given")


def _notes(media_type: MediaType) -> Iterator[str]:
    """Yield the notes below the options of a body."""
    if media_type.is_cut:
        yield "Fields below these have options too, written the same way."
    yield from (_branches(choice) for choice in media_type.choices[:_MAX_CHOICES])
    if len(media_type.choices) > _MAX_CHOICES:
        yield f"{len(media_type.choices) - _MAX_CHOICES} more places have branches."
    if media_type.value.type == "object" and media_type.value.items is not None:
        subject = "Properties of other names" if media_type.fields else "Any property"
        yield f"{subject}: `--body.NAME VALUE`."


def _branches(choice: Choice) -> str:
    """Return the sentence about the branches of one place."""
    names = []
    for name, tag in choice.branches[:_MAX_BRANCHES]:
        # The tag is left out where it is the same word.
        shown = word_or_quoted(name)
        names.append(shown if not tag or tag == name else f"{shown} ({word_or_quoted(tag)})")
    left_out = len(choice.branches) - len(names) + choice.more
    if left_out > 0:
        names.append(f"{left_out} more")
    at = of_first_items(choice.option)
    place = f"`--{at}`" if at else "The body"
    option = f"{at}.{choice.by}" if at else choice.by
    by = f"; --{option} picks it, or the options given do" if choice.by else "; the options given decide"
    text = f"{place} is one of {', '.join(names[:-1])} {'and' if left_out > 0 else 'or'} {names[-1]}{by}."
    return visible(text, keep="")


def _media_types(body: Body, chosen: MediaType) -> str:
    others = [
        visible(media_type.name, keep="") or "(none)"
        for media_type in body.content
        if media_type.name != chosen.name
    ]
    shown = others[:_MAX_MEDIA_TYPES]
    more = f" and {len(others) - len(shown)} more" if len(others) > len(shown) else ""
    if not others:
        return f"{visible(chosen.name, keep='')} is the default of --content-type."
    return f"Other media types, by --content-type: {', '.join(shown)}{more}."


def _before_the_api(flags: list[str]) -> str:
    names = ", ".join(f"`{flag}`" for flag in flags)
    stands = "stands" if len(flags) == 1 else "stand"
    place = "operation's" if program().api else "API's"
    return f"{program().name}'s own {names} {stands} before the {place} name here."


def _about(description: str, facts: list[str], *, is_deprecated: bool) -> str:
    sentence = quoted(description)
    shown = [*facts, "deprecated"] if is_deprecated else facts
    return f"{sentence} [{'; '.join(shown)}]".strip() if shown else sentence


def _entries(option: str, value: ValueType) -> str:
    """Return the fact about an object of any keys, whose entries have an option each."""
    is_long = len(option) > 30
    return f"or an entry each: {'the same with ' if is_long else f'--{option}'}.NAME {placeholder(value)}"


def _shown_fields(fields: Sequence[DescribedInput]) -> list[DescribedInput]:
    """Return the fields that the page has room for: first the required ones, then the less deep ones."""
    ordered = _required_first(fields)
    if len(ordered) <= _MAX_FIELDS:
        return ordered
    indexes = sorted(
        range(len(ordered)), key=lambda index: (not ordered[index].is_needed, len(_path(ordered[index])))
    )
    return [ordered[index] for index in sorted(indexes[:_MAX_FIELDS])]


def _required_first(fields: Sequence[DescribedInput]) -> list[DescribedInput]:
    """Return the fields with those of required properties first; fields of the same property stay together."""
    required = {_path(each)[0] for each in fields if each.is_needed}
    return sorted(fields, key=lambda each: _path(each)[0] not in required)


def _path(each: DescribedInput) -> tuple[str, ...]:
    return each.origin.path if isinstance(each.origin, Field) else ()


def _description_lines(described: DescribedOperation, text: list[str], width: int) -> list[str]:
    """Return the lines of a description; of a long one the first, as the options come behind it."""
    if len(text) <= _MOST_LINES:
        return _quote(text)
    shown = text[: _MOST_LINES - 1]
    page = f"{invocation('describe', described.api.name)} {described.operation.name} --all"
    more = wrapped(f"and {len(text) - len(shown):,} more lines: `{page}`", width - 2)
    return [*_quote(shown), *(f"  {line}" for line in more)]


def _quote(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in quoted_lines(lines)]
