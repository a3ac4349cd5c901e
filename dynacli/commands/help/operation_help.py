"""The help page of one operation."""

import json
from collections.abc import Iterator, Sequence

from dynacli.client.described_operation import DescribedOperation
from dynacli.commands.help.usage_lines import usage_lines
from dynacli.commands.standard_options import INPUT_OPTIONS, PART_OPTIONS, STANDARD_OPTIONS, StandardOption
from dynacli.environment import Environment
from dynacli.model.media_types import is_built, is_multipart
from dynacli.model.operation import MORE, Body, Choice, Field, MediaType, Parameter, Response, ValueType
from dynacli.text.markdown.markdown import first_sentence, to_text
from dynacli.text.terminal import Painter, terminal_width, visible
from dynacli.text.wrapping import wrapped

__all__ = ["constraints", "operation_help", "placeholder"]

LISTED = 60
"""Body options that a help page lists before it points to `describe`."""
CHOICES = 12
BRANCHES = 8
CHOICE_PLACES = 6
MEDIA_TYPES = 6
NOT_EMPTY = "not empty"
NULL = "may be null"


def operation_help(env: Environment, described: DescribedOperation, usage: str, own_flags: set[str]) -> str:
    """Return the page: what it does, arguments, options, body options, answers, and an example that runs."""
    operation = described.operation
    paint = Painter.for_stdout(env)
    width = terminal_width(env, env.stdout)
    lines = [*usage_lines(visible(usage, keep=""), width), ""]
    if operation.is_deprecated:
        lines.extend([paint.yellow("Deprecated."), ""])
    if operation.summary:
        lines.extend([*_indented(visible(operation.summary, keep=""), width), ""])
    description = to_text(operation.description, width - 2)
    if description and description.strip() != operation.summary.strip():
        lines.extend([*(f"  {line}".rstrip() for line in description.splitlines()), ""])
    lines.extend([f"  {paint.dim(visible(f'{operation.method} {operation.path}'))}", ""])
    page = _Page(paint, width)
    in_path = [one for one in operation.parameters if one.location == "path"]
    page.section("Arguments", [row for one in in_path for row in page.with_fields(one)])
    others = [one for one in operation.parameters if one.location != "path" and not one.is_hidden]
    others.sort(key=lambda one: not _has_to_be_given(one))
    page.section("Options", [row for one in others for row in page.with_fields(one)])
    if described.media_type is not None:
        page.body(described, described.media_type, own_flags)
    page.section("Answers", [page.response(one) for one in operation.responses])
    standard = STANDARD_OPTIONS if operation.body is not None else (INPUT_OPTIONS[-1], *STANDARD_OPTIONS)
    flags = [flag for one in standard for flag in one.flags[-1:] if flag not in own_flags]
    note = f"{', '.join(flags)}: see `dynacli --help`."
    hidden = [one.flags[-1] for one in standard if one not in INPUT_OPTIONS and one.flags[-1] in own_flags]
    if hidden:
        note += f"\n{_before_the_api(hidden)}"
    page.section("Standard options", [], note)
    lines.extend(page.lines)
    lines.extend([paint.bold("Example"), f"  {visible(described.example_line, keep='')}"])
    return "\n".join(lines)


class _Page:
    def __init__(self, paint: Painter, width: int) -> None:
        self.paint = paint
        self.width = width
        self.lines: list[str] = []

    def section(self, title: str, rows: list[tuple[str, str]], note: str = "") -> None:
        """Add a section; one without rows is left out."""
        if not rows and not note:
            return
        self.lines.append(self.paint.bold(title))
        column = min(max((len(left) for left, _ in rows), default=0) + 4, 34)
        for left, right in rows:
            text = wrapped(right, max(self.width - column, 24))
            if len(left) + 4 > column:
                self.lines.append(f"  {left}")
            else:
                told = text.pop(0) if text else ""
                self.lines.append(f"  {left}{' ' * (column - len(left) - 2)}{told}".rstrip())
            self.lines.extend(f"{' ' * column}{line}" for line in text)
        if note:
            self.lines.extend(f"  {line}" for line in wrapped(note, self.width - 2))
        self.lines.append("")

    def parameter(self, one: Parameter) -> tuple[str, str]:
        """Return the row of a parameter."""
        if one.location == "path":
            left = one.option.removeprefix("path.").upper().replace("-", "_")
        else:
            left = f"--{visible(one.option, keep='')} {placeholder(one.value)}".rstrip()
        facts = ["required"] if one.location != "path" and _has_to_be_given(one) else []
        facts.extend(constraints(one.value))
        if one.value.type == "object" and one.value.items is not None:
            facts.append(_entries(one.option, one.value.items))
        # A path has no empty segments, whether the document says so or not.
        facts = [fact for fact in facts if fact != NOT_EMPTY or one.location != "path"]
        return left, _told(one.description, facts, is_deprecated=one.is_deprecated)

    def with_fields(self, one: Parameter) -> list[tuple[str, str]]:
        """Return the rows of a parameter and of the properties that it has."""
        return [self.parameter(one), *(self.field(each, is_inside=True) for each in one.fields)]

    def field(self, one: Field, *, is_inside: bool = False, is_part: bool = False) -> tuple[str, str]:
        """Return the row of a body option, or of a property inside an object parameter."""
        option = visible(one.option, keep="").replace("[]", "[0]")
        left = f"--{option} {(is_part and _file(one.value)) or placeholder(one.value)}".rstrip()
        facts = []
        branch = visible(one.branch, keep="")
        if one.is_needed and not is_inside:
            facts.extend([] if one.value.has_known_default else ["required"])
        elif one.is_required and branch:
            facts.append(f"required for {branch}")
        elif one.is_required:
            facts.append(f"required in {option.rpartition('.')[0] or 'each item'}")
        elif branch:
            facts.append(f"for {branch}")
        facts.extend(constraints(one.value))
        if one.value.type == "object" and one.value.items is not None:
            facts.append(_entries(option, one.value.items))
        if one.value.is_nullable and one.value.type == "string" and not one.value.enum:
            # The word `null` is a text here.
            facts = [f"null by --set {option}=null" if fact == NULL else fact for fact in facts]
        if one.below:
            facts.append(
                "more options below" if one.below == MORE else "holds itself: the same options below"
            )
        return left, _told(one.description, facts, is_deprecated=one.is_deprecated)

    def body(self, described: DescribedOperation, media_type: MediaType, own_flags: set[str]) -> None:
        """Add the body's section."""
        body = described.operation.body
        if body is None:
            return
        required = ", required" if body.is_required else ""
        is_part = is_multipart(media_type.name)
        takes_options = is_built(media_type.name)
        rows = (
            [self.field(one, is_part=is_part) for one in _shown(media_type.fields)] if takes_options else []
        )
        whole = [one for one in INPUT_OPTIONS if one.flags[0] not in own_flags]
        rows.extend(
            (f"{one.flags[0]} {one.metavar}".strip(), one.help)
            for one in (whole if takes_options else map(_given_whole, whole))
            if (one.name != "content_type" or len(body.content) > 1) and (one.name != "set" or takes_options)
        )
        if is_part:
            rows.extend((f"{one.flags[0]} {one.metavar}", one.help) for one in PART_OPTIONS)
        notes = []
        left_out = len(media_type.fields) - LISTED
        if not takes_options:
            if media_type.fields:
                page = f"dynacli describe {described.api.name} {described.operation.name}"
                notes.append(f"Options cannot build it; what it holds: `{page}`.")
        elif left_out > 0:
            notes.append(
                f"{left_out} more options: see `dynacli describe {described.api.name} {described.operation.name}`."
            )
        if takes_options:
            notes.extend(_notes(media_type))
        if len(whole) < len(INPUT_OPTIONS):
            notes.append(_before_the_api([one.flags[0] for one in INPUT_OPTIONS if one not in whole]))
        if len(body.content) > 1:
            notes.append(_media_types(body, media_type))
        title = f"Body ({visible(media_type.name, keep='') or 'no media type'}{required})"
        self.section(title, rows, "\n".join(notes))

    def response(self, one: Response) -> tuple[str, str]:
        """Return the row of an answer."""
        what = ", ".join(part for part in (one.schema_name, " or ".join(one.media_types[:3])) if part)
        told = first_sentence(one.description, 120)
        return visible(one.status, keep=""), visible(f"{told} ({what})" if what else told, keep="")


def _given_whole(option: StandardOption) -> StandardOption:
    """Return how `--body` is told where no option lies over it."""
    if option.name != "body":
        return option
    return option._replace(metavar="TEXT|@FILE|-", help="the whole body, sent as it is given")


def _notes(media_type: MediaType) -> Iterator[str]:
    """Yield what is to be said of the options of a body besides the rows."""
    if media_type.is_cut:
        yield "Fields below these have options too, written the same way."
    yield from (_branches(one) for one in media_type.choices[:CHOICE_PLACES])
    if len(media_type.choices) > CHOICE_PLACES:
        yield f"{len(media_type.choices) - CHOICE_PLACES} more places have branches."
    if media_type.value.type == "object" and media_type.value.items is not None:
        which = "Properties of other names" if media_type.fields else "Any property"
        yield f"{which}: `--body.NAME VALUE`."


def _branches(choice: Choice) -> str:
    """Return what is to be chosen at one place."""
    names = []
    for name, tag in choice.branches[:BRANCHES]:
        # A name often says its value already.
        names.append(name if not tag or tag == name else f"{name} ({tag})")
    left_out = len(choice.branches) - len(names) + choice.more
    if left_out > 0:
        names.append(f"{left_out} more")
    place = f"`--{choice.option}`" if choice.option else "The body"
    option = f"{choice.option}.{choice.by}" if choice.option else choice.by
    by = f"; --{option} picks it, or the options given do" if choice.by else "; the options given decide"
    told = f"{place} is one of {', '.join(names[:-1])} {'and' if left_out > 0 else 'or'} {names[-1]}{by}."
    return visible(told.replace("[]", "[0]"), keep="")


def _media_types(body: Body, chosen: MediaType) -> str:
    others = [visible(one.name, keep="") or "(none)" for one in body.content if one.name != chosen.name]
    shown = others[:MEDIA_TYPES]
    more = f" and {len(others) - len(shown)} more" if len(others) > len(shown) else ""
    if not others:
        return f"{visible(chosen.name, keep='')} is the default of --content-type."
    return f"Other media types, by --content-type: {', '.join(shown)}{more}."


def _before_the_api(flags: list[str]) -> str:
    listed = ", ".join(f"`{flag}`" for flag in flags)
    stands = "stands" if len(flags) == 1 else "stand"
    return f"dynacli's own {listed} {stands} before the API's name here."


def _has_to_be_given(one: Parameter) -> bool:
    # A required parameter with a default is sent with that one.
    return one.is_required and not one.value.has_known_default


def _told(description: str, facts: list[str], *, is_deprecated: bool) -> str:
    told = first_sentence(description, 160)
    shown = [*facts, "deprecated"] if is_deprecated else facts
    return f"{told} [{'; '.join(shown)}]".strip() if shown else told


def _entries(option: str, value: ValueType) -> str:
    long = len(option) > 30
    return f"or an entry each: {'the same with ' if long else f'--{option}'}.NAME {placeholder(value)}"


def _shown(fields: Sequence[Field]) -> list[Field]:
    """Return the fields that a page has room for: what is needed, then those that are not far in."""
    ordered = _required_first(fields)
    if len(ordered) <= LISTED:
        return ordered
    by_depth = sorted(range(len(ordered)), key=lambda at: (not ordered[at].is_needed, len(ordered[at].path)))
    return [ordered[at] for at in sorted(by_depth[:LISTED])]


def _required_first(fields: Sequence[Field]) -> list[Field]:
    """Return the fields with those of required properties first; what belongs together stays together."""
    needed = {one.path[0] for one in fields if one.is_needed}
    return sorted(fields, key=lambda one: one.path[0] not in needed)


def _file(value: ValueType) -> str:
    """Return what stands for a file, empty where the value is none."""
    inner = value.items if value.type == "array" and value.items is not None else value
    return "" if inner.format != "binary" else "@FILE ..." if inner is not value else "@FILE"


def placeholder(value: ValueType) -> str:
    """Return what stands for an option's value."""
    if value.type == "boolean":
        return "[true|false]"
    if value.type == "array":
        inner = "VALUE" if value.items is None else placeholder(value.items)
        return f"{inner.strip('[]')} ..."
    names = {"integer": "INTEGER", "number": "NUMBER", "object": "JSON", "string": "TEXT"}
    if value.type == "string" and value.format:
        return visible(value.format, keep="").upper()[:24]
    return names.get(value.type, "VALUE")


def constraints(value: ValueType) -> list[str]:
    """Return what a value must be, in words."""
    facts = []
    source = value.items if value.type == "array" and value.items is not None else value
    if source.enum:
        words = [_word(one) for one in source.enum]
        more = f", ... {len(words) - CHOICES} more" if len(words) > CHOICES else ""
        facts.append("one of " + ", ".join(words[:CHOICES]) + more)
    facts.extend(_limits(source.limits or {}))
    if source is not value:
        facts.extend(_limits({key: limit for key, limit in (value.limits or {}).items() if "Items" in key}))
        facts.append("may be repeated")
    if value.is_nullable:
        facts.append(NULL)
    if value.has_default and value.default is not None:
        word = _word(value.default)[:60]
        facts.append(f"default {word}" if word else "empty by default")
    return [visible(fact, keep="") for fact in facts]


def _limits(limits: object) -> list[str]:
    known = limits if isinstance(limits, dict) else {}
    facts = []
    low, high = known.get("minimum"), known.get("maximum")
    # 3.0 has booleans here, 3.1 numbers.
    above, below = known.get("exclusiveMinimum"), known.get("exclusiveMaximum")
    if low is not None and high is not None and not above and not below:
        facts.append(f"{low} to {high}")
    else:
        if low is not None:
            facts.append(f"{'more than' if above is True else 'at least'} {low}")
        if high is not None:
            facts.append(f"{'less than' if below is True else 'at most'} {high}")
    if above is not None and not isinstance(above, bool):
        facts.append(f"more than {above}")
    if below is not None and not isinstance(below, bool):
        facts.append(f"less than {below}")
    if "multipleOf" in known:
        facts.append(f"a multiple of {known['multipleOf']}")
    for few, many, what in (("minLength", "maxLength", "characters"), ("minItems", "maxItems", "items")):
        if few in known and many in known:
            same = known[few] == known[many]
            facts.append(f"{known[few]} {what}" if same else f"{known[few]} to {known[many]} {what}")
        elif known.get(few) == 1:
            facts.append(NOT_EMPTY)
        elif known.get(few):
            facts.append(f"at least {known[few]} {what}")
        elif many in known:
            facts.append(f"at most {known[many]} {what}")
    if "pattern" in known:
        facts.append(f"like {str(known['pattern'])[:60]}")
    return facts


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _indented(text: str, width: int) -> list[str]:
    return [f"  {line}" for line in wrapped(text, width - 2)]
