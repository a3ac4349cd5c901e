"""Sessions of agents, and the topics and failed searches that are derived from them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from dynacli.demo._data.data_reference import NOW, RANGES, chance, identifier, rows_of, timestamp

__all__ = ["Visit", "overview", "search_record", "session_trace", "since", "topic_record", "visits"]


class Visit(NamedTuple):
    """A session, with a fact that the API does not show.

    Args:
        session: The session as the API shows it.
        search: The failed search cluster that it belongs to.
    """

    session: Mapping[str, Any]
    search: str | None


def visits(data: Mapping[str, Any]) -> tuple[Visit, ...]:
    """Return the sessions of the starting data, newest first."""
    return tuple(Visit(row, row.pop("search_id")) for row in rows_of(data["sessions"]))


def since(start: datetime, sessions: Iterable[Visit]) -> list[Visit]:
    """Return the sessions that started at a time or later."""
    first = timestamp(start)
    return [visit for visit in sessions if visit.session["started_at"] >= first]


def topic_record(
    identity: str, topic: Mapping[str, Any], sessions: Sequence[Visit], period: str
) -> dict[str, Any]:
    """Return a topic as the API shows it, counted over a period that ends at the reference date."""
    own = [visit for visit in sessions if visit.session["topic_id"] == identity]
    length = RANGES[period]
    now = since(NOW - length, own)
    before = since(NOW - 2 * length, own)[len(now) :]
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


def search_record(search: Mapping[str, Any], sessions: Sequence[Visit]) -> dict[str, Any]:
    """Return a failed search cluster as the API shows it, counted over the given sessions."""
    own = [visit for visit in sessions if visit.search == search["id"]]
    return {
        "id": search["id"],
        "label": search["label"],
        "count": len(own),
        "last_seen_at": own[0].session["last_event_at"] if own else timestamp(NOW),
        "suggested_gap": search["suggested_gap"],
        "sample_queries": search["sample_queries"],
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


def session_trace(session: Mapping[str, Any], tools: Sequence[str]) -> dict[str, Any]:
    """Return a session with its events: the handshake, then tool calls, of which the last ones failed.

    Args:
        session: The session as the API shows it.
        tools: The names of its server's tools.
    """
    client = session["client_name"]
    begin: dict[str, Any] = {"tool_name": None, "workflow_run_id": None, "client_name": client}
    begin["protocol_version"] = "2025-06-18"
    events = [_event(session, 0, "session_init", begin, failed=False)]
    for number in range(1, session["event_count"]):
        failed = number >= session["event_count"] - session["error_count"]
        metadata = {
            "tool_name": tools[number % len(tools)],
            "workflow_run_id": None,
            "user_intent": session["raw_intent"],
            "user_frustration": "high" if failed else "low",
        }
        events.append(_event(session, number, "tool_call", metadata, failed=failed))
    return {"session": session, "events": events}


def _event(
    session: Mapping[str, Any], number: int, kind: str, metadata: Mapping[str, Any], *, failed: bool
) -> dict[str, Any]:
    started = datetime.fromisoformat(session["started_at"]) + timedelta(seconds=20 * number)
    duration = 100 + chance("event", session["id"], str(number))
    return {
        "event_id": identifier("event", session["id"], str(number)),
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
