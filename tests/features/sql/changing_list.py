"""A server with a list that changes, and its document."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.documents import api_of, get, parameter, save
from tests.harness import RecordedRequest, Recorder, Response, json_response

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer"}
_TIME = {"type": "string", "format": "date-time"}
_ISSUE = {
    "type": "object",
    "required": ["number"],
    "properties": {"number": _NUMBER, "title": _TEXT, "state": _TEXT, "updated_at": _TIME},
}
_LIST = {
    "type": "object",
    "properties": {"issues": {"type": "array", "items": _ISSUE}, "next_cursor": _TEXT, "total": _NUMBER},
}


_COMMENT = {"type": "object", "properties": {"id": _NUMBER, "text": _TEXT}}
_OF_ISSUE = parameter("number", _NUMBER, "path")


@dataclass
class ChangingList:
    """A list of issues, in pages by a cursor or by number.

    Attributes:
        rows: Number of an issue → the issue, in the order of the list.
        size: Number of issues of a page.
        has_cursor: Whether a cursor names the next page; else a page number does.
        has_since: Whether the list has the parameter `updated_since`.
        before: Is called with each request before the response is made; what it returns is the response.
        has_total: Whether responses have the number of all issues.
    """

    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    size: int = 3
    has_cursor: bool = True
    has_since: bool = False
    has_total: bool = False
    before: Callable[[RecordedRequest], Response | None] = lambda request: None  # noqa: ARG005

    def add(self, *numbers: int, at: str = "2026-01-01T00:00:00Z", **more: Any) -> None:
        """Add issues, or change them."""
        for number in numbers:
            self.rows[number] = {"number": number, "title": f"Issue {number}", "updated_at": at, **more}

    def start(self, server: Recorder, file: str = "issues.json") -> str:
        """Let a server respond with the list, and return the word that names its document."""
        inputs = [parameter("cursor" if self.has_cursor else "page", _TEXT if self.has_cursor else _NUMBER)]
        if self.has_since:
            inputs.append(parameter("updated_since", _TIME))
        paths = [
            get(
                f"/repos/{{repo}}/issues{ending}",
                name,
                parameter("repo", _TEXT, "path"),
                *more,
                responses={"200": {"description": "", "content": {"application/json": {"schema": schema}}}},
            )
            for ending, name, more, schema in (
                ("", "listIssues", inputs, _LIST),
                ("/{number}", "getIssue", [_OF_ISSUE], _ISSUE),
                ("/{number}/comments", "listComments", [_OF_ISSUE], {"type": "array", "items": _COMMENT}),
            )
        ]
        for repo in ("a", "b"):
            server.responses[f"/repos/{repo}/issues"] = self._respond
        return save(api_of(*paths, server=server), file)

    def _respond(self, request: RecordedRequest) -> Response:
        instead = self.before(request)
        if instead is not None:
            return instead
        query = dict(parse_qsl(request.target.partition("?")[2]))
        issues = [
            issue for issue in self.rows.values() if issue["updated_at"] >= query.get("updated_since", "")
        ]
        if self.has_cursor:
            after = json.loads(query["cursor"]) if "cursor" in query else -1
            left = sorted(
                (issue for issue in issues if issue["number"] > after), key=lambda issue: issue["number"]
            )
            page = left[: self.size]
            more = {"next_cursor": str(page[-1]["number"])} if len(left) > len(page) else {}
        else:
            begin = (int(query.get("page", 1)) - 1) * self.size
            page, more = issues[begin : begin + self.size], {}
        total = {"total": len(issues)} if self.has_total else {}
        return json_response({"issues": page, **more, **total})
