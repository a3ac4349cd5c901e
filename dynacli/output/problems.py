"""Errors and warnings on standard error, for a person or for a program."""

from typing import Any

from dynacli.environment import Environment
from dynacli.errors import DynacliError
from dynacli.output.terminal import Painter, visible, write_stderr

__all__ = ["write_error", "write_warning"]


def write_error(env: Environment, error: DynacliError, error_format: str) -> None:
    """Write an error: what failed, why, what to do.

    Args:
        env: The surroundings of the run.
        error: The error.
        error_format: `json` for one line of JSON, anything else for text.
    """
    if error_format == "json":
        _write_json(env, error.as_json())
        return
    paint = Painter.for_stderr(env)
    lines = _labelled(env, "Error: ", paint.bold(paint.red("Error:")) + " ", error.what)
    if error.why:
        lines += _labelled(env, "  why: ", "  why: ", error.why)
    if error.hint:
        lines += _labelled(env, "  do: ", "  do: ", error.hint)
    write_stderr(env, lines, painted=True)


def write_warning(env: Environment, text: str, error_format: str = "text") -> None:
    """Write a warning: something that the person should know, though the run goes on.

    Args:
        env: The surroundings of the run.
        text: What happened, without a final period.
        error_format: `json` for one line of JSON, anything else for text.
    """
    if error_format == "json":
        _write_json(env, {"warning": {"message": text}})
        return
    label = Painter.for_stderr(env).yellow("Warning:") + " "
    write_stderr(env, _labelled(env, "Warning: ", label, text), painted=True)


def _labelled(env: Environment, label: str, painted_label: str, text: str) -> str:
    text = text.strip("\n")
    if env.stderr_is_terminal:
        text = visible(text)
    return painted_label + text.replace("\n", "\n" + " " * len(label)) + "\n"


def _write_json(env: Environment, value: dict[str, Any]) -> None:
    import json

    # ASCII alone, so that control characters and lone surrogates are escapes anyway; it leaves DEL alone.
    write_stderr(env, json.dumps(value, default=str).replace("\x7f", "\\u007f"))
