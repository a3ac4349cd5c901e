"""The website has each page of the manual and each command, and changes none of their texts."""

import re
import shutil
import subprocess
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dynacli.environment import DISTRIBUTION
from dynacli.guide.pages import TOPIC_GROUPS, page, topic_names
from dynacli.options.command import FIND
from dynacli.options.command_table import COMMANDS
from dynacli.options.standard_options import OPTIONS
from tests.website.dependencies import installed_with, reasons, size_of
from tests.website.pages import WRITTEN, comparison, for_mkdocs, llms_text, made_pages, redirects

ROOT = Path(__file__).resolve().parents[2]
MADE = made_pages()


def test_the_navigation_has_every_page() -> None:
    """Each page is in the navigation of `.github/site/mkdocs.yml` once: a new topic needs a line there.

    The groups are those of `dynacli help`, and a page has no label but its title.
    """
    configuration = WRITTEN.with_name("mkdocs.yml").read_text(encoding="utf-8")
    named = re.findall(r"(?m)^ +- ([a-z/-]+\.md)$", configuration.partition("\nnav:")[2])
    written = {path.relative_to(WRITTEN).as_posix() for path in WRITTEN.rglob("*.md")}
    assert sorted(written | MADE.keys()) == sorted(named)
    tabs = re.findall(r"(?ms)^  - ([^\n]*):$(.*?)(?=^  - |\Z)", configuration.partition("\nnav:")[2])
    assert dict(TOPIC_GROUPS) == {
        title: tuple(re.findall(r"manual/([a-z-]+)\.md", pages)) for title, pages in tabs
    }


def test_every_command_and_option_has_its_place() -> None:
    """No command and no option of the tables is left out."""
    for name, command in COMMANDS.items():
        page_path = f"reference/commands/{(command.section or FIND).lower()}.md"
        text = MADE[page_path].partition(f"## `dynacli {name}` {{")[2]
        assert [] == [
            option.flags[-1] for option in (*command.options, *command.last) if option.flags[-1] not in text
        ]
        assert [] == [one.name for one in command.commands if f"### `dynacli {name} {one.name}`" not in text]
    assert [] == [
        option.flags[-1] for option in OPTIONS if option.flags[-1] not in MADE["reference/options.md"]
    ]


@pytest.mark.parametrize("topic", topic_names())
def test_code_is_as_the_program_shows_it(topic: str) -> None:
    """An indented block of the manual becomes one with a language, with the same lines."""
    text = page(topic) or ""
    made = for_mkdocs(f"manual/{topic}.md", text)
    assert not re.search(r"(?m)^ {4}dynacli ", re.sub(r"(?ms)^```.*?^```$", "", made))
    lines = {line.strip() for line in text.splitlines() if line.startswith("    ")}
    assert lines <= {line.strip() for line in made.splitlines()}


def test_every_dependency_has_a_reason() -> None:
    """The page about dependencies says what each direct one is for: `pyproject.toml` has the reason beside it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    assert direct == reasons().keys()
    assert direct == {
        name for name, users in installed_with().items() if canonicalize_name(DISTRIBUTION) in users
    }
    rows = re.findall(r"(?m)^\| ([a-z0-9-]+) \| \d+\.\d \| \S.* \|$", MADE["reference/dependencies.md"])
    assert sorted(installed_with()) == sorted(rows)


@pytest.mark.exhaustive
def test_an_installation_stays_small() -> None:
    """Without extras, dynacli brings at most 70 packages and 80 MiB; whoever adds one learns its price here."""
    installed = installed_with()
    assert len(installed) <= 70
    assert sum(size_of(distribution(name)) for name in installed) <= 80


def test_topics_become_links() -> None:
    """A topic leads to its page and shows its title, a command without a topic leads to its section."""
    made = for_mkdocs(
        "guides/x.md", "See `dynacli help check`, `dynacli help api` and `dynacli help options`.\n"
    )
    assert (
        "See [Contract tests with `check`](../manual/check.md), "
        "[`dynacli api`](../reference/commands/manage.md#dynacli-api) and [Options](../reference/options.md).\n"
    ) == made


def test_pages_that_are_gone_lead_to_new_ones() -> None:
    """The website keeps the address of a page that was merged into another one."""
    written = {path.relative_to(WRITTEN).as_posix() for path in WRITTEN.rglob("*.md")}
    for old, new in redirects().items():
        assert f"{new.partition('#')[0].rstrip('/')}.md" in MADE
        assert f"{old.rstrip('/')}.md" not in {*MADE, *written}


def test_llms_txt_lists_every_page_and_begins_with_those_for_agents() -> None:
    """An agent that is given the website finds its quick reference first."""
    links = re.findall(r"\]\((.*)/\)", llms_text(dict.fromkeys([*MADE, "index.md"], "x")))
    assert ["manual/agents", "reference/commands/share", "manual/mcp"] == links[:3]
    assert sorted(path.removesuffix(".md") for path in MADE) == sorted(links)


_COMMANDS_OF = """
globalThis.document = { addEventListener() {} };
process.stdout.write(require(process.argv[1]).commandsOf(process.argv[2]));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_copy_button_leaves_out_prompts_and_output() -> None:
    """The commands of a session are copied, also those of several lines."""
    script = WRITTEN / "assets" / "site.js"
    session = "$ dynacli demo a \\\n    --b c\nout\n$ dynacli demo d\n\n# exit code 2"
    run = subprocess.run(
        ["node", "-e", _COMMANDS_OF, str(script), session], capture_output=True, text=True, check=True
    )
    assert "dynacli demo a \\\n    --b c\ndynacli demo d" == run.stdout


def test_the_first_page_compares_as_the_readme_does() -> None:
    """The comparison is written once, in the README."""
    text = for_mkdocs("index.md", (WRITTEN / "index.md").read_text(encoding="utf-8"))
    assert 12 < len(comparison().splitlines()) < 25
    assert comparison() in text


def test_the_workflow_trusts_no_tag() -> None:
    """Each action is named by a commit, and the job that runs code of others cannot publish."""
    text = (ROOT / ".github" / "workflows" / "site.yml").read_text(encoding="utf-8")
    assert [] == [
        action for action in re.findall(r"uses: (\S+)", text) if not re.search(r"@[0-9a-f]{40}$", action)
    ]
    workflow = yaml.safe_load(text)
    assert {"contents": "read"} == workflow["permissions"]
    assert ["publish"] == [name for name, job in workflow["jobs"].items() if "permissions" in job]
    assert [["actions/deploy-pages"]] == [
        [step["uses"].partition("@")[0] for step in workflow["jobs"]["publish"]["steps"]]
    ]
