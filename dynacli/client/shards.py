"""Shards: the part of a batch or a check that this machine runs, from `--shard` or the variables of a CI engine."""

import re
from collections.abc import Mapping

from dynacli.environment import Environment, variable
from dynacli.errors import UsageError
from dynacli.http.rate_limit import RateLimit
from dynacli.record import record

_AUTO = "auto"
"""Value of `--shard` that reads the shard from the variables of an engine."""
_MOST = 999_999
_SHARD = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")
_NUMBER = re.compile(r"[0-9]{1,6}")
_COUNT = "SHARD_COUNT"


@record
class Shard:
    """One of several parts of the work; by default the whole.

    Args:
        index: Number of the shard, from 1.
        count: Number of shards.
        shares_rate: True if `--rate` limits all shards together.
    """

    index: int = 1
    count: int = 1
    shares_rate: bool = False

    def has(self, number: int) -> bool:
        """Return whether the row or operation with a number, from 1, belongs to the shard."""
        return (number - self.index) % self.count == 0

    def rate(self, limit: RateLimit | None) -> RateLimit | None:
        """Return the rate limit of this shard."""
        return limit.divided(self.count) if limit is not None and self.shares_rate else limit


@record
class _Engine:
    """A program that runs a command several times, and numbers the runs in environment variables.

    Args:
        name: Usual name of the program.
        index: Variable with the index of the shard.
        count: Variable with the number of shards; empty if there is none.
        first: Index of the first shard.
    """

    name: str
    index: str
    count: str
    first: int = 0


# https://slurm.schedmd.com/job_array.html: `SLURM_ARRAY_TASK_MIN` is the first index.
_SLURM = _Engine("Slurm", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT")
# https://docs.gitlab.com/ci/variables/predefined_variables/: only jobs with `parallel` have an index.
_GITLAB = _Engine("GitLab", "CI_NODE_INDEX", "CI_NODE_TOTAL", first=1)
_ENGINES = (
    # https://kubernetes.io/docs/tasks/job/indexed-parallel-processing-static/
    _Engine("Kubernetes", "JOB_COMPLETION_INDEX", ""),
    _SLURM,
    # https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html
    _Engine("AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE"),
    _GITLAB,
    # https://circleci.com/docs/reference/variables/
    _Engine("CircleCI", "CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL"),
    # https://buildkite.com/docs/pipelines/configure/environment-variables
    _Engine("Buildkite", "BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT"),
)


def asked_shard(env: Environment, text: str | None, count: int | None) -> Shard:
    """Return the requested shard.

    Args:
        env: Environment with the variables of the engine.
        text: Value of `--shard`: `I/N`, `auto`, or None for the whole.
        count: Value of `--shard-count`, which overrides the variables.

    Raises:
        UsageError: The value is invalid, or the variables do not determine the shard.
    """
    if count is not None and text != _AUTO:
        raise UsageError("`--shard-count` needs `--shard auto`", hint="Or give both numbers: `--shard 2/5`")
    if text is None:
        return Shard()
    if text == _AUTO:
        return _shard_of_engine(env.variables, count)
    found = _SHARD.fullmatch(text.strip())
    shard = Shard(int(found[1]), int(found[2])) if found else Shard(0, 0)
    if not 1 <= shard.index <= shard.count:
        raise UsageError(
            f"`{text}` is not a shard",
            reason="Expected the number of the shard, from 1, and how many there are; or `auto`",
            hint="For example: `--shard 2/5`",
        )
    return shard


def _shard_of_engine(variables: Mapping[str, str], asked: int | None) -> Shard:
    """Return the shard from the variables of an engine, with the count of `--shard-count` if given."""
    engine = _engine(variables)
    is_single = engine is _GITLAB and not variables.get(engine.index)
    index = engine.first if is_single else _number_in_variable(variables, engine.index)
    first = _first_of_slurm(variables, index) if engine is _SLURM else engine.first
    own = variable(_COUNT)
    if asked is None and variables.get(own):
        asked = _number_in_variable(variables, own)
    if asked is not None:
        count = asked
    elif engine.count and variables.get(engine.count):
        count = _number_in_variable(variables, engine.count)
    else:
        raise UsageError(
            f"`--shard auto` needs the number of shards, which {engine.name} does not provide",
            hint=f"Add `--shard-count N`, or set `{own}`",
        )
    shard = Shard(index - first + 1, count, shares_rate=True)
    if not 1 <= shard.index <= shard.count:
        raise UsageError(
            f"Shard {shard.index} of {shard.count} does not exist",
            reason=f"{engine.name} sets `{engine.index}` to {index}",
            hint="Set the number of shards to the number of jobs",
        )
    if is_single and count != 1:
        raise UsageError(
            f"{engine.name} does not say which of {count} shards this job is",
            reason=f"`{engine.index}` is not set",
            hint="Add `parallel: N` to the job",
        )
    return shard


def _engine(variables: Mapping[str, str]) -> _Engine:
    """Return the engine whose variables are set."""
    found = [engine for engine in _ENGINES if variables.get(engine.index) or variables.get(engine.count)]
    if not found:
        names = ", ".join(engine.name for engine in _ENGINES)
        raise UsageError(
            "No variable says which shard this is",
            reason=f"`--shard auto` reads the variables of {names}; none is set",
            hint="Give the shard: `--shard 2/5`",
        )
    if len(found) > 1:
        names = " and ".join(f"{engine.name} (`{engine.index}`)" for engine in found)
        raise UsageError(
            "The variables of several engines say which shard this is",
            reason=f"They are the variables of {names}",
            hint="Give the shard, such as `--shard 2/5`, or unset the variables of the outer engine",
        )
    return found[0]


def _first_of_slurm(variables: Mapping[str, str], index: int) -> int:
    """Return the first index of a Slurm array, which must have no gaps: `--array=1-10`, not `1-10:2`."""
    least, most = (
        _number_in_variable(variables, name, index)
        for name in ("SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX")
    )
    if variables.get(_SLURM.count) and _number_in_variable(variables, _SLURM.count) != most - least + 1:
        raise UsageError(
            "The array of Slurm has gaps between its indexes",
            reason=f"It has {variables[_SLURM.count]} tasks from {least} to {most}",
            hint="Submit it without a step or a list, such as the array `0-9`",
        )
    return least


def _number_in_variable(variables: Mapping[str, str], name: str, default: int | None = None) -> int:
    """Return the number in a variable."""
    text = variables.get(name, "").strip()
    if not text and default is not None:
        return default
    if _NUMBER.fullmatch(text) is None:
        raise UsageError(
            f"`{name}` has an invalid value" if text else f"`{name}` is not set",
            reason=f"Expected a number from 0 to {_MOST:,}",
            hint="Give the shard: `--shard 2/5`",
        )
    return int(text)
