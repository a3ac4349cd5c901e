"""The operations of the tag insights."""

from typing import Any

from dynacli.demo._data.data_reference import NOW, RANGES
from dynacli.demo._data.insight_data import Visit, overview, search_record, session_trace, since, topic_record
from dynacli.demo._error_answers import not_found
from dynacli.demo._operations.demo_operation import DemoAnswer, DemoCall, DemoOperation
from dynacli.demo._query_parameters import ChoiceParameter, IntegerParameter, TextParameter
from dynacli.demo._request_body import TOPIC_CHANGE

__all__ = ["INSIGHT_OPERATIONS"]

_RANGE = ChoiceParameter(tuple(RANGES), "7d")
_LIMIT = IntegerParameter(1, 100, 20)

# The period over which a topic is counted where the operation takes no range.
_LONGEST_RANGE = "90d"


def _overview(call: DemoCall) -> DemoAnswer:
    period = call.query["range"]
    return DemoAnswer(
        200,
        {
            **overview(period, _within(call, period)),
            "top_topics": _topics(call, period, "volume")[:5],
            "top_searches": _searches(call, period)[:5],
        },
    )


def _list_topics(call: DemoCall) -> DemoAnswer:
    topics = _topics(call, call.query["range"], call.query["sort"])
    return DemoAnswer(200, {"topics": topics[: call.query["limit"]]})


def _get_topic(call: DemoCall) -> DemoAnswer:
    topic = _topic(call)
    visits = [visit for visit in call.store.visits if visit.session["topic_id"] == call.id]
    related = sorted({visit.search for visit in visits if visit.search})
    return DemoAnswer(
        200,
        {
            "topic": topic,
            "sample_sessions": [visit.session for visit in visits[:3]],
            "related_searches": [
                search_record(call.store.searches[search], call.store.visits) for search in related
            ],
        },
    )


def _update_topic(call: DemoCall) -> DemoAnswer:
    _topic(call)
    call.store.change_topic(call.id, call.body)
    return DemoAnswer(200, _topic(call))


def _list_searches(call: DemoCall) -> DemoAnswer:
    return DemoAnswer(200, {"searches": _searches(call, call.query["range"])[: call.query["limit"]]})


def _get_search(call: DemoCall) -> DemoAnswer:
    search = call.store.searches.get(call.id)
    if search is None:
        raise not_found("search", call.id)
    sessions = [visit.session for visit in call.store.visits if visit.search == call.id]
    return DemoAnswer(200, {**search_record(search, call.store.visits), "sessions": sessions[:10]})


def _list_sessions(call: DemoCall) -> DemoAnswer:
    words = (call.query["intent"] or "").casefold()
    visits = _within(call, call.query["range"])
    sessions = [visit.session for visit in visits if words in visit.session["raw_intent"].casefold()]
    return DemoAnswer(200, {"sessions": sessions[: call.query["limit"]]})


def _get_session_trace(call: DemoCall) -> DemoAnswer:
    session = next((visit.session for visit in call.store.visits if visit.session["id"] == call.id), None)
    if session is None:
        raise not_found("session", call.id)
    return DemoAnswer(200, session_trace(session, call.store.tools_of(session["mcp_server_id"])))


def _within(call: DemoCall, period: str) -> list[Visit]:
    return since(NOW - RANGES[period], call.store.visits)


def _topic(call: DemoCall) -> dict[str, Any]:
    topic = call.store.topics.get(call.id)
    if topic is None:
        raise not_found("topic", call.id)
    return topic_record(call.id, topic, call.store.visits, _LONGEST_RANGE)


def _topics(call: DemoCall, period: str, key: str) -> list[dict[str, Any]]:
    records = [
        topic_record(identity, topic, call.store.visits, period)
        for identity, topic in call.store.topics.items()
        if not topic["archived"]
    ]
    seen = [record for record in records if record["volume"]]
    return sorted(seen, key=lambda record: record[key], reverse=True)


def _searches(call: DemoCall, period: str) -> list[dict[str, Any]]:
    visits = _within(call, period)
    records = [search_record(search, visits) for search in call.store.searches.values()]
    seen = [record for record in records if record["count"]]
    return sorted(seen, key=lambda record: record["count"], reverse=True)


INSIGHT_OPERATIONS = (
    DemoOperation("getInsightsOverview", "GET", "/insights/overview", _overview, query={"range": _RANGE}),
    DemoOperation(
        "listInsightTopics",
        "GET",
        "/insights/topics",
        _list_topics,
        query={
            "range": _RANGE,
            "sort": ChoiceParameter(("volume", "frustration", "trend"), "volume"),
            "limit": _LIMIT,
        },
    ),
    DemoOperation("getInsightTopic", "GET", "/insights/topics/{id}", _get_topic),
    DemoOperation(
        "updateInsightTopic",
        "PATCH",
        "/insights/topics/{id}",
        _update_topic,
        body=TOPIC_CHANGE,
        needs_body=True,
        writes=True,
    ),
    DemoOperation(
        "listInsightSearches",
        "GET",
        "/insights/searches",
        _list_searches,
        query={"range": _RANGE, "limit": _LIMIT},
    ),
    DemoOperation("getInsightSearch", "GET", "/insights/searches/{id}", _get_search),
    DemoOperation(
        "listInsightSessions",
        "GET",
        "/insights/sessions",
        _list_sessions,
        query={"range": _RANGE, "intent": TextParameter(max_length=200), "limit": _LIMIT},
    ),
    DemoOperation("getInsightSessionTrace", "GET", "/insights/sessions/{id}/trace", _get_session_trace),
)
