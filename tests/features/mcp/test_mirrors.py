"""The tool `sql`: clients ask the mirrors that the user has made."""

from typing import Any

from mcp import Client

from tests.features.mcp.clients import converse
from tests.features.sql.changing_list import ChangingList
from tests.harness import Recorder, assert_ended, run_cli


def _mirrored(server: Recorder) -> str:
    issues = ChangingList()
    issues.add(1, 2, 3)
    api = issues.start(server)
    assert_ended(run_cli("sync", api, "list-issues", "a"), 0)
    return api


async def _asked(client: Client, **arguments: Any) -> Any:
    return (await client.call_tool("sql", arguments)).structured_content


def test_mirrors_are_asked_without_a_request(server: Recorder) -> None:
    """By one SELECT; without one, the tables are listed."""
    api = _mirrored(server)
    sent = len(server.requests)

    async def act(client: Client) -> None:
        assert "sql" in [tool.name for tool in (await client.list_tools()).tools]
        found = await _asked(client, query="select count(*) as n from issues")
        assert [{"n": 3}] == found["data"]
        (table,) = (await _asked(client))["data"]
        assert ("issues", 3) == (table["table"], table["rows"])
        found = await _asked(client, api=api, query="select max(number) as n from issues")
        assert [{"n": 3}] == found["data"]

    converse([api], act)
    assert sent == len(server.requests)


def test_a_query_of_a_client_only_reads(server: Recorder) -> None:
    """Neither another file nor a change is possible, and unknown names are errors of usage."""
    api = _mirrored(server)

    async def act(client: Client) -> None:
        for query, said in (
            ("delete from issues", "is not one SELECT"),
            ("attach '/etc/passwd' as x", "is not one SELECT"),
            ("select readfile('/etc/passwd')", "is refused"),
            ("select nummer from issues", "has the column `nummer`"),
        ):
            found = await _asked(client, query=query)
            assert ("usage", True) == (found["error"]["kind"], said in found["error"]["message"])

    converse([api], act)


def test_without_a_mirror_there_is_no_tool(server: Recorder) -> None:
    """Nor for the mirror of an API that the server does not offer."""
    _mirrored(server)
    other = ChangingList().start(server, "other.json")

    async def act(client: Client) -> None:
        assert "sql" not in [tool.name for tool in (await client.list_tools()).tools]

    converse([other], act)
