"""Errors, warnings and notes on standard error, as text or JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dynacli.environment import DISTRIBUTION, Environment, invocation
from dynacli.errors import DynacliError
from dynacli.text.terminal import Painter, terminal_width, visible, visible_painted

if TYPE_CHECKING:
    from dynacli.media.body_value import FindSchema

_EXCERPT = re.compile(r"^( *)\| (.*)$", re.MULTILINE)
"""A line of an excerpt, as `dynacli.client.responses.validation_text` makes it."""
_MARKER = re.compile(r" *\^+")
_PROGRAMS_WITH_LINKS = frozenset({"Hyper", "WezTerm", "ghostty", "iTerm.app", "vscode", "zed"})
"""Values of `TERM_PROGRAM` of terminals that show links."""
_TERMS_WITH_LINKS = frozenset({"alacritty", "foot", "xterm-ghostty", "xterm-kitty"})
"""Values of `TERM` of terminals that show links."""
_USAGE = 2
_MOST_BYTES = 600
"""Maximum size of a usage error for an agent, unless its message and its corrected command alone are longer."""
_ALWAYS = frozenset({"kind", "message", "reason", "hint", "exit_code", "retryable", "try", "summary"})
_NAMES = ("missing", "near")
_MOST_NAMES = 5
_LEAST = (("hint", 80), ("reason", 120), ("message", 120), ("hint", 0), ("reason", 0), ("message", 80))
"""The texts of an error in the order in which they are cut, each with the minimum number of characters to leave."""
_MOST_TRIED = 5
"""Maximum number of URLs that an agent sees after a search for a document."""


def write_stderr(env: Environment, text: str, *, painted: bool = False, label: str = "") -> None:
    """Write lines to standard error; do nothing if it is closed or broken.

    The text is made `visible`, also in a pipe, because a terminal may show the log later.

    Args:
        env: The environment of the run.
        text: Lines. A missing final line feed is added.
        painted: Whether the caller has already made foreign text `visible` and painted it.
        label: A text of dynacli before the lines, which may contain any escape sequences.
    """
    text = label + (visible_painted(text) if painted and env.stderr_is_terminal else visible(text))
    if not text.endswith("\n"):
        text += "\n"
    try:
        try:
            env.stderr.write(text)
        except UnicodeEncodeError:
            encoding = env.stderr.encoding or "ascii"
            env.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding))
        env.stderr.flush()
    except (OSError, ValueError, AttributeError):
        # A broken pipe, a full disk, or a closed or missing stream. No other stream is left for the message, and the
        # exit code still shows the outcome.
        return


def write_trace(env: Environment, text: str) -> None:
    """Write lines of `-v`: requests after `>`, responses after `<`, and notes of dynacli after `*`.

    Args:
        env: The environment of the run.
        text: The lines, with secrets masked.
    """
    paint = Painter.for_stderr(env)
    if paint.enabled:
        text = "\n".join(_traced(visible(line), paint) for line in text.split("\n"))
    write_stderr(env, text, painted=paint.enabled)


def _traced(line: str, paint: Painter) -> str:
    """Return a line of `-v` with its method, its status or the name of its header in colour."""
    mark, _, rest = line.partition(" ")
    if mark == "*":
        return paint.dim(line)
    if header := re.match(r"[^ :]+(?=: )", rest):
        return f"{paint.dim(mark)} {paint.cyan(header[0])}{rest[header.end() :]}"
    if mark == "<" and (status := re.match(r"(HTTP/\S+ )?(\d{3}.*)", rest)):
        return f"{paint.dim(mark)} {status[1] or ''}{paint.status(status[2])}"
    method, _, url = rest.partition(" ")
    return f"{paint.dim(mark)} {paint.method(method)} {url}" if url else line


def write_error(
    env: Environment, error: DynacliError, error_format: str, *, is_for_agent: bool = False
) -> None:
    """Write an error with its message, reason and hint.

    Args:
        env: The environment of the run.
        error: The error.
        error_format: `json` for one line of JSON, anything else for text.
        is_for_agent: Whether an agent reads the error, so that the JSON of a usage error is shortened.
    """
    if error_format == "json":
        reported = error.as_json()
        reported["error"]["help"] = _help_of(error)
        if is_for_agent:
            reported = _shortened(reported) if error.exit_code == _USAGE else _with_few_places(reported)
        _write_json(env, reported)
        return
    if error.is_declined:
        _write_dim(env, error.message)
        return
    paint, width = Painter.for_stderr(env), _width(env)
    lines = _labelled("error: ", " ", error.message, width)
    if error.reason:
        lines += _with_excerpts(_labelled("  reason: ", "  reason: ", error.reason, width), paint)
    hint = error.hint or ("" if error.try_ else f"`{_help_of(error)}` explains errors of this kind")
    if hint:
        lines += _labelled("  hint: ", f"  {paint.hint('hint:')} ", hint, width)
    if error.try_:  # a command stays on one line, so that it can be copied
        lines += f"  {paint.hint('try:')} {paint.bold(visible(error.try_))}\n"
    label = paint.bold(paint.red("error:"))
    if paint.enabled and _shows_links(env.variables) and (address := _address_of(error.kind)):
        label = f"\x1b]8;;{address}\x1b\\{label}\x1b]8;;\x1b\\"
    write_stderr(env, lines, painted=True, label=label)


def _help_of(error: DynacliError) -> str:
    """Return the command that explains the kind of an error."""
    return f"{invocation('help errors')} {error.kind}"


def _shows_links(variables: Mapping[str, str]) -> bool:
    """Return whether the terminal is known to show links (OSC 8); some older ones print the URL as text.

    `FORCE_HYPERLINK` decides first, as for other programs: see https://github.com/zkat/supports-hyperlinks.
    """
    if forced := variables.get("FORCE_HYPERLINK"):
        return forced != "0"
    term = variables.get("TERM", "")
    if "TMUX" in variables or term.startswith(("screen", "tmux")):
        return False  # the other variables describe the terminal outside of tmux or screen
    # VTE 0.50.0 crashes: https://bugzilla.gnome.org/show_bug.cgi?id=788542
    vte = variables.get("VTE_VERSION", "")
    return (
        term in _TERMS_WITH_LINKS
        or variables.get("TERM_PROGRAM") in _PROGRAMS_WITH_LINKS
        or (vte.isdecimal() and int(vte) > 5000)
        or "KONSOLE_VERSION" in variables
        or "WT_SESSION" in variables
    )


def _address_of(kind: str) -> str:
    """Return the URL of the section about a kind of error; empty if the installed package names no website."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        urls = metadata(DISTRIBUTION).get_all("Project-URL", [])
    except (PackageNotFoundError, OSError):
        return ""
    site = next((url.partition(", ")[2] for url in urls if url.startswith("Documentation, ")), "")
    return f"{site.rstrip('/')}/manual/errors/#{kind}" if re.fullmatch(r"https://[!-~]+", site) else ""


def write_warning(
    env: Environment,
    text: str,
    error_format: str = "text",
    details: dict[str, Any] | None = None,
    *,
    is_for_agent: bool = False,
) -> None:
    """Write a warning about a problem that does not stop the run.

    Args:
        env: The environment of the run.
        text: The problem, without a final period.
        error_format: `json` for one line of JSON, anything else for text.
        details: Further fields of the JSON output, for programs.
        is_for_agent: Whether an agent reads the warning, so that long details are left out.
    """
    if error_format == "json":
        warning = {"warning": {"message": text, **(details or {})}}
        # The message has the same information as the details.
        is_long = is_for_agent and len(_json_line(warning)) >= _MOST_BYTES
        _write_json(env, {"warning": {"message": text}} if is_long else warning)
        return
    paint = Painter.for_stderr(env)
    label = paint.yellow("warning:") + " "
    lines = _labelled("warning: ", label, text, _width(env))
    write_stderr(env, _with_excerpts(lines, paint), painted=True)


def write_note(env: Environment, text: str) -> None:
    """Write a note, dimmed on a terminal: a fact that needs no action.

    Args:
        env: The environment of the run.
        text: One line, without a final period. `--quiet` leaves it out.
    """
    if not env.is_quiet:
        _write_dim(env, text)


def _write_dim(env: Environment, text: str) -> None:
    if env.stderr_is_terminal:
        text = Painter.for_stderr(env).dim(visible(text))
    write_stderr(env, text, painted=True)


def write_filter_note(
    env: Environment,
    value: Any,
    expression: str,
    found: Any,
    subject: str = "the response",
    schema: FindSchema | None = None,
) -> None:
    """Write a note if a filter finds nothing in a value, or names an unknown field.

    The arguments are the same as for `filter_note`.
    """
    from dynacli.media.body_value import filter_note

    note = filter_note(value, expression, found, subject, schema)
    if note:
        write_note(env, note)


def _with_excerpts(text: str, paint: Painter) -> str:
    """Return text with its excerpts coloured: the marker is red, and all lines except the marked one are dimmed.

    Excerpts are recognised by their format. Foreign text in the same format is coloured, too, which does no harm.
    """
    if not paint.enabled:
        return text
    lines = text.split("\n")
    excerpts = [_EXCERPT.fullmatch(line) for line in lines]
    for number, excerpt in enumerate(excerpts):
        if excerpt is None:
            continue
        margin, shown = f"{excerpt[1]}{paint.dim('|')} ", excerpt[2]
        below = excerpts[number + 1] if number + 1 < len(excerpts) else None
        if _MARKER.fullmatch(shown):
            shown = paint.red(shown)
        elif below is None or not _MARKER.fullmatch(below[2]):
            shown = paint.dim(shown)
        lines[number] = margin + shown
    return "\n".join(lines)


def _width(env: Environment) -> int | None:
    """Return the width of messages on a terminal; None for a log, in which a line is a message."""
    return terminal_width(env, env.stderr) if env.stderr_is_terminal else None


def _labelled(label: str, painted_label: str, text: str, width: int | None) -> str:
    """Return a text after its label, wrapped to a width with a hanging indent."""
    lines = visible(text.strip("\n")).split("\n")
    if width is not None:
        room = width - len(label)
        lines = [part for line in lines for part in _message_lines(line, room)]
    return painted_label + ("\n" + " " * len(label)).join(lines) + "\n"


def _message_lines(line: str, width: int) -> list[str]:
    """Return the lines of a part of a message; excerpts, which are indented, and commands stay whole."""
    if len(line) <= width or line.startswith(" "):
        return [line]
    from dynacli.text.wrapping import wrapped

    whole = re.sub(r"`[^`]*`", lambda found: found[0].replace(" ", "\0"), line)
    return [part.replace("\0", " ") for part in wrapped(whole, width)]


def _write_json(env: Environment, value: dict[str, Any]) -> None:
    write_stderr(env, _json_line(value))


def _json_line(value: dict[str, Any]) -> str:
    import json

    # In ASCII, `json` escapes control characters and lone surrogates, but not DEL.
    return json.dumps(value, default=str).replace("\x7f", "\\u007f")


def _shortened(reported: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON of a usage error, shortened by its least important parts; `try` is always complete."""
    error: dict[str, Any] = {**reported["error"]}
    shorter = {"error": error}

    def over() -> int:
        return len(_json_line(shorter)) + 1 - _MOST_BYTES

    for name in [name for name in error if name not in _ALWAYS and name not in _NAMES]:
        if over() > 0:  # the reason has the same information
            del error[name]
    summary = error["summary"]
    while over() > 0 and summary and _leave_out(summary):
        pass
    for name in _NAMES:
        names = error.get(name, ())
        if over() > 0 and len(names) > _MOST_NAMES:
            error[name], error[f"more_{name}"] = names[:_MOST_NAMES], len(names) - _MOST_NAMES
    for name, least in _LEAST:
        if over() > 0:
            error[name] = _cut_between_names(error[name], len(error[name]) - over(), least)
        if over() > 0 and not least:
            error["summary"] = None
    for name in _NAMES:
        if over() > 0:
            error.pop(name, None)
            error.pop(f"more_{name}", None)
    return shorter


def _with_few_places(reported: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON of an error with the first tried URLs, and before these the ones that did not return 404."""
    tried = sorted(reported["error"].get("tried", ()), key=lambda place: place["result"] == "404")
    if len(tried) <= _MOST_TRIED:
        return reported
    few = {"tried": tried[:_MOST_TRIED], "more_tried": len(tried) - _MOST_TRIED}
    return {"error": {**reported["error"], **few}}


def _leave_out(summary: dict[str, Any]) -> bool:
    """Remove a fact or an input from a summary, starting with the last; return False if none is left to remove."""
    inputs = summary["inputs"]
    for fact in ("description", "enum"):
        input_with = next((input_ for input_ in reversed(inputs) if fact in input_), None)
        if input_with is not None:
            del input_with[fact]
            return True
    if len(inputs) > 1:
        inputs.pop()
        summary["more_inputs"] += 1
        return True
    return False


def _cut_between_names(text: str, most: int, least: int) -> str:
    """Return a text cut to a number of characters, but not within backticks; a cut text ends in `...`."""
    most = max(most, least)
    if len(text) <= most:
        return text
    cut = text[: max(most - 3, 0)]
    if cut.count("`") % 2:
        cut = cut[: cut.rindex("`")]
    return f"{cut.rstrip()}..." if cut else ""
