"""A verdict as people and programs read it."""

from typing import Any

from dynacli.catalog.apis import Api
from dynacli.commands.run import Run

__all__ = ["findings_json", "findings_text", "report_unchecked"]

MAX_SHOWN = 20


def findings_text(api: Api, findings: list[Any]) -> str:
    """Return the findings: a line each, and one for the place in the document that asks for it."""
    lines_of_document = _lines(api, findings)
    lines = []
    for finding in findings[:MAX_SHOWN]:
        lines.append(f"{_place(finding)}: {finding.message} [{finding.rule}]")
        line = lines_of_document.get(finding.schema_pointer)
        if line is not None:
            lines.append(f"    document line {line}: {finding.schema_pointer}")
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
    lines_of_document = _lines(api, findings)
    return [
        {
            **finding.as_json(),
            "document": {"file": api.location, "line": lines_of_document.get(finding.schema_pointer)},
        }
        for finding in findings
    ]


def _lines(api: Api, findings: list[Any]) -> dict[str, int]:
    """Return schema pointer → line; the document is looked at only now, when something was found."""
    pointers = [finding.schema_pointer for finding in findings if finding.schema_pointer]
    if not pointers:
        return {}
    from dynacli.document.positions import lines_of

    content = api.content()
    return lines_of(content, pointers) if content else {}


def report_unchecked(run: Run, verdict: Any) -> None:
    """Say what could not be judged: failures always, the rest where a person asked for a verdict."""
    for reason in dict.fromkeys(verdict.failures):
        run.warn(f"Not judged: {reason}")
    if not verdict.unchecked or (run.option("validate") is None and not run.option("verbose")):
        return
    from dynacli.output.terminal import write_stderr

    for reason in dict.fromkeys(verdict.unchecked):
        write_stderr(run.env, f"Not judged: {reason}\n")
