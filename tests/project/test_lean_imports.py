"""As a program, dynacli imports libraries without what they hardly use; nothing else about a run changes."""

import subprocess
import sys

import pytest

from dynacli.lean_imports import import_click

_AS_IN_A_RUN = """
import dynacli; dynacli.is_own_process = {is_own_process}
from dynacli.lean_imports import import_click
import_click()
"""
_DEFERRED = ("gettext", "inspect", "uuid")


def _printed(code: str, *, is_own_process: bool = True) -> list[str]:
    """Run code after click was imported as in a run, and return the lines that it prints."""
    program = _AS_IN_A_RUN.format(is_own_process=is_own_process) + code
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "" == ended.stderr
    return ended.stdout.splitlines()


@pytest.mark.parametrize("is_own_process", [True, False])
def test_only_a_program_imports_click_without_what_it_hardly_uses(is_own_process: bool) -> None:
    """In someone else's process click is imported when someone asks for it, and as a whole."""
    code = (
        f"import sys; print('click' in sys.modules, *[name for name in {_DEFERRED} if name in sys.modules])"
    )
    assert [str(is_own_process)] == _printed(code, is_own_process=is_own_process)


# What only some runs need: texts that are tidied, messages that may be translated, click's type of UUIDs.
_USES = """
import click, io, sys
sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8")

@click.command(help="One.\\n\\n    Two.", context_settings={"terminal_width": 60})
@click.option("--id", type=click.UUID, help="Three.\\n  Four.", default=lambda: None, show_default=True)
@click.version_option("1")
def command(id):
    print(repr(id))

def run(*words):
    try:
        command.main(words, "it", standalone_mode=False)
    except click.ClickException as error:
        print(error.format_message())

run("--help")
run("--id", "c4d4d7e4-9a3c-4f4f-8a39-0d4f0f4f4f4f")
run("--id", "none")
run("--if", "1")
import gettext, inspect, uuid
print(gettext.gettext("a"), inspect.cleandoc(" b"), uuid.UUID.__module__, click.types.uuid.UUID is uuid.UUID)
"""


def test_what_was_not_loaded_works_when_it_is_needed() -> None:
    """Each use of click gives what it gives after the plain import, and other code gets the real modules."""
    lean = _printed(_USES)
    assert _printed(_USES, is_own_process=False) == lean
    assert "UUID('c4d4d7e4-9a3c-4f4f-8a39-0d4f0f4f4f4f')" in lean
    assert "a b uuid True" == lean[-1]


def test_click_makes_its_type_of_uuids_of_the_real_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a program, `uuid` and `gettext` are imported with the first value that needs them, and not before."""
    before = {name for name in sys.modules if name.partition(".")[0] == "click"}
    for name in (*before, "gettext", "uuid"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr("dynacli.is_own_process", True)
    import_click()
    import_click()
    assert {"gettext", "uuid"}.isdisjoint(sys.modules)
    click = sys.modules["click"]
    number = "c4d4d7e4-9a3c-4f4f-8a39-0d4f0f4f4f4f"
    assert number == str(click.UUID.convert(number, None, None))
    assert "UUID" == type(click.UUID.convert(number, None, None)).__name__
    with pytest.raises(click.BadParameter, match="not a valid UUID"):
        click.UUID.convert("none", None, None)
    assert "uuid" in sys.modules
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "click":
            del sys.modules[name]


# Another version of click may use more of a module than its placeholder has.
_OTHER_VERSION = """
from dynacli import lean_imports
import dynacli
import_lean = lean_imports.import_lean
lean_imports.import_lean = lambda name, stand_ins, packages: import_lean(name, {"inspect": None}, packages)
dynacli.is_own_process = True
lean_imports.import_click()
import click, inspect
print(click.types.uuid.__name__, click.core.inspect is inspect)
"""


def test_the_plain_import_is_the_way_back() -> None:
    """If click needs what a placeholder does not have, it gets all the real modules."""
    assert ["uuid True"] == _printed(_OTHER_VERSION, is_own_process=False)


def test_jsonschema_rs_is_imported_without_the_date_of_its_build() -> None:
    """It validates as ever, and other code gets the real `email.utils`."""
    code = """
from dynacli.lean_imports import import_jsonschema_rs
import_jsonschema_rs()
import_jsonschema_rs()
import sys
print("email.utils" in sys.modules)
from jsonschema_rs import is_valid
print(is_valid({"type": "string", "maxLength": 1}, "ab"))
import email.utils
print(email.utils.parsedate_to_datetime("Sun, 8 Nov 2026 16:26:25 +0000").year)
"""
    assert ["False", "False", "2026"] == _printed(code)
