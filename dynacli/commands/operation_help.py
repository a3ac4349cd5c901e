"""The help page of one operation."""

import json

from dynacli.catalog.model import Field, MediaType, Parameter, Response, ValueType
from dynacli.commands.inputs import example_line
from dynacli.commands.operation import OperationCommand
from dynacli.commands.options import INPUT_OPTIONS, STANDARD_OPTIONS
from dynacli.environment import Environment
from dynacli.output.markdown import first_sentence, to_text
from dynacli.output.terminal import Painter, terminal_width, visible
from dynacli.output.wrapping import wrapped

__all__ = ["constraints", "operation_help", "placeholder"]

LISTED = 60
"""Body options that a help page lists before it points to `describe`."""
CHOICES = 12


def operation_help(env: Environment, command: OperationCommand) -> str:
    """Return the page: what it does, arguments, options, body options, answers, and an example that runs."""
    operation = command.operation
    paint = Painter.for_stdout(env)
    width = terminal_width(env, env.stdout)
    lines = [f"Usage: {visible(command.get_usage(None))}", ""]  # type: ignore[arg-type]
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
    page.section("Arguments", [page.parameter(one) for one in in_path])
    others = [one for one in operation.parameters if one.location != "path" and not one.is_hidden]
    page.section("Options", [row for one in others for row in page.with_fields(one)])
    if command.media_type is not None:
        page.body(command, command.media_type)
    page.section("Answers", [page.response(one) for one in operation.responses])
    taken = {flag for param in command.params for flag in param.opts if param.name in command.inputs}
    standard = STANDARD_OPTIONS if operation.body is not None else (INPUT_OPTIONS[-1], *STANDARD_OPTIONS)
    flags = [flag for one in standard for flag in one.flags[-1:] if flag not in taken]
    page.section("Standard options", [], f"{', '.join(flags)}: see `dynacli --help`.")
    lines.extend(page.lines)
    lines.extend([paint.bold("Example"), f"  {visible(example_line(command.api.name, operation), keep='')}"])
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
            text = wrapped(right, max(self.width - column, 24)) if right else [""]
            if len(left) + 4 > column:
                self.lines.append(f"  {left}")
            else:
                self.lines.append(f"  {left}{' ' * (column - len(left) - 2)}{text[0]}".rstrip())
                text = text[1:]
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
        return left, self._told(
            one.description,
            one.value,
            is_required=one.is_required and one.location != "path",
            is_deprecated=one.is_deprecated,
        )

    def with_fields(self, one: Parameter) -> list[tuple[str, str]]:
        """Return the rows of a parameter and of the properties that it has."""
        return [self.parameter(one), *(self.field(each) for each in one.fields)]

    def field(self, one: Field) -> tuple[str, str]:
        """Return the row of a body option."""
        option = visible(one.option, keep="").replace("[]", "[0]")
        left = f"--{option} {placeholder(one.value)}".rstrip()
        return left, self._told(
            one.description, one.value, is_required=one.is_required, is_deprecated=one.is_deprecated
        )

    def _told(self, description: str, value: ValueType, *, is_required: bool, is_deprecated: bool) -> str:
        facts = constraints(value)
        if is_required:
            facts.insert(0, "required")
        if is_deprecated:
            facts.append("deprecated")
        told = first_sentence(description, 160)
        return f"{told} [{'; '.join(facts)}]".strip() if facts else told

    def body(self, command: OperationCommand, media_type: MediaType) -> None:
        """Add the body's section."""
        body = command.operation.body
        if body is None:
            return
        required = ", required" if body.is_required else ""
        rows = [self.field(one) for one in media_type.fields[:LISTED]]
        taken = {flag for param in command.params for flag in param.opts if param.name in command.inputs}
        whole = [one for one in INPUT_OPTIONS if one.flags[0] not in taken]
        rows.extend((f"{one.flags[0]} {one.metavar}".strip(), one.help) for one in whole)
        notes = []
        left_out = len(media_type.fields) - LISTED
        if left_out > 0:
            notes.append(
                f"{left_out} more options: see `dynacli describe {command.api.name} {command.operation.name}`."
            )
        if media_type.is_cut:
            notes.append("Fields below these have options too, written the same way.")
        if len(whole) < len(INPUT_OPTIONS):
            hidden = ", ".join(f"`{one.flags[0]}`" for one in INPUT_OPTIONS if one not in whole)
            notes.append(f"dynacli's own {hidden} stands before the API's name here.")
        others = [one.name for one in body.content if one.name != media_type.name]
        if others:
            notes.append(
                f"Other media types, by --content-type: {', '.join(visible(one, keep='') for one in others)}."
            )
        self.section(f"Body ({visible(media_type.name, keep='')}{required})", rows, " ".join(notes))

    def response(self, one: Response) -> tuple[str, str]:
        """Return the row of an answer."""
        what = ", ".join(part for part in (one.schema_name, " or ".join(one.media_types[:3])) if part)
        told = first_sentence(one.description, 120)
        return visible(one.status, keep=""), visible(f"{told} ({what})" if what else told, keep="")


def placeholder(value: ValueType) -> str:
    """Return what stands for an option's value."""
    if value.type == "boolean":
        return ""
    if value.type == "array":
        inner = placeholder(value.items) if value.items is not None else "VALUE"
        return f"{inner or 'true|false'} ..."
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
        facts.append("may be null")
    if value.has_default and value.default is not None:
        facts.append(f"default {_word(value.default)[:60]}")
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
            facts.append(f"{known[few]} to {known[many]} {what}")
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
