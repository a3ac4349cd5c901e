"""The main job on the embedded default."""

from tests.harness import run_cli


def test_a_newcomers_first_command_works() -> None:
    """The demo responds with data on standard output and nothing on standard error."""
    result = run_cli("demo", "search-runs", "--page-size", "2")
    assert (0, "") == (result.exit_code, result.stderr)
    assert 2 == len(result.json["rows"])
