"""Sessions of agents, and the topics and failed searches that are derived from them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dynacli.demo.data.data_reference import NOW, RANGES, chance, identifier, timestamp
from dynacli.demo.data.server_data import TOOLS, server_id

__all__ = [
    "SEARCHES",
    "Visit",
    "overview",
    "search_record",
    "session_trace",
    "topic_record",
    "topics",
    "visits",
]

_COUNT = 200

_CLIENTS = (("claude-code", "1.0"), ("cursor", "2.3"), (None, "0"), ("in-house-agent", "4.1"))


@dataclass(frozen=True)
class _Intent:
    words: str
    topic: str
    server: str
    search: str | None = None


_INTENTS = (
    _Intent("refund the last order of a customer", "topic_refunds", "billing"),
    _Intent("check whether a refund went through", "topic_refunds", "billing"),
    _Intent("list overdue invoices", "topic_invoices", "billing"),
    _Intent("download an invoice as a PDF", "topic_invoices", "billing", "search_invoice-pdf"),
    _Intent("find issues about signing in", "topic_issues", "github"),
    _Intent("list the issues updated this week", "topic_issues", "github"),
    _Intent("roll back the last release", "topic_releases", "deploy-cli"),
    _Intent("see who approved a release", "topic_releases", "deploy-cli", "search_release-approval"),
    _Intent("look up the travel policy", "topic_policies", "handbook"),
    _Intent("count the days of leave that are left", "topic_policies", "handbook"),
    _Intent("move a meeting to Friday", "topic_meetings", "calendar"),
    _Intent("book a room for ten people", "topic_meetings", "calendar", "search_room-booking"),
    _Intent("export all contacts", "topic_contacts", "crm", "search_bulk-export"),
    _Intent("merge two contacts", "topic_contacts", "crm", "search_merge-contacts"),
    _Intent("report what was spent last month", "topic_spending", "billing", "search_spending-report"),
)

_LABELS = {
    "topic_refunds": "Refunds",
    "topic_invoices": "Invoices",
    "topic_issues": "Finding issues",
    "topic_releases": "Releases",
    "topic_policies": "Company policies",
    "topic_meetings": "Meetings and rooms",
    "topic_contacts": "Contact clean-up",
    "topic_spending": "Spending reports",
}

# id → the name of the cluster of failed searches, the missing tool that it suggests, and the queries.
SEARCHES: Mapping[str, tuple[str, str | None, tuple[str, ...]]] = {
    "search_bulk-export": (
        "Bulk export",
        "A tool that exports contacts to a file",
        ("export csv", "download all"),
    ),
    "search_invoice-pdf": (
        "Invoices as PDF",
        "A tool that renders an invoice",
        ("invoice pdf", "print invoice"),
    ),
    "search_merge-contacts": (
        "Merging contacts",
        "A tool that merges two contacts",
        ("merge", "deduplicate"),
    ),
    "search_release-approval": ("Who approved a release", None, ("approver", "release audit")),
    "search_room-booking": ("Booking a room", "A tool that books rooms", ("room", "book room", "free rooms")),
    "search_spending-report": ("Spending reports", None, ("spending by month", "cost report")),
}


@dataclass(frozen=True)
class Visit:
    """A session, with facts that the API does not show.

    Args:
        session: The session as the API shows it.
        started: Its start.
        server: The slug of the MCP server.
        search: The failed search cluster that it belongs to.
    """

    session: Mapping[str, Any]
    started: datetime
    server: str
    search: str | None


def visits() -> tuple[Visit, ...]:
    """Return the sessions of 90 days, newest first; recent days have more of them."""
    return tuple(_visit(index) for index in range(_COUNT))


def topics() -> dict[str, dict[str, Any]]:
    """Return id → editable fields of each topic."""
    return {
        identity: {"label": label, "is_unmet_demand": identity == "topic_spending", "archived": False}
        for identity, label in _LABELS.items()
    }


def topic_record(
    identity: str, topic: Mapping[str, Any], sessions: Sequence[Visit], period: str
) -> dict[str, Any]:
    """Return a topic as the API shows it, counted over a period that ends at the reference date."""
    own = [visit for visit in sessions if visit.session["topic_id"] == identity]
    length = RANGES[period]
    now = [visit for visit in own if visit.started >= NOW - length]
    before = [visit for visit in own if NOW - 2 * length <= visit.started < NOW - length]
    annoyed = sum(visit.session["error_count"] > 0 for visit in now)
    return {
        "id": identity,
        "label": topic["label"],
        "is_unmet_demand": topic["is_unmet_demand"],
        "archived": topic["archived"],
        "volume": len(now),
        "frustration": round(annoyed / len(now), 3) if now else 0.0,
        "trend": round((len(now) - len(before)) / len(before), 3) if before else 0.0,
        "first_seen_at": own[-1].session["started_at"],
        "last_seen_at": own[0].session["last_event_at"],
    }


def search_record(identity: str, sessions: Sequence[Visit]) -> dict[str, Any]:
    """Return a failed search cluster as the API shows it, counted over the given sessions."""
    label, gap, queries = SEARCHES[identity]
    own = [visit for visit in sessions if visit.search == identity]
    return {
        "id": identity,
        "label": label,
        "count": len(own),
        "last_seen_at": own[0].session["last_event_at"] if own else timestamp(NOW),
        "suggested_gap": gap,
        "sample_queries": list(queries),
    }


def overview(period: str, sessions: Sequence[Visit]) -> dict[str, Any]:
    """Return the key figures and daily trends of the sessions of a period."""
    events = sum(visit.session["event_count"] - 1 for visit in sessions)
    errors = sum(visit.session["error_count"] for visit in sessions)
    per_day: Counter[str] = Counter()
    errors_per_day: Counter[str] = Counter()
    for visit in sessions:
        day = visit.session["started_at"][:10]
        per_day[day] += 1
        errors_per_day[day] += visit.session["error_count"]
    days = [f"{NOW - timedelta(days=back):%Y-%m-%d}" for back in range(RANGES[period].days, -1, -1)]
    return {
        "range": period,
        "kpis": {
            "sessions": len(sessions),
            "tool_calls": events,
            "unique_actors": len({visit.session["actor_id"] for visit in sessions}),
            "error_rate": round(errors / events, 4) if events else 0.0,
            "failed_searches": sum(visit.search is not None for visit in sessions),
        },
        "trends": [{"date": day, "sessions": per_day[day], "errors": errors_per_day[day]} for day in days],
    }


def session_trace(visit: Visit) -> dict[str, Any]:
    """Return a session with its events: the handshake, then tool calls, of which the last ones failed."""
    session = visit.session
    client = session["client_name"]
    begin: dict[str, Any] = {"tool_name": None, "workflow_run_id": None, "client_name": client}
    begin["protocol_version"] = "2025-06-18"
    events = [_event(visit, 0, "session_init", begin, failed=False)]
    for number in range(1, session["event_count"]):
        failed = number >= session["event_count"] - session["error_count"]
        metadata = {
            "tool_name": TOOLS[visit.server][number % 3],
            "workflow_run_id": None,
            "user_intent": session["raw_intent"],
            "user_frustration": "high" if failed else "low",
        }
        events.append(_event(visit, number, "tool_call", metadata, failed=failed))
    return {"session": session, "events": events}


def _visit(index: int) -> Visit:
    key = str(index)
    intent = _INTENTS[chance("intent", key) % len(_INTENTS)]
    started = NOW - timedelta(minutes=5 + 42 * index + 3 * index**2)
    client, release = _CLIENTS[chance("client", key) % len(_CLIENTS)]
    events = 2 + chance("events", key) % 6
    failed = min(chance("errors", key) % 4, events - 1) if intent.search or chance("bad", key) < 250 else 0
    session = {
        "id": identifier("session", key),
        "session_key": f"mcp:mcp_{client or 'unknown'}_v_{release}_{identifier('session-key', key)}",
        "actor_id": identifier("actor", str(chance("actor", key) % 40)),
        "mcp_server_id": server_id(intent.server),
        "raw_intent": intent.words,
        "event_count": events,
        "ok_count": events - failed,
        "error_count": failed,
        "client_name": client,
        "started_at": timestamp(started),
        "last_event_at": timestamp(started + timedelta(seconds=20 * (events - 1))),
        "topic_id": intent.topic,
    }
    return Visit(session, started, intent.server, intent.search)


def _event(
    visit: Visit, number: int, kind: str, metadata: Mapping[str, Any], *, failed: bool
) -> dict[str, Any]:
    started = visit.started + timedelta(seconds=20 * number)
    duration = 100 + chance("event", visit.session["id"], str(number))
    return {
        "event_id": identifier("event", visit.session["id"], str(number)),
        "kind": kind,
        "started_at": timestamp(started),
        "finished_at": timestamp(started + timedelta(milliseconds=duration)),
        "duration_ms": duration,
        "ok": not failed,
        "error": "Nothing was found" if failed else None,
        "result_preview": None if failed or kind == "session_init" else '{"count": 1}',
        "result_truncated": False,
        "metadata": metadata,
    }
