"""`python -m tests.bench [--pairs N] [--only NAME]`: one table.

The exit code is 1 when a limit is broken, 2 when nothing could be measured.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator
from math import inf
from statistics import median
from typing import NamedTuple

from dynacli.features.demo.demo_server import running
from tests.bench.batch_calls import against_curl, against_httpx
from tests.bench.documents import GENERATED, MANY, OTHER
from tests.bench.hundred_pages import compare_pages, memory_of_pages
from tests.bench.mirror import compare_queries, compare_second_syncs, compare_syncs
from tests.bench.process import FailedRunError, compare, run
from tests.bench.proxy_latency import added_milliseconds
from tests.bench.refreshing import compare_revisions, due_against_fresh, large_against_small
from tests.bench.setting import CHECKOUT, Setting, prepared

__all__: list[str] = []

_CLICK = "import click"
_HTTPX = "import click, httpx"
_ISSUE = ("issues-get", "octocat", "hello-world", "1")
_DENSE = ("post-payments",)
_LIST = "issues-list-for-repo"
_HELP = ("issues-list-for-repo", "--help")


class Row(NamedTuple):
    """A line of the table.

    Args:
        name: Of the run.
        base: What it is held against.
        base_figure: The base's figure, with its unit.
        figure: The run's figure, with its unit.
        ratio: What is held against the limit.
        limits: The least and the most that it may be.
    """

    name: str
    base: str
    base_figure: str
    figure: str
    ratio: float
    limits: tuple[float, float]

    @property
    def is_over(self) -> bool:
        """Whether the limit is broken."""
        return not self.limits[0] <= self.ratio <= self.limits[1]

    def cells(self) -> tuple[str, ...]:
        """Return the line's cells."""
        least, most = self.limits
        limit = f"{least:.2f} to {most:.2f}" if least else f"{most:g}" if most < inf else "none"
        validation = "OVER" if self.is_over else "ok"
        return self.name, self.base, self.base_figure, self.figure, f"{self.ratio:.2f}", limit, validation


_TITLES = ("run", "base", "base figure", "figure", "ratio", "limit", "")


def _paired(
    name: str, base: str | tuple[str, ...], words: tuple[str, ...], limit: float, least: float = 0.0
) -> tuple[str, Callable[[Setting, int], Row]]:
    """Return a measurement of dynacli with some words against a base.

    Args:
        base: A line of Python, or other words of dynacli.
    """

    def measure(setting: Setting, pairs: int) -> Row:
        reported = f'python -c "{base}"' if isinstance(base, str) else " ".join(("dynacli", *base))
        other = setting.python(base) if isinstance(base, str) else setting.call(*base)
        command = setting.call(*words)
        found = compare(other, command, setting.variables, pairs)
        return Row(
            name, reported, f"{found.base_ms:.1f} ms", f"{found.run_ms:.1f} ms", found.ratio, (least, limit)
        )

    return name, measure


def _compile_time(setting: Setting, pairs: int) -> Row:
    seconds = median(_compiled(setting, pairs, lambda cost: cost.seconds))
    return Row("compile, seconds", "2 s", "", f"{seconds:.2f} s", seconds, (0, 2))


def _compile_memory(setting: Setting, pairs: int) -> Row:
    peak = max(_compiled(setting, min(pairs, 2), lambda cost: cost.peak_mib))
    return Row("compile, memory", "160 MiB", "", f"{peak:.0f} MiB", peak, (0, 160))


def _compiled(setting: Setting, pairs: int, figure: Callable[..., float]) -> Iterator[float]:
    command = setting.dynacli("operations", str(setting.github))
    for _ in range(min(pairs, 5)):
        yield figure(run(command, setting.with_empty_cache()))


def _validated_memory(setting: Setting, pairs: int) -> Row:
    command = setting.call("github", *_ISSUE, "--server", "ORIGIN")
    peak = median(run(command, setting.variables).peak_mib for _ in range(min(pairs, 5)))
    return Row("validated call, memory", "32 MiB", "", f"{peak:.1f} MiB", peak, (0, 32))


def _demo(setting: Setting, pairs: int) -> Row:
    """Hold a call that brings its server with it against the same to a server that is there."""
    words = ("search-runs", "--range", "7d")
    with running() as server:
        variables = {**setting.variables, "DYNACLI_ARMATURE_TOKEN": server.api_keys["editor"]}
        run(setting.dynacli("api", "add", "armature", server.document_url), variables)
        base, command = setting.dynacli("armature", *words), setting.dynacli("demo", *words)
        found = compare(base, command, variables, pairs)
    name, reported = "dynacli demo search-runs --range 7d", "the same of a registered API"
    return Row(name, reported, f"{found.base_ms:.1f} ms", f"{found.run_ms:.1f} ms", found.ratio, (0, 1.7))


def _thousand_calls(setting: Setting, pairs: int) -> Row:
    """Hold a thousand validated calls of one process against as many of httpx's own client."""
    words = [sys.executable, "-m", "tests.bench.thousand_calls", setting.origin, str(min(pairs, 5))]
    done = subprocess.run(
        words, capture_output=True, text=True, cwd=CHECKOUT, env=setting.variables, check=False
    )
    if done.returncode:
        raise FailedRunError(done.stderr)
    base, figure, ratio = map(float, done.stdout.split())
    name, reported = "1,000 validated calls in one process", "the same by `httpx.Client`"
    return Row(name, reported, f"{base:.2f} s", f"{figure:.2f} s", ratio, (0, 1.5))


def _hundred_pages(setting: Setting, pairs: int) -> Row:
    found = compare_pages(setting, pairs)
    name, reported = "100 pages of 100 items, as CSV", "the same requests by `httpx.Client`"
    return Row(name, reported, f"{found.base_ms:.1f} ms", f"{found.run_ms:.1f} ms", found.ratio, (0, 1.5))


def _mirror(name: str, *, has_tags: bool) -> tuple[str, Callable[[Setting, int], Row]]:
    def measure(setting: Setting, pairs: int) -> Row:
        found = compare_syncs(setting, min(pairs, 3), has_tags=has_tags)
        title = "sync of 100,000 items of 1 KB" + (", ETags" if has_tags else "")
        base = "the same requests by `httpx.Client`"
        return Row(title, base, f"{found.base_ms:.0f} ms", f"{found.run_ms:.0f} ms", found.ratio, (0, 5))

    return name, measure


def _mirror_again(setting: Setting, pairs: int) -> Row:
    found = compare_second_syncs(setting, min(pairs, 3))
    name, base = "the same again, nothing changed", "the same requests by `httpx.Client`"
    return Row(name, base, f"{found.base_ms:.0f} ms", f"{found.run_ms:.0f} ms", found.ratio, (0, inf))


def _mirror_query(setting: Setting, pairs: int) -> Row:
    found = compare_queries(setting, min(pairs, 5))
    name, base = "group by over 100,000 rows", "the same by the module sqlite3"
    return Row(name, base, f"{found.base_ms:.0f} ms", f"{found.run_ms:.0f} ms", found.ratio, (0, 1.5))


def _memory_of_pages(setting: Setting, pairs: int) -> Row:
    peak = memory_of_pages(setting, pairs)
    return Row("100 pages, memory", "60 MiB", "", f"{peak:.1f} MiB", peak, (0, 60))


def _batch_and_curl(setting: Setting, pairs: int) -> Row | None:
    found = against_curl(setting, pairs)
    if found is None:
        sys.stderr.write("batch and curl: skipped, because curl or xargs is missing\n")
        return None
    name, base = "batch of 1,000 rows, 4 at once", "1,000 curl by xargs -P 4"
    return Row(name, base, f"{found.base_ms:.0f} ms", f"{found.run_ms:.0f} ms", found.ratio, (0, inf))


def _batch_and_httpx(setting: Setting, pairs: int) -> Row:
    found = against_httpx(setting, pairs)
    name, base = "batch of 1,000 rows, 4 at once", "1,000 calls by one httpx.Client"
    return Row(name, base, f"{found.base_ms:.0f} ms", f"{found.run_ms:.0f} ms", found.ratio, (0, inf))


def _proxied(name: str, at_once: int, seconds: float) -> tuple[str, Callable[[Setting, int], Row]]:
    def measure(setting: Setting, pairs: int) -> Row:
        direct, passed, added = added_milliseconds(setting, min(pairs, 5), at_once, seconds)
        reported = "the same to the server itself"
        return Row(name, reported, f"{direct:.2f} ms", f"{passed:.2f} ms", added, (0, 5))

    return name, measure


def _catalog_size(setting: Setting, pairs: int) -> Row:  # noqa: ARG001  - a size is the same each time
    """Hold the size of a catalog against that of its document; the worst of both documents."""
    sizes = []
    for path in (setting.github, setting.dense):
        (folder,) = (setting.directory / "cache" / "documents").glob(f"*{path.stem.replace('-', '_')}*")
        (catalog,) = folder.glob("*.sqlite")
        sizes.append((catalog.stat().st_size / path.stat().st_size, path, catalog))
    ratio, path, catalog = max(sizes)
    of_document, of_catalog = (f"{file.stat().st_size / 2**20:.1f} MiB" for file in (path, catalog))
    return Row("catalog, size", path.name, of_document, of_catalog, ratio, (0, 2))


def _due(setting: Setting, pairs: int) -> Row:
    found = due_against_fresh(setting, pairs, _HELP)
    name, base = "operation help, a refresh being due", "the same, none being due"
    return Row(name, base, f"{found.base_ms:.1f} ms", f"{found.run_ms:.1f} ms", found.ratio, (0, 1.1))


def _not_modified(setting: Setting, pairs: int) -> Row:
    found = large_against_small(setting, pairs)
    name, base = "refresh that ends with 304", "the same, 20 operations"
    return Row(name, base, f"{found.base_ms:.1f} ms", f"{found.run_ms:.1f} ms", found.ratio, (0, 1.1))


def _responses_compared(setting: Setting, pairs: int) -> Row:
    sides = ("--server", "ORIGIN", "--against", f"ORIGIN/{OTHER}")
    command = setting.call("diff", "github", _LIST, "octocat", "ten-thousand", *sides, "--no-fail")
    seconds = median(run(command, setting.variables).seconds for _ in range(min(pairs, 5)))
    return Row("diff of 10,000 issues, seconds", "2 s", "60 MiB each", f"{seconds:.2f} s", seconds, (0, 2))


def _revisions_compared(setting: Setting, pairs: int) -> Row:
    seconds = compare_revisions(setting, pairs)
    return Row("two versions compared, seconds", "3 s", "", f"{seconds:.2f} s", seconds, (0, 3))


def _validate_alone(setting: Setting, pairs: int) -> Row:
    """Validate ten thousand issues in a process that does nothing else."""
    (folder,) = (setting.directory / "cache" / "documents").glob(f"*{setting.github.stem}*")
    (catalog,) = folder.glob("*.sqlite")
    body = setting.directory / "ten-thousand.json"
    words = [str(catalog), _LIST, str(body), str(min(pairs, 5))]
    command = [sys.executable, "-m", "tests.bench.validator", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, check=False)
    if done.returncode:
        raise FailedRunError(done.stderr)
    seconds = float(done.stdout)
    size = f"{body.stat().st_size / 2**20:.1f} MiB"
    return Row("judge alone, 10,000 issues, seconds", "1 s", size, f"{seconds:.2f} s", seconds, (0, 1))


def _compile_growth(setting: Setting, pairs: int) -> Row:
    """Hold the time that one more operation takes in large documents against that in small ones."""
    seconds = []
    for count in GENERATED:
        command = setting.dynacli("operations", str(setting.directory / f"generated-{count}.json"))
        costs = [run(command, setting.with_empty_cache()).seconds for _ in range(min(pairs, 3))]
        seconds.append(median(costs))
    (few, some, many), (at_few, at_some, at_many) = GENERATED, seconds
    small = (at_some - at_few) / (some - few) * 1000
    large = (at_many - at_some) / (many - some) * 1000
    base = f"one more operation, {few} to {some} of them"
    name = f"compile, the same, {some} to {many} of them"
    return Row(name, base, f"{small:.2f} ms", f"{large:.2f} ms", large / small, (0, 1.1))


_RUNS = dict(
    (
        _paired("version", _CLICK, ("--version",), 1.2),
        _paired("operation help", _CLICK, ("github", *_HELP), 1.35),
        _paired("operation help, 20 operations", ("github", *_HELP), ("small", *_HELP), 1.1, 0.9),
        _paired("operation help, densest document", _CLICK, ("dense", *_DENSE, "--help"), 1.45),
        _paired("overview, densest document", _CLICK, ("dense",), 1.6),
        _paired("completion, densest document", _CLICK, ("__complete", "bash", "dense", "post-p"), 1.05),
        _paired(
            "dry run, densest document",
            _CLICK,
            ("dense", *_DENSE, "--example", "--dry-run", "json", "--validate", "off"),
            2.2,
        ),
        _paired("overview", _CLICK, ("github",), 1.4),
        _paired("search", _CLICK, ("search", "github", "delete", "a", "repo"), 1.6),
        _paired(
            "search, broad", _CLICK, ("search", "github", "list", "users", "of", "an", "organization"), 1.6
        ),
        _paired("completion", _CLICK, ("__complete", "bash", "github", "issues-l"), 1.05),
        _paired("dry run", _CLICK, ("github", *_ISSUE, "--dry-run", "json", "--validate", "off"), 2.2),
        _paired("validated call", _HTTPX, ("github", *_ISSUE, "--server", "ORIGIN"), 1.6),
        _paired(
            "validated call, strict",
            ("github", *_ISSUE, "--server", "ORIGIN"),
            ("github", *_ISSUE, "--server", "ORIGIN", "--validate", "strict"),
            1.9,
        ),
        _paired(
            "call without verdict",
            _HTTPX,
            ("github", *_ISSUE, "--server", "ORIGIN", "--validate", "off"),
            1.2,
        ),
        _paired(
            "cached call",
            ("github", "issues-get", "--help"),
            ("github", *_ISSUE, "--server", "ORIGIN", "--cache", "7d"),
            1.05,
        ),
        _paired(
            "revalidated call",
            ("github", *_ISSUE, "--server", "ORIGIN"),
            ("github", *_ISSUE, "--server", "ORIGIN", "--cache", "revalidate"),
            1.1,
        ),
        *(
            _paired(
                f"validated call, {size} issues",
                ("github", _LIST, "octocat", response, "--server", "ORIGIN", "--validate", "off"),
                ("github", _LIST, "octocat", response, "--server", "ORIGIN"),
                limit,
            )
            for size, response, limit in (("1,000", "thousand", 2.0), ("10,000", "ten-thousand", 5.0))
        ),
        ("demo call", _demo),
        ("validated call, memory", _validated_memory),
        ("thousand calls", _thousand_calls),
        ("hundred pages", _hundred_pages),
        ("hundred pages memory", _memory_of_pages),
        _mirror("mirror", has_tags=False),
        _mirror("mirror with ETags", has_tags=True),
        ("mirror again", _mirror_again),
        ("mirror query", _mirror_query),
        ("batch and curl", _batch_and_curl),
        ("batch and httpx", _batch_and_httpx),
        _proxied("proxy, added milliseconds", 1, 0),
        _proxied("proxy, added milliseconds, 50 at once", 50, 0.1),
        _proxied("proxy, added milliseconds, 50 at once, no wait", 50, 0),
        ("judge alone", _validate_alone),
        ("refresh due", _due),
        ("refresh with 304", _not_modified),
        ("changes seconds", _revisions_compared),
        ("diff seconds", _responses_compared),
        ("compile seconds", _compile_time),
        ("compile memory", _compile_memory),
        ("compile growth", _compile_growth),
        ("catalog size", _catalog_size),
    )
)


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--pairs", type=int, default=10, metavar="N", help="pairs a run (default: 10)")
    parser.add_argument(
        "--only", action="append", choices=sorted(_RUNS), metavar="NAME", help=f"of: {', '.join(_RUNS)}"
    )
    given = parser.parse_args()
    try:
        rows = _measured(given.only or list(_RUNS), max(given.pairs, 1))
    except (FailedRunError, FileNotFoundError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(_table([_TITLES, *(row.cells() for row in rows)]))
    return 1 if any(row.is_over for row in rows) else 0


def _measured(names: list[str], pairs: int) -> list[Row]:
    rows = []
    with prepared() as setting:
        # A response that the document does not allow would end with 9, and with it the bench.
        run(
            setting.dynacli("github", *_ISSUE, "--server", setting.origin, "--validate", "strict"),
            setting.variables,
        )
        for response in MANY:
            words = ("github", _LIST, "octocat", response, "--server", setting.origin, "--validate", "strict")
            run(setting.dynacli(*words), setting.variables)
        for name in names:
            row = _RUNS[name](setting, pairs)
            if row is not None:
                rows.append(row)
                sys.stderr.write(f"{name}: {row.ratio:.2f}\n")
    return rows


if __name__ == "__main__":
    sys.exit(_main())
