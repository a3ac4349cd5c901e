"""The request bodies of the API, field by field."""

from dynacli.demo.request_body import Check, flag, free, items, nullable, record, text, url, uuid

__all__ = ["DISPATCH", "MCP_SERVER", "NEW_WORKFLOW", "TOPIC_CHANGE", "WORKFLOW_CHANGE"]


_AUTH_PROFILE = record(
    {
        "name": text(),
        "type": text(words=("none", "bearer", "api_key_header")),
        "token": text(),
        "headerName": text(),
        "extraHeaders": record({}, others=text(min_length=0)),
    },
    others=lambda _value, _path: iter(()),
)

MCP_SERVER = record(
    {
        "name": text(max_length=200),
        "transportType": text(words=("streamable_http", "sse", "stdio_hosted")),
        "targetKind": text(words=("mcp", "cli")),
        "baseUrl": url,
        "connectionConfig": free,
        "networkPolicy": free,
        "authProfile": _AUTH_PROFILE,
        "environment": text(),
    },
    required=("name",),
)

_SCHEDULE = record(
    {"cron": text(pattern=r"\S+( \S+){4}"), "timezone": text(), "enabled": flag}, required=("cron",)
)

_WORKFLOW: dict[str, Check] = {
    "name": text(max_length=200),
    "mcpServerId": uuid,
    "testerPrompt": text(),
    "description": text(min_length=0, max_length=2000),
    "defaultMcpAuthProfileId": uuid,
    "testerModelId": text(),
    "testerModelIds": items(text()),
    "testerTargets": items(
        record({"modelId": text(), "skillMode": text(), "skillVersionId": text()}, required=("modelId",))
    ),
    "criteria": items(record({"criterionText": text(), "isRequired": flag}, required=("criterionText",))),
    "schedule": _SCHEDULE,
    "limits": free,
    "retryPolicy": free,
    "toolPolicy": free,
    "metadata": free,
}

NEW_WORKFLOW = record(_WORKFLOW, required=("name", "mcpServerId", "testerPrompt"))

WORKFLOW_CHANGE = record({**_WORKFLOW, "schedule": nullable(_SCHEDULE)}, min_fields=1)

DISPATCH = record(
    {
        "reason": text(max_length=200),
        "baselineRunId": text(),
        "idempotencyKey": text(max_length=200),
        "forceNewRun": flag,
    }
)

TOPIC_CHANGE = record(
    {"label": text(max_length=200), "is_unmet_demand": flag, "archived": flag}, min_fields=1
)
