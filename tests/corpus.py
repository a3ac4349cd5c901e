"""Drives every operation of real documents: its help, `--example --dry-run`, and the example its help ends with.

Of every fourth operation it asks the mock, which has to respond as the document wants it.

Run it as `python -m tests.corpus [FOLDER] [--most N] [--reasons]` for the table of all documents.
It calls what the program calls, in one process; nothing is sent and nothing is written.
The exit code is 1 if a document does not load, an operation has no command or help,
or too few examples are accepted, 3 if there is no folder.
"""

import argparse
import io
import json
import multiprocessing
import os
import resource
import shlex
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from dynacli.client.call_settings import settings_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.operation_summary import operation_summary, summary_text
from dynacli.commands.help_pages.api_overview import overview_page
from dynacli.commands.operation_command import OperationCommand
from dynacli.commands.run import Run
from dynacli.commands.subcommands.describe import described_details
from dynacli.environment import Environment
from dynacli.errors import DocumentError, DynacliError
from dynacli.features.mock.mock_server import MockServer
from dynacli.openapi.catalog.catalog_writer import catalog_in_memory
from dynacli.openapi.catalog.compiler.compile_document import Compiled, compile_document
from dynacli.options.standard_options import Options
from dynacli.registry.opened_api import OpenedApi
from dynacli.registry.revisions.revisions import OpenRequest, Revisions
from dynacli.text.terminal import Painter, cell_width
from tests.documents import load_file
from tests.features.mock.mocked_operations import fault_of
from tests.real_documents import documents, parsed_with_folder

WIDTH = 100
SERVER = "http://127.0.0.1:9"
SUMMARY_BYTES = 1_400
DESCRIPTION_BYTES = 6_000
MOCKED_EVERY = 4
MOCKED = 0.995
"""At least this part of the mock's responses is right; the others are of documents that contradict themselves."""
ACCEPTED = 0.995
"""Of the requests that `--example` makes, at least this part is accepted by openapi-core; the others have reasons."""


@dataclass
class DocumentReport:
    """What became of one document.

    Attributes:
        refusal: Why it could not be read; empty when it was.
        in_document: Operations that stand in the document.
        listed: Operations that have a command.
        tried: Operations that were driven.
        helped: Help pages that rendered, fit the width and end with an example.
        built: Operations for which `--example` built a request.
        accepted: Those that openapi-core accepts.
        exemplified: Operations whose help's example builds a request that openapi-core accepts.
        summarized: Operations whose summary fits, and has a line that builds such a request.
        described: Operations whose description fits.
        asked: Operations that the mock was asked for.
        mocked: Those that it responded as the document wants it.
        reasons: Why the rest did not.
        seconds: The time of all this.
        mebibytes: By how much the memory of the process grew for it; only if it had a process to itself.
    """

    name: str
    refusal: str = ""
    in_document: int = 0
    listed: int = 0
    tried: int = 0
    helped: int = 0
    built: int = 0
    accepted: int = 0
    exemplified: int = 0
    summarized: int = 0
    described: int = 0
    asked: int = 0
    mocked: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    seconds: float = 0
    mebibytes: float = 0

    def line(self) -> str:
        """Return the row of the table."""
        if self.refusal:
            return f"{self.name:52}  {self.refusal}"
        return (
            f"{self.name:52} {self.listed:5}/{self.in_document:<5} {self.tried:5}  help {self.helped:5}"
            f"  --example {self.built:5}  accepted {self.accepted:5}  example line {self.exemplified:5}"
            f"  summary {self.summarized:5}  describe {self.described:5}  mock {self.mocked:4}/{self.asked:<4}"
            f"  {self.seconds:6.1f} s {self.mebibytes:5.0f} MiB"
        )


def drive(path: Path, name: str, *, most: int = 0) -> DocumentReport:
    """Drive the operations of a document.

    Args:
        most: How many, spread evenly over the document; 0 for all.
    """
    report = DocumentReport(name)
    try:
        document = load_file(path)
        compiled = compile_document(document)
    except DocumentError as error:
        report.refusal = error.message
        return report
    report.in_document = _count(document.tree)
    report.listed = len(compiled.operations)
    api = opened(path, compiled)
    catalog = api.catalog
    for width in (40, WIDTH):
        page = overview_page(_environment(width), api, Options()).splitlines()
        wide = [
            line for line in page if cell_width(line) > (WIDTH if line.startswith("  dynacli ") else width)
        ]
        if len(page) > 40 or wide:
            report.reasons[f"overview: {len(page)} lines, too wide at {width}: {wide}"] += 1
    names = [operation.operation.name for operation in compiled.operations]
    step = max(-(-len(names) // most), 1) if most else 1
    mock = MockServer(api, settings_of(_environment(), api, Options(), default_level="strict"))
    for item in names[::step]:
        report.tried += 1
        if report.tried % MOCKED_EVERY == 1:
            _mocks(api, mock, item, report)
        report.helped += _helps(api, item, report)
        is_built, is_accepted = _builds(api, item, ["--example"], report, "--example")
        report.built += is_built
        report.accepted += is_accepted
        words = catalog.operation(item).example
        accepts_line = _builds(api, item, list(words), report, "example line")[1]
        report.exemplified += accepts_line
        report.summarized += _has_summary(api, item, report, accepts_line=accepts_line)
        report.described += _is_described(api, item, report)
    catalog.close()
    return report


def opened(path: Path, compiled: Compiled) -> OpenedApi:
    """Return the API `it` of a compiled document, which is in memory alone."""
    return OpenedApi(
        OpenRequest("it", _environment()),
        Revisions(os.devnull, str(path)),
        catalog_in_memory(compiled, []),
        {"uri": path.as_uri(), "revision": "none"},
    )


def pages(api: OpenedApi, name: str, width: int) -> tuple[str, str, str]:
    """Return the help page, the description and the summary of an operation, as a terminal of a width has them.

    The last line of a description, the command of the example, is left out: it stays whole, so that it can be copied.
    """
    command, context = _context(api, name, width)
    plain = Painter(enabled=False)
    return (
        command.page(context.obj),
        described_details(api, name)[1](plain, width).rpartition("\n")[0],
        summary_text(operation_summary(api, name), plain, width),
    )


def too_wide(page: str, width: int) -> list[str]:
    """Return the lines that run over a width, without those of a command with an argument that cannot be broken."""
    return [line for line in page.splitlines() if cell_width(line) > width and not _is_one_argument(line)]


def _is_one_argument(line: str) -> bool:
    """Return whether a line is a single argument of a command, such as a long text in quotes."""
    try:
        return len(shlex.split(line.removesuffix(" \\"))) == 1
    except ValueError:
        return False


def _count(tree: dict[str, object]) -> int:
    paths = tree.get("paths")
    methods = {"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"}
    items = [item for item in paths.values() if isinstance(item, dict)] if isinstance(paths, dict) else []
    more = [item.get("additionalOperations") for item in items]
    return sum(len(methods & set(item)) for item in items) + sum(
        len(options) for options in more if isinstance(options, dict)
    )


def _environment(width: int = WIDTH) -> Environment:
    return Environment(
        stdin=io.StringIO(), stdout=io.StringIO(), stderr=io.StringIO(), variables={"COLUMNS": str(width)}
    )


def _context(
    api: OpenedApi, name: str, width: int = WIDTH, **options: Any
) -> tuple[OperationCommand, click.Context]:
    run = Run(_environment(width))
    run.options = replace(run.options, **options)
    # Credentials are another subject.
    operation = replace(api.catalog.operation(name), security=())
    command = OperationCommand(DescribedOperation(api, operation))
    context = click.Context(command, info_name=name, obj=run, help_option_names=["-h", "--help"])
    return command, context


def _helps(api: OpenedApi, name: str, report: DocumentReport) -> bool:
    command, context = _context(api, name)
    page = command.page(context.obj)
    lines = page.splitlines()
    wide = too_wide(page, WIDTH)
    if wide:
        report.reasons[f"help: {name}: too wide: {wide[0][:60]}"] += 1
    if not any(line.startswith("  dynacli it") for line in lines):
        report.reasons[f"help: {name}: no example"] += 1
        return False
    return not wide


def _has_summary(api: OpenedApi, name: str, report: DocumentReport, *, accepts_line: bool) -> bool:
    """Return whether a summary fits, and its line builds a request that the document allows.

    Args:
        accepts_line: Whether that of the help page does, which is the same for most operations.
    """
    summary = operation_summary(api, name)
    text = summary_text(summary)
    if len(text.encode()) > SUMMARY_BYTES or text.splitlines()[-1] != f"Example  {summary.example}":
        report.reasons[f"summary: {name}: {len(text.encode())} bytes"] += 1
        return False
    words = shlex.split(summary.example.removesuffix(" --server URL"))
    if "--example" not in words or tuple(words[3:]) == api.catalog.operation(name).example:
        return accepts_line
    words = [word for word in words if word == "--example"]
    return _builds(api, name, words, report, "summary")[1]


def _is_described(api: OpenedApi, name: str, report: DocumentReport) -> bool:
    size = len(described_details(api, name)[1](Painter(enabled=False), WIDTH).encode())
    if size > DESCRIPTION_BYTES:
        report.reasons[f"describe: {name}: {size} bytes"] += 1
    return size <= DESCRIPTION_BYTES


def _builds(
    api: OpenedApi, name: str, words: list[str], report: DocumentReport, kind: str
) -> tuple[bool, bool]:
    """Return whether words build a request, and whether openapi-core accepts it."""
    command, context = _context(api, name, dry_run="json", server=SERVER)
    try:
        command.parse_args(context, words)
        command.invoke(context)
    except (DynacliError, click.ClickException) as error:
        reported = getattr(error, "reason", "") or str(error)
        report.reasons[f"{kind}: {name}: {' '.join(str(reported).split())[:160]}"] += 1
        return "findings" in getattr(error, "details", {}), False
    return True, True


def _mocks(api: OpenedApi, mock: MockServer, name: str, report: DocumentReport) -> None:
    """Ask the mock for an operation with its example, if there is one."""
    command, context = _context(api, name, dry_run="json", server=SERVER)
    try:
        command.parse_args(context, ["--example"])
        command.invoke(context)
    except (DynacliError, click.ClickException):
        return  # told before
    report.asked += 1
    sent = json.loads(context.obj.env.stdout.getvalue())
    fault = fault_of(mock, api.catalog.operation(name), sent)
    report.mocked += not fault
    if fault:
        report.reasons[f"mock: {name}: {fault[:160]}"] += 1


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=0, help="operations of each document")
    parser.add_argument("--only", default="", help="documents whose path has this")
    parser.add_argument("--processes", type=int, default=1, help="documents at a time")
    parser.add_argument("--reasons", action="store_true", help="say why something was not built")
    chosen = parsed_with_folder(parser)
    total = DocumentReport("all")
    paths = [
        (path, str(path.relative_to(chosen.folder)), chosen.most)
        for path in documents(chosen.folder)
        if chosen.only in str(path.relative_to(chosen.folder))
    ]
    refused = 0
    # A process each, as the memory that one has taken is not given back before the next.
    with multiprocessing.get_context("fork").Pool(chosen.processes, maxtasksperchild=1) as pool:
        for report in pool.imap(_measured, paths, chunksize=1):
            sys.stdout.write(report.line() + "\n")
            for reason, count in report.reasons.items() if chosen.reasons else ():
                sys.stdout.write(f"    {count} {reason}\n")
            sys.stdout.flush()
            refused += bool(report.refusal)
            for key in (
                "in_document",
                "listed",
                "tried",
                "helped",
                "built",
                "accepted",
                "exemplified",
                "summarized",
                "described",
                "asked",
                "mocked",
                "seconds",
            ):
                setattr(total, key, getattr(total, key) + getattr(report, key))
            total.mebibytes = max(total.mebibytes, report.mebibytes)
    share = total.accepted / max(total.tried, 1)
    sys.stdout.write(f"{total.line()}\nloaded {len(paths) - refused} of {len(paths)} documents")
    sys.stdout.write(f", and openapi-core accepts {share:.2%} of the examples")
    mocked = total.mocked / max(total.asked, 1)
    sys.stdout.write(f" and {total.summarized / max(total.tried, 1):.2%} of the lines of summaries;")
    sys.stdout.write(f" {mocked:.2%} of the mock's responses are right\n")
    is_whole = not refused and total.listed == total.in_document and total.helped == total.tried
    return 0 if is_whole and share >= ACCEPTED and mocked >= MOCKED else 1


def _measured(job: tuple[Path, str, int]) -> DocumentReport:
    path, name, most = job
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    report = drive(path, name, most=most)
    report.seconds = time.monotonic() - began
    report.mebibytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return report


if __name__ == "__main__":
    sys.exit(_main())
