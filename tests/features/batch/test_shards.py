"""Which shard a run does: `--shard`, the variables of engines, and the manifests of the manual."""

import json
import re
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from dynacli.client.shards import asked_shard
from dynacli.environment import Environment
from dynacli.errors import UsageError
from tests.features.batch.small_api import SmallApi, lines, ndjson
from tests.harness import Response

_SLURM = {
    "SLURM_ARRAY_TASK_ID": "7",
    "SLURM_ARRAY_TASK_MIN": "5",
    "SLURM_ARRAY_TASK_MAX": "8",
    "SLURM_ARRAY_TASK_COUNT": "4",
}
_AWS = {"AWS_BATCH_JOB_ARRAY_INDEX": "0", "AWS_BATCH_JOB_ARRAY_SIZE": "2"}


def _env(variables: dict[str, str]) -> Environment:
    return Environment(variables=variables)


@pytest.mark.parametrize(
    ("variables", "count", "expected"),
    [
        ({"JOB_COMPLETION_INDEX": "0"}, 4, (1, 4)),
        ({"JOB_COMPLETION_INDEX": "3", "DYNACLI_SHARD_COUNT": "4"}, None, (4, 4)),
        ({"JOB_COMPLETION_INDEX": "3", "DYNACLI_SHARD_COUNT": "2"}, 5, (4, 5)),
        (_SLURM, None, (3, 4)),
        (_SLURM, 9, (3, 9)),
        (
            {"SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_MAX": "2"},
            None,
            (1, 3),
        ),
        (_AWS, None, (1, 2)),
        ({"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "3"}, None, (2, 3)),
        ({"CI_NODE_TOTAL": "1"}, None, (1, 1)),
        ({"CIRCLE_NODE_INDEX": "2", "CIRCLE_NODE_TOTAL": "3"}, None, (3, 3)),
        ({"BUILDKITE_PARALLEL_JOB": "1", "BUILDKITE_PARALLEL_JOB_COUNT": "2"}, None, (2, 2)),
        (
            {
                "BUILDKITE_PARALLEL_JOB": "1",
                "BUILDKITE_PARALLEL_JOB_COUNT": "2",
                "AWS_BATCH_JOB_ARRAY_INDEX": "",
            },
            7,
            (2, 7),
        ),
    ],
)
def test_an_engine_names_the_shard(
    variables: dict[str, str], count: int | None, expected: tuple[int, int]
) -> None:
    """`auto` reads index and count from the variables of the engine; a count that is asked for wins."""
    shard = asked_shard(_env(variables), "auto", count)
    assert expected == (shard.index, shard.count)


@pytest.mark.parametrize(
    ("variables", "count", "message"),
    [
        ({}, None, "No variable says which shard this is"),
        ({}, 3, "No variable says which shard this is"),
        ({"JOB_COMPLETION_INDEX": "0"}, None, "needs the number of shards"),
        (
            {"JOB_COMPLETION_INDEX": "0", "DYNACLI_SHARD_COUNT": "many"},
            None,
            "`DYNACLI_SHARD_COUNT` has an invalid",
        ),
        ({"JOB_COMPLETION_INDEX": "0", "DYNACLI_SHARD_COUNT": "0"}, None, "Shard 1 of 0"),
        ({"JOB_COMPLETION_INDEX": "4"}, 4, "Shard 5 of 4"),
        ({"JOB_COMPLETION_INDEX": "-1"}, 4, "`JOB_COMPLETION_INDEX` has an invalid"),
        ({"JOB_COMPLETION_INDEX": "\u0663"}, 4, "`JOB_COMPLETION_INDEX` has an invalid"),
        ({"AWS_BATCH_JOB_ARRAY_SIZE": "4"}, None, "`AWS_BATCH_JOB_ARRAY_INDEX` is not set"),
        ({"CI_NODE_INDEX": "0", "CI_NODE_TOTAL": "3"}, None, "Shard 0 of 3"),
        ({"CI_NODE_TOTAL": "3"}, None, "does not say which of 3 shards"),
        ({"CI_NODE_INDEX": "2"}, None, "needs the number of shards"),
        ({**_SLURM, "SLURM_ARRAY_TASK_COUNT": "2"}, None, "gaps"),
        ({**_SLURM, "SLURM_ARRAY_TASK_COUNT": "2"}, 4, "gaps"),
        ({**_SLURM, "SLURM_ARRAY_TASK_ID": "4"}, None, "Shard 0 of 4"),
        ({**_SLURM, **_AWS}, None, "The variables of several engines say"),
        ({"CI_NODE_TOTAL": "1", "JOB_COMPLETION_INDEX": "0"}, 3, "The variables of several engines say"),
    ],
)
def test_variables_that_name_no_shard_are_refused(
    variables: dict[str, str], count: int | None, message: str
) -> None:
    """A wrong shard would send rows twice, or never: there is no default."""
    with pytest.raises(UsageError) as refused:
        asked_shard(_env(variables), "auto", count)
    assert message in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize("text", ["", "0/2", "3/2", "1/0", "1", "a/b", "1/2/3", "1/\u0662", "automatic"])
def test_a_wrong_shard_is_refused(text: str) -> None:
    """Expected are two numbers, or `auto`."""
    with pytest.raises(UsageError, match="is not a shard"):
        asked_shard(_env({}), text, None)


def test_a_count_needs_auto() -> None:
    """`--shard-count` beside `I/N` would be a second count."""
    for text in (None, "1/2"):
        with pytest.raises(UsageError, match="needs `--shard auto`"):
            asked_shard(_env({}), text, 3)


def test_shards_of_an_engine_do_all_rows_once(api: SmallApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row is sent by one shard; the joined results resume a batch, which then sends the failed row alone."""
    api.server.responses["/pets/5"] = Response(500, b"")
    rows = ndjson(*({"pet-id": number} for number in range(1, 8)))
    joined = ""
    for index in range(3):
        monkeypatch.setenv("JOB_COMPLETION_INDEX", str(index))
        joined += api.run("get-pet", rows, "--shard", "auto", "--shard-count", "3", "--retries", "0").stdout
    assert [1, 4, 7, 2, 5, 3, 6] == [json.loads(line)["row"] for line in joined.splitlines()]
    assert sorted(f"GET /pets/{number}" for number in range(1, 8)) == sorted(api.served)
    Path("result.ndjson").write_text(joined)
    api.server.requests.clear()
    del api.server.responses["/pets/5"]
    result = api.run("get-pet", rows, "--resume", "result.ndjson")
    assert ["GET /pets/5"] == api.served
    assert list(range(1, 8)) == [line["row"] for line in lines(result)]


def test_a_shard_that_is_not_known_sends_nothing(api: SmallApi) -> None:
    """The exit code is 2, for `batch` and `check`."""
    rows = ndjson({"pet-id": 1})
    assert 2 == api.run("get-pet", rows, "--shard", "auto").exit_code
    assert 2 == api.run("get-pet", rows, "--shard", "1/2", "--shard-count", "2").exit_code
    assert [] == api.served


def test_shards_of_an_engine_share_the_rate(api: SmallApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--rate` limits all shards together with `auto`; with `I/N` it limits each run."""
    from dynacli.http import rate_limit

    limits: list[float] = []
    begin = rate_limit.RateLimit.__init__

    def noting(self: rate_limit.RateLimit, per_second: float, *more: Any) -> None:
        limits.append(per_second)
        begin(self, per_second, *more)

    monkeypatch.setattr(rate_limit.RateLimit, "__init__", noting)
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "0")
    rows = ndjson({"pet-id": 1})
    api.run("get-pet", rows, "--rate", "4000/s", "--shard", "auto", "--shard-count", "8")
    assert pytest.approx(500) == limits[-1]
    api.run("get-pet", rows, "--rate", "4000/s", "--shard", "1/8")
    assert pytest.approx(4000) == limits[-1]


def _block(begin: str) -> str:
    """Return the indented block of the manual's page on batches that begins with a line."""
    page = files("dynacli").joinpath("features", "batch", "batch.md").read_text("utf-8")
    found = re.search(rf"^    {re.escape(begin)}\n(?:    .*\n|\n(?=    ))*", page, re.MULTILINE)
    assert found is not None
    return "".join(line[4:] or "\n" for line in found[0].splitlines(keepends=True))


def test_the_job_of_the_manual_is_an_indexed_job() -> None:
    """It has only fields that Kubernetes has, with values of their types; the count of shards is that of the job."""
    job = yaml.safe_load(_block("apiVersion: batch/v1"))
    schema = yaml.safe_load((Path(__file__).parent / "kubernetes_job.yaml").read_text())
    validator = jsonschema_rs.validator_for(schema)
    validator.validate(job)
    [container] = job["spec"]["template"]["spec"]["containers"]
    counts = [item["value"] for item in container["env"] if item["name"] == "DYNACLI_SHARD_COUNT"]
    assert [str(job["spec"]["completions"])] == counts
    job["spec"]["completionmode"] = "Indexed"
    assert not validator.is_valid(job)


def test_the_scripts_of_the_manual_are_scripts(tmp_path: Path) -> None:
    """`bash -n` reads both: that of Slurm, and the command of the container."""
    job = yaml.safe_load(_block("apiVersion: batch/v1"))
    [container] = job["spec"]["template"]["spec"]["containers"]
    for number, script in enumerate([_block("#!/bin/bash"), *container["args"]]):
        path = tmp_path / f"{number}.sh"
        path.write_text(script)
        subprocess.run(["bash", "-n", path], check=True)
        assert "--shard auto" in script
