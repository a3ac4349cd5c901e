"""A finding of a report in words, and its position in the files of the document."""

import os
from typing import Any, NamedTuple

from dynacli.output.reports.judged_calls import JudgedCall

__all__ = ["FilePosition", "file_position_of", "sentence", "subject"]


class FilePosition(NamedTuple):
    """A position in a file of the document.

    Args:
        file: The path, relative to the working directory for files below it, else absolute; or a URL;
            empty where there is no file.
        line: The line from 1 on; None where it is unknown.
        column: The column from 1 on; None where it is unknown.
    """

    file: str
    line: int | None
    column: int | None


def sentence(finding: dict[str, Any]) -> str:
    """Return the place in the message, what is wrong there, and the rule."""
    place = finding.get("pointer") or "body"
    return f"{place}: {finding.get('message', '')} [{finding.get('rule', '')}]"


def subject(call: JudgedCall) -> str:
    """Return a few words for the message that was judged."""
    answered = f" answered {call.status}" if call.status is not None else ""
    return f"{call.method} {call.path}{answered}"


def file_position_of(finding: dict[str, Any]) -> FilePosition:
    """Return the position in the document that a finding is about.

    Paths are relative where possible, because programs show reports beside the files of a checkout.
    """
    document = finding.get("document") or {}
    name = document.get("file") or ""
    if name in {"", "-"}:
        return FilePosition("", None, None)
    if os.path.isabs(name):
        near = _below_here(name)
        name = name if near is None else near
    return FilePosition(name, document.get("line"), document.get("column"))


def _below_here(name: str) -> str | None:
    try:
        near = os.path.relpath(name)
    except (OSError, ValueError):  # the working directory was removed, or the file is on another drive
        return None
    return None if near.startswith("..") else near.replace(os.sep, "/")
