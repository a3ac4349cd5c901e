"""A verdict as people and programs read it."""

from typing import TYPE_CHECKING, Any

from dynacli.catalog.api import Api
from dynacli.commands.run import Run

if TYPE_CHECKING:
    from dynacli.catalog.locations import Location

__all__ = ["findings_json", "findings_text", "report_unchecked"]

MAX_SHOWN = 20


def findings_text(api: Api, findings: list[Any]) -> str:
    """Return the findings: a line each, and one for the place in the document that asks for it."""
    from dynacli.document.file_names import shown_file

    locations = _locations(api, findings[:MAX_SHOWN])
    lines = []
    for finding in findings[:MAX_SHOWN]:
        lines.append(f"{_place(finding)}: {finding.message} [{finding.rule}]")
        location = locations.get(finding.schema_pointer)
        if location is not None and location.line is not None:
            file = "document" if len(api.catalog.files()) < 2 else shown_file(location.file)
            lines.append(f"    {file} line {location.line}: {location.pointer}")
    if len(findings) > MAX_SHOWN:
        lines.append(f"and {len(findings) - MAX_SHOWN} more")
    return "\n".join(lines)


def _place(finding: Any) -> str:
    if not finding.pointer:
        return "body"
    if finding.pointer.startswith("/") or finding.pointer == "status":
        return str(finding.pointer)
    # `query/page`, or `query/ids/0` for a value inside of it.
    location, _, rest = finding.pointer.partition("/")
    name, _, inside = rest.partition("/")
    return f"{location} `{name}`" + (f" /{inside}" if inside else "")


def findings_json(api: Api, findings: list[Any]) -> list[dict[str, Any]]:
    """Return the findings in the shape of the validation report."""
    locations = _locations(api, findings)
    return [
        {**finding.as_json(), "document": _document_json(api, locations.get(finding.schema_pointer))}
        for finding in findings
    ]


def _document_json(api: Api, location: "Location | None") -> dict[str, Any]:
    if location is None:
        return {"file": api.catalog.files()[0][1], "line": None, "column": None, "pointer": ""}
    return location._asdict()


def _locations(api: Api, findings: list[Any]) -> dict[str, "Location"]:
    """Return schema pointer → place; the files are looked at only now, when something was found."""
    pointers = [finding.schema_pointer for finding in findings if finding.schema_pointer]
    return api.places(pointers) if pointers else {}


def report_unchecked(run: Run, verdict: Any) -> None:
    """Say what could not be judged: failures always, the rest where a person asked for a verdict."""
    for reason in dict.fromkeys(verdict.failures):
        run.warn(f"Not judged: {reason}")
    if not verdict.unchecked or (run.option("validate") is None and not run.option("verbose")):
        return
    from dynacli.output.terminal import write_stderr

    for reason in dict.fromkeys(verdict.unchecked):
        write_stderr(run.env, f"Not judged: {reason}\n")
