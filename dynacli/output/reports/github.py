"""Reports as workflow commands of GitHub Actions, which shows findings beside the lines of the document.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from collections.abc import Iterator, Sequence
from typing import Any

from dynacli.output.reports.finding_text import file_position_of, sentence, subject
from dynacli.output.reports.judged_calls import JudgedCall
from dynacli.text.terminal import visible

__all__ = ["github_report"]


def github_report(calls: Sequence[JudgedCall]) -> str:
    """Return a line for each finding, and for each that is tolerated or ignored, and what was not judged."""
    return "".join(f"{line}\n" for call in calls for line in _commands(call))


def _commands(call: JudgedCall) -> Iterator[str]:
    title = f"{call.api} {call.operation}".strip()
    for finding in call.findings:
        position = file_position_of(finding)
        properties = {"file": position.file, "line": position.line, "col": position.column}
        yield _command("error", {**properties, "title": title}, f"{subject(call)}: {sentence(finding)}")
    if call.error:
        yield _command("error", {"title": title}, f"{subject(call)}: {call.error}")
    for finding in call.tolerated:
        yield _command("notice", {"title": title}, f"Note: {sentence(finding)}")
    for reason in call.unchecked:
        yield _command("notice", {"title": title}, f"Not judged: {reason}")
    for finding in call.suppressed:
        why = finding.get("reason", "")
        yield _command("notice", {"title": title}, f"Ignored: {sentence(finding)}: {why}")


def _command(name: str, properties: dict[str, Any], message: str) -> str:
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value)
    return f"::{name} {listed}::{_data(message)}"


def _data(text: str) -> str:
    # Escaped like in the runner's own toolkit (`@actions/core`, `command.ts`); `visible` escapes other line ends.
    text = visible(text, keep="\n\r\t")
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
