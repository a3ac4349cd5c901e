"""The help page of dynacli itself."""

import re
from collections.abc import Sequence

from dynacli.commands.help.usage_lines import usage_lines
from dynacli.commands.standard_options import INPUT_OPTIONS, STANDARD_OPTIONS
from dynacli.environment import Environment, invocation, program
from dynacli.errors import FileError
from dynacli.library.configuration.configuration import Configuration
from dynacli.text.terminal import Painter, terminal_width
from dynacli.text.wrapping import wrapped

__all__ = ["further_lines", "root_help"]

_VERBS = (
    ("API", "what it has, who is signed in, and what to do next; `API TAG` lists a tag"),
    ("api add NAME SOURCE", "register an API by its document or its base URL"),
    ("api list|show|set|refresh|remove|rename", "the registered APIs"),
    ("api history|rollback|pin|unpin", "the revisions of their documents"),
    ("api catalog", "the registered APIs as a catalog for other programs"),
    ("changes API [--since REVISION]", "what the document gained, lost and changed"),
    ("auth login|logout|status|explain|token", "credentials: signing in, and what is sent where"),
    ("config get|set|edit|path", "what is configured, one key at a time or in your editor"),
    ("cache info|clear", "what is kept of documents"),
    ("search [API] WORDS...", "the operations that do what you say in plain words, the best first"),
    ("operations [API] [--tag TAG]", "every operation, a line each, or as a graph"),
    ("describe API OPERATION [FIELD.PATH]", "all about one operation, or about one field"),
    ("explore API", "its operations, forms and answers on the whole screen"),
    ("batch API [OPERATION] FILE", "a call for each row of a file, side by side"),
    ("check API", "call every operation that only reads, and judge every answer"),
    ("judge API FILE.har", "judge what other programs sent and got, as a HAR has it"),
    ("mock API [--port N]", "a server that answers every operation from the document"),
    ("proxy API", "pass on what clients send to the API, and judge what has passed"),
    ("read API OPERATION", "a call that is refused where it may change something"),
    ("request API METHOD PATH", "a call to any path, whether the document has it or not"),
    ("edit API OPERATION", "what a GET gives, changed in your editor and sent back"),
    ("ignore API RULE [OPERATION]", "let findings not count that are known, with `--reason TEXT`"),
    ("policy explain API OPERATION", "what would become of a call, and which rule of yours decides"),
    ("skill API [--out DIRECTORY]", "what an agent needs to know of an API, as a SKILL.md"),
    ("mcp [API...]", "the APIs for an agent, over the Model Context Protocol"),
    ("document API [--bundled]", "the document as it was fetched, or in one file"),
    ("export API --to FORM [--out FILE]", "its operations with examples, for Postman, hurl and the like"),
    ("demo OPERATION", "a call to the embedded stand-in of Armature's API; `demo serve` keeps it running"),
    ("history [API] [--failed] [--since 2h]", "the calls that were made; `history show N` shows one"),
    ("bake NAME --api API", "an executable file, a command line for one API"),
    ("import curl LINE", "the line that makes the request of a line for curl; `import har FILE`"),
    ("replay N", "make call N once more, with other options behind it"),
    ("doctor [API]", "whether all works here, and what is wrong with the documents"),
    ("completion bash|zsh|fish", "completion for your shell"),
    ("help [TOPIC]", "the manual"),
)


_ABOUT = (
    "Turns any OpenAPI document into a command line. API is a registered name, a URL of a document, "
    "a path to one, or - for standard input; nothing has to be registered first."
)


def root_help(env: Environment, contents: Sequence[str] = ()) -> str:
    """Return the page.

    Args:
        contents: The lines that list what the API of a tool has.
    """
    paint = Painter.for_stdout(env)
    width = terminal_width(env, env.stdout)
    if program().api:
        return "\n".join(_of_tool(paint, width, contents))
    lines = [
        *usage_lines("dynacli [OPTIONS] API OPERATION [ARGUMENTS] [OPTIONS]", width),
        "       dynacli VERB ...",
        "",
        *(f"  {line}" for line in wrapped(_ABOUT, width - 2)),
        "",
        f"  {invocation('demo')} search-runs --range 7d --status fail",
        "  dynacli ./openapi.yaml list-pets --limit 3",
        "",
        paint.bold("Verbs"),
        *_rows(_VERBS, width),
        "",
    ]
    try:
        apis = sorted(Configuration(env).apis())
    except FileError:  # help is there even if the configuration is broken
        apis = []
    if apis:
        lines.extend([paint.bold("Registered APIs"), *(f"  {name}" for name in apis), ""])
    heading = paint.bold("Options, before the API or after the operation")
    lines.extend([heading, *_options(width, "that of an API or operation")])
    return "\n".join(lines)


def _of_tool(paint: Painter, width: int, contents: Sequence[str]) -> list[str]:
    """Return the lines of the page of a tool, which is bound to one API."""
    from dynacli.commands.bound_words import TOOL_VERBS

    name = program().name
    verbs = [(_without_api(left), right) for left, right in _VERBS if left.split()[0] in TOOL_VERBS - {"api"}]
    verbs.insert(
        0, ("api show|refresh|set|history|rollback|pin", "its document, the revisions, the settings")
    )
    return [
        *usage_lines(f"{name} [OPTIONS] OPERATION [ARGUMENTS] [OPTIONS]", width),
        f"       {name} VERB ...",
        "",
        f"  {name}                 what the API has, who is signed in, and what to do next",
        f"  {name} operations      every operation, a line each",
        "",
        *([*contents, ""] if contents else ()),
        paint.bold("Verbs"),
        *_rows(verbs, width),
        "",
        *further_lines(paint),
        paint.bold("Options, before or after the operation"),
        *_options(width, "that of an operation"),
    ]


def further_lines(paint: Painter) -> list[str]:
    """Return the lines about the commands that other packages have."""
    from dynacli.commands.further_commands import further_names

    names = further_names()
    return [paint.bold("Commands of other packages"), *(f"  {name}" for name in names), ""] if names else []


def _without_api(usage: str) -> str:
    return re.sub(r" (?:\[API(?:\.\.\.)?\]|API)(?= |$)", "", usage)


def _options(width: int, other_pages: str) -> list[str]:
    options = [
        (", ".join(option.flags) + (f" {option.metavar}" if option.metavar else ""), option.help)
        for option in (*STANDARD_OPTIONS, *INPUT_OPTIONS)
    ]
    options.extend([("--version", "the version"), ("-h, --help", f"this page, or {other_pages}")])
    return _rows(options, width)


def _rows(rows: "tuple[tuple[str, str], ...] | list[tuple[str, str]]", width: int) -> list[str]:
    lines = []
    column = 40 if width >= 72 else 8
    for left, right in rows:
        text = wrapped(right, max(width - column, 24))
        if len(left) + 4 > column:
            lines.append(f"  {left}")
        else:
            lines.append(f"  {left.ljust(column - 2)}{text.pop(0)}")
        lines.extend(f"{' ' * column}{line}" for line in text)
    return lines
