"""A finding of a report in words, and the place in the document that it leads to."""

import os
from typing import Any, NamedTuple

from dynacli.output.reports.judged_calls import JudgedCall

__all__ = ["Place", "place_of", "sentence", "subject"]


class Place(NamedTuple):
    """A place in a file of the document.

    Args:
        file: Relative to the working directory for what is below it, else an absolute path or a URL;
            empty where there is no file.
        line: 1-based, None where it is not known.
        column: 1-based.
    """

    file: str
    line: int | None
    column: int | None


def sentence(finding: dict[str, Any]) -> str:
    """Return where in the message, what is wrong, and by which rule."""
    place = finding.get("pointer") or "body"
    return f"{place}: {finding.get('message', '')} [{finding.get('rule', '')}]"


def subject(call: JudgedCall) -> str:
    """Return what was judged, in a few words."""
    answered = f" answered {call.status}" if call.status is not None else ""
    return f"{call.method} {call.path}{answered}"


def place_of(finding: dict[str, Any]) -> Place:
    """Return the place of the document that a finding is about.

    Those who read reports show them beside the files of a checkout, so paths start from there.
    """
    document = finding.get("document") or {}
    name = document.get("file") or ""
    if name in {"", "-"}:
        return Place("", None, None)
    if os.path.isabs(name):
        near = _below_here(name)
        name = name if near is None else near
    return Place(name, document.get("line"), document.get("column"))


def _below_here(name: str) -> str | None:
    try:
        near = os.path.relpath(name)
    except (OSError, ValueError):  # this directory was removed, or the file is on another drive
        return None
    return None if near.startswith("..") else near.replace(os.sep, "/")
