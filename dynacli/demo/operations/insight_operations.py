"""The operations of the tag insights."""

from typing import Any

from dynacli.demo.body_shapes import TOPIC_CHANGE
from dynacli.demo.data.data_reference import NOW, RANGES
from dynacli.demo.data.insight_data import (
    SEARCHES,
    Visit,
    overview,
    search_record,
    session_trace,
    topic_record,
)
from dynacli.demo.error_answers import not_found
from dynacli.demo.operations.demo_operation import Answer, Call, Operation
from dynacli.demo.query_parameters import Choice, Text, Whole

__all__ = ["INSIGHT_OPERATIONS"]

_RANGE = Choice(tuple(RANGES), "7d")
_LIMIT = Whole(1, 100, 20)

# What one topic or cluster is counted over where the operation takes no range.
_WHOLE = "90d"


def _overview(call: Call) -> Answer:
    period = call.query["range"]
    return Answer(
        200,
        {
            **overview(period, _within(call, period)),
            "top_topics": _topics(call, period, "volume")[:5],
            "top_searches": _searches(call, period)[:5],
        },
    )


def _list_topics(call: Call) -> Answer:
    topics = _topics(call, call.query["range"], call.query["sort"])
    return Answer(200, {"topics": topics[: call.query["limit"]]})


def _get_topic(call: Call) -> Answer:
    topic = _topic(call)
    visits = [visit for visit in call.store.visits if visit.session["topic_id"] == call.id]
    related = sorted({visit.search for visit in visits if visit.search})
    return Answer(
        200,
        {
            "topic": topic,
            "sample_sessions": [visit.session for visit in visits[:3]],
            "related_searches": [search_record(search, call.store.visits) for search in related],
        },
    )


def _update_topic(call: Call) -> Answer:
    _topic(call)
    call.store.change_topic(call.id, call.body)
    return Answer(200, _topic(call))


def _list_searches(call: Call) -> Answer:
    return Answer(200, {"searches": _searches(call, call.query["range"])[: call.query["limit"]]})


def _get_search(call: Call) -> Answer:
    if call.id not in SEARCHES:
        raise not_found("search", call.id)
    sessions = [visit.session for visit in call.store.visits if visit.search == call.id]
    return Answer(200, {**search_record(call.id, call.store.visits), "sessions": sessions[:10]})


def _list_sessions(call: Call) -> Answer:
    words = (call.query["intent"] or "").casefold()
    visits = _within(call, call.query["range"])
    sessions = [visit.session for visit in visits if words in visit.session["raw_intent"].casefold()]
    return Answer(200, {"sessions": sessions[: call.query["limit"]]})


def _get_session_trace(call: Call) -> Answer:
    visit = next((visit for visit in call.store.visits if visit.session["id"] == call.id), None)
    if visit is None:
        raise not_found("session", call.id)
    return Answer(200, session_trace(visit))


def _within(call: Call, period: str) -> list[Visit]:
    return [visit for visit in call.store.visits if visit.started >= NOW - RANGES[period]]


def _topic(call: Call) -> dict[str, Any]:
    topic = call.store.topics.get(call.id)
    if topic is None:
        raise not_found("topic", call.id)
    return topic_record(call.id, topic, call.store.visits, _WHOLE)


def _topics(call: Call, period: str, key: str) -> list[dict[str, Any]]:
    records = [
        topic_record(identity, topic, call.store.visits, period)
        for identity, topic in call.store.topics.items()
        if not topic["archived"]
    ]
    seen = [record for record in records if record["volume"]]
    return sorted(seen, key=lambda record: record[key], reverse=True)


def _searches(call: Call, period: str) -> list[dict[str, Any]]:
    visits = _within(call, period)
    records = [search_record(identity, visits) for identity in SEARCHES]
    seen = [record for record in records if record["count"]]
    return sorted(seen, key=lambda record: record["count"], reverse=True)


INSIGHT_OPERATIONS = (
    Operation("getInsightsOverview", "GET", "/insights/overview", _overview, query={"range": _RANGE}),
    Operation(
        "listInsightTopics",
        "GET",
        "/insights/topics",
        _list_topics,
        query={
            "range": _RANGE,
            "sort": Choice(("volume", "frustration", "trend"), "volume"),
            "limit": _LIMIT,
        },
    ),
    Operation("getInsightTopic", "GET", "/insights/topics/{id}", _get_topic),
    Operation(
        "updateInsightTopic",
        "PATCH",
        "/insights/topics/{id}",
        _update_topic,
        body=TOPIC_CHANGE,
        needs_body=True,
        writes=True,
    ),
    Operation(
        "listInsightSearches",
        "GET",
        "/insights/searches",
        _list_searches,
        query={"range": _RANGE, "limit": _LIMIT},
    ),
    Operation("getInsightSearch", "GET", "/insights/searches/{id}", _get_search),
    Operation(
        "listInsightSessions",
        "GET",
        "/insights/sessions",
        _list_sessions,
        query={"range": _RANGE, "intent": Text(max_length=200), "limit": _LIMIT},
    ),
    Operation("getInsightSessionTrace", "GET", "/insights/sessions/{id}/trace", _get_session_trace),
)
