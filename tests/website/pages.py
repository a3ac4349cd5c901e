"""Writes the pages of the website into `build/pages`: `python -m tests.website.pages`, as the task `site` does.

Those in `.github/site/pages` are written by hand. The others are made from the manual, the tables and the classes, so
that no text is written twice. MkDocs gets plain files, and so could its successors.
"""

import json
import posixpath
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

from dynacli.commands.help_pages.command_help import OPTION_GROUPS, command_usages, default_of
from dynacli.commands.help_pages.page_lines import option_row
from dynacli.environment import DISTRIBUTION, variable
from dynacli.guide.pages import ERRORS, MOVED, error_kinds, page, topic_names
from dynacli.options.command import FIND, SECTIONS, Command
from dynacli.options.command_table import COMMANDS
from dynacli.options.standard_options import OPTIONS, Option
from tests.json_shapes import json_schemas
from tests.website.dependencies import extras, installed_with, reasons, size_of

_ROOT = Path(__file__).resolve().parents[2]
WRITTEN = _ROOT / ".github" / "site" / "pages"
"""The folder of what is written by hand."""


_BLOCKS = re.compile(r"(^```.*?^```$|(?:^    (?! *[-*] )[^\n]*\n(?:\n(?=    ))*)+)", re.DOTALL | re.MULTILINE)
_TOPIC = re.compile(r"(?<!\[)`(?:dynacli )?help ([a-z-]+)`")
_EXIT_CODE = re.compile(r"\n# exit code (\d+)")
"""As the tests read it; a colour of shells would be that of a command."""
_CODE = re.compile(r"`[^`\n]+`")
_KIND = re.compile(r"(?m)^(## .*`([a-z]+)`)$")
"""The heading of a kind of error."""
_REDIRECT = (
    '<!doctype html><meta charset="utf-8"><title>Moved</title><meta http-equiv="refresh" content="0; url={url}">'
    '<p>This page has moved: <a href="{url}">{url}</a></p>\n'
)
"""A page that leads to another one."""
_GUIDES = {"bake": "bake", "breaking-changes": "changes", "mock": "mock"}
"""Former guide → topic of the manual that has its content now."""
_AFTER_OTHERS = "---\nsearch:\n  boost: 0.5\n---\n"
_LANGUAGES = (
    (re.compile(r"\$ "), "console"),
    (re.compile(r"(?:dynacli|curl|export|eval|\./|cat|#!/bin/bash)\b|\./"), "sh"),
    (re.compile(r"\[+[\w.\"-]+\]+$|[a-z_]+ = ", re.MULTILINE), "toml"),
    (re.compile(r"[\[{\"]"), "json"),
    (re.compile(r"[A-Za-z]+: "), "yaml"),
    (re.compile(r"import |from "), "python"),
)
"""Start of a block → the language that colours it."""


def made_pages() -> Mapping[str, str]:
    """Return the path of each page that is made → its Markdown."""
    return {
        **{f"manual/{topic}.md": page(topic) or "" for topic in topic_names()},
        **{_commands_path(section): _commands_page(section) for section in SECTIONS},
        "reference/dependencies.md": _dependencies_page(),
        "reference/options.md": _options_page(),
        "reference/json-schemas.md": _schemas_page(),
    }


def redirects() -> Mapping[str, str]:
    """Return the path of each page that the website had before → the page and heading that have its content now."""
    return {
        **{f"manual/{old}/": f"manual/{new}/" for old, new in MOVED.items()},
        **{f"guides/{old}/": f"manual/{new}/" for old, new in _GUIDES.items()},
        **{f"errors/{kind}/": f"manual/{ERRORS}/#{kind}" for kind in error_kinds()},
        **{
            f"reference/commands/{name}/": f"{_commands_path(entry.section).removesuffix('.md')}/#{_anchor(name)}"
            for name, entry in COMMANDS.items()
        },
        "concepts/trust/": "manual/trust/",
    }


def _commands_path(section: str) -> str:
    return f"reference/commands/{(section or FIND).lower()}.md"


def _anchor(command: str) -> str:
    return f"dynacli-{command}"


def comparison() -> str:
    """Return the comparison with other tools, as the README has it."""
    readme = (_ROOT / "README.md").read_text(encoding="utf-8")
    return readme.partition("## Comparison\n\n")[2].partition("\n## ")[0].strip()


def llms_text(titles: Mapping[str, str]) -> str:
    """Return `llms.txt` (https://llmstxt.org): what dynacli is, and the pages, those for agents first.

    Args:
        titles: Path of a page → its title.
    """
    first = [
        path
        for path in ("manual/agents.md", "reference/commands/share.md", "manual/mcp.md")
        if path in titles
    ]
    about = "> dynacli calls any HTTP API from its OpenAPI document. Each operation is a command."
    rows = [
        f"- [{titles[path]}]({path.removesuffix('.md')}/)"
        for path in dict.fromkeys((*first, *sorted(titles)))
        if path != "index.md"
    ]
    return "\n".join(
        [
            "# dynacli",
            "",
            about,
            "",
            "## For agents",
            "",
            *rows[: len(first)],
            "",
            "## All pages",
            "",
            *rows[len(first) :],
            "",
        ]
    )


def for_mkdocs(path: str, text: str) -> str:
    """Return the Markdown of a page for MkDocs.

    `dynacli help TOPIC` becomes a link with the title of the page. An indented block of the manual gets the language
    that colours it. The search shows pages of the reference after those that explain.
    """
    text = text.replace("\nCOMPARISON\n", f"\n{comparison()}\n")
    if path == f"manual/{ERRORS}.md":
        text = _KIND.sub(r"\1 { #\2 }", text)
    parts = _BLOCKS.split(text)
    parts[::2] = [_TOPIC.sub(lambda found: _link(path, found), _in_tables(part)) for part in parts[::2]]
    parts[1::2] = [_fenced(block, is_indented=path.startswith("manual/")) for block in parts[1::2]]
    return "".join([_AFTER_OTHERS if path.startswith("reference/") else "", *parts])


def _link(path: str, found: re.Match[str]) -> str:
    topic = found[1]
    topic = MOVED.get(topic, topic)
    if topic == "options":
        title, target = "Options", "reference/options.md"
    elif topic in topic_names():
        title, target = _title(topic), f"manual/{topic}.md"
    else:
        title, target = f"`dynacli {topic}`", f"{_commands_path(COMMANDS[topic].section)}#{_anchor(topic)}"
    return f"[{title}]({posixpath.relpath(target, posixpath.dirname(path))})"


@cache
def _title(topic: str) -> str:
    return (page(topic) or "").partition("\n")[0].lstrip("# ")


def _in_tables(text: str) -> str:
    """Return a text whose `|` in the code of tables is bare, as Python-Markdown reads it there."""
    return re.sub(
        r"(?m)^\|.*$", lambda row: _CODE.sub(lambda code: code[0].replace("\\|", "|"), row[0]), text
    )


def _fenced(block: str, *, is_indented: bool) -> str:
    """Return a fenced block; an indented one of the manual is made one, and others stay."""
    if block.startswith("```"):
        return _EXIT_CODE.sub(r"\nexit code \1", block)
    if not is_indented:
        return block
    lines = [line.removeprefix("    ") for line in block.rstrip("\n").split("\n")]
    language = next((name for start, name in _LANGUAGES if start.match(lines[0])), "text")
    return "\n".join([f"```{language}", *lines, "```", ""])


def _table(heading: tuple[str, ...], rows: Iterable[Iterable[str]]) -> str:
    lines = [heading, ("---",) * len(heading), *rows]
    return "\n".join("| " + " | ".join(line).replace("\n", "<br>") + " |" for line in lines)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _option_rows(options: Iterable[Option]) -> Iterator[tuple[str, str]]:
    for option in options:
        row = option_row(option)
        yield _code(row.left), re.sub(r"([*_|])", r"\\\1", row.right).replace("<", "&lt;")


def _commands_page(section: str) -> str:
    """Return the page of a group of commands, with a section for each command and each of its subcommands."""
    parts = [f"# Commands: {section[0].lower()}{section[1:]}"]
    for entry in COMMANDS.values():
        if _commands_path(entry.section) != _commands_path(section):
            continue
        name = f"dynacli {entry.name}"
        parts += [f"## `{name}` {{ #{_anchor(entry.name)} }}", *_about_command(name, entry)]
        for command in entry.commands:
            parts += [f"### `{name} {command.name}`", *_about_command(f"{name} {command.name}", command)]
    return "\n\n".join(parts) + "\n"


def _about_command(name: str, entry: Command) -> Iterator[str]:
    yield f"{entry.help}."
    yield "```text\n" + "\n".join(command_usages(entry, name)) + "\n```"
    if entry.examples:
        yield "```sh\n" + "\n".join(entry.examples) + "\n```"
    if entry.about:
        yield entry.about
    called = default_of(entry) or entry
    own = [*called.options, *called.last]
    own += [option for option in called.standard_options if option.name in called.texts]
    if own:
        yield _table(("option", "meaning"), _option_rows(own))
    others = [option.flags[0] for option in called.standard_options if option not in own]
    if others and not (entry.commands and called is entry):
        yield f"Also: {', '.join(map(_code, others))}; see `dynacli help options`."
    if entry.name in topic_names():
        yield f"More: `dynacli help {entry.name}`."


def _options_page() -> str:
    about = (
        "Give these options before the API or after the operation. If an operation has an option of the same name, "
        "give dynacli's before the API. A command accepts the options that its page lists."
    )
    parts = ["# Options", about]
    for title, groups in OPTION_GROUPS:
        options = [option for option in OPTIONS if option.group in groups]
        settings = [
            ", ".join(filter(None, (_code(option.key), _code(option.variable and variable(option.variable)))))
            for option in options
        ]
        rows = ((*row, setting) for row, setting in zip(_option_rows(options), settings, strict=True))
        parts += [f"## {title}", _table(("option", "meaning", "key or variable"), rows)]
    return "\n\n".join(parts) + "\n"


def _dependencies_page() -> str:
    """Return the page about dependencies, for the Python and the versions that make the website."""
    required_by, why = installed_with(), reasons()
    sizes = {name: size_of(distribution(name)) for name in sorted(required_by)}
    about = (
        f"Besides dynacli itself, `pip install {DISTRIBUTION}` installs {len(sizes)} packages of "
        f"{sum(sizes.values()):.0f} MiB on Linux. A call imports few of them."
    )
    direct = ((name, f"{size:.1f}", why[name]) for name, size in sizes.items() if name in why)
    others = (
        (name, f"{size:.1f}", ", ".join(sorted(required_by[name])))
        for name, size in sizes.items()
        if name not in why
    )
    parts = ["# Dependencies", about, _table(("package", "MiB", "what it is for"), direct)]
    parts += ["## What these need", _table(("package", "MiB", "needed by"), others)]
    parts += ["## Extras", f"An extra adds packages: `pip install '{DISTRIBUTION}[tui]'`."]
    parts.append(_table(("extra", "packages"), ((_code(name), added) for name, added in extras().items())))
    return "\n\n".join(parts) + "\n"


def _schemas_page() -> str:
    about = (
        "These are the shapes of `dynacli help json` as JSON Schemas (2020-12). "
        "The tests of dynacli validate real output with them."
    )
    parts = ["# JSON Schemas of `-o json`", about]
    for heading, schema in json_schemas().items():
        if not heading.isupper():
            parts += [f"## `{heading}`", f"```json\n{json.dumps(schema, indent=2)}\n```"]
    return "\n\n".join(parts) + "\n"


def _write(folder: Path) -> None:
    """Write all pages, and the pictures of the README, into a folder that is removed first."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(WRITTEN, folder)
    for picture in (_ROOT / ".github").glob("*.svg"):
        shutil.copy(picture, folder / "assets")
    written = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.md")}
    pages = {**written, **made_pages()}
    titles = {
        path: re.sub(r" \{ #.*", "", text.lstrip("# ").partition("\n")[0]) for path, text in pages.items()
    }
    (folder / "llms.txt").write_text(llms_text(titles), encoding="utf-8")
    for path, text in pages.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(for_mkdocs(path, text), encoding="utf-8")
    for path, target in redirects().items():
        here = folder / path / "index.html"
        here.parent.mkdir(parents=True, exist_ok=True)
        url = posixpath.relpath(target.partition("#")[0], path) + "/" + "#".join(["", *target.split("#")[1:]])
        here.write_text(_REDIRECT.format(url=url), encoding="utf-8")


if __name__ == "__main__":
    _write(_ROOT / "build" / "pages")
