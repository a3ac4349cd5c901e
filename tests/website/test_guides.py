"""Each guide shows real output: its commands run one after another, against mocks of the documents that it names."""

import re

import pytest
from _pytest.mark import ParameterSet

from tests.console_examples import console_examples
from tests.real_documents import FOLDER
from tests.website.guides import GUIDES, guide_text, staged
from tests.website.pages import WRITTEN

_QUICK = "guides/fastapi"
"""The guide of the quick run, which runs in one process."""
_COMMAND = re.compile(r"(?m)^(?:- run: |\s+entry: |\s+- run: )?(dynacli .*)$")


def _guides() -> list[ParameterSet]:
    """Return the guides as parameters of a test, which is left out if a real document is missing."""
    is_missing = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"there are no real documents in {FOLDER}")
    of_real_documents = (pytest.mark.corpus, is_missing)
    return [
        pytest.param(
            guide,
            marks=[
                *(of_real_documents if "'file': 'corpus/" in str(needs) else ()),
                *(() if guide == _QUICK else (pytest.mark.exhaustive,)),
            ],
        )
        for guide, needs in GUIDES.items()
    ]


@pytest.mark.sampled(0)
@pytest.mark.parametrize("guide", _guides())
def test_a_guide_shows_what_happens(guide: str) -> None:
    """The commands of a guide print what it shows, in an empty directory with its files."""
    with staged(guide) as stage:
        for example in console_examples(guide_text(guide)):
            stage.run(example)


def test_every_guide_is_tested() -> None:
    """Each guide has an entry in `guides.yaml`, and commands."""
    pages = {path.relative_to(WRITTEN).with_suffix("").as_posix() for path in WRITTEN.glob("*/*.md")}
    assert pages - {"reference/python-api"} == set(GUIDES)
    assert [] == [guide for guide in GUIDES if len(console_examples(guide_text(guide))) < 3]


@pytest.mark.parametrize("guide", GUIDES)
def test_no_command_is_left_out(guide: str) -> None:
    """A command of dynacli in a workflow or another block is one that the guide also runs, with other values."""
    text = guide_text(guide)
    run = {_shape(example.command) for example in console_examples(text)}
    blocks = re.findall(r"(?ms)^```(\w*)[^\n]*\n(.*?)^```$", text)
    others = [block for language, block in blocks if language != "console"]
    shown = [_shape(command) for block in others for command in _COMMAND.findall(block)]
    assert [] == [command for command in shown if command not in run]


def _shape(command: str) -> tuple[str, ...]:
    """Return the words of a command without its values: the names of commands and of options."""
    return tuple(re.findall(r"(?:^dynacli [a-z]+| --[a-z-]+)", command))
