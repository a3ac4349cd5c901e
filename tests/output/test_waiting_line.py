"""The line that tells what a person waits for, when nothing has been seen for a second."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest

from dynacli.errors import DocumentError
from dynacli.openapi.catalog.compiler import compile_document
from dynacli.output import status_line
from tests.documents import pets, save
from tests.harness import run_cli

_LINE = "\rReading the document of shop ..."


class _Timer:
    """A timer that runs out when it is told to."""

    started: ClassVar[list["_Timer"]] = []

    def __init__(self, seconds: float, function: Callable[..., None], args: tuple[Any, ...]) -> None:
        assert seconds == 1.0
        self.run_out = partial(function, *args)

    def start(self) -> None:
        self.started.append(self)

    def cancel(self) -> None:
        self.started.remove(self)

    def join(self) -> None:
        pass


def _pass_a_second() -> None:
    for timer in _Timer.started:
        timer.run_out()


@pytest.fixture(autouse=True)
def slow_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every document take over a second to compile."""
    compiled = compile_document.compile_document

    def slowly(*words: Any, **options: Any) -> Any:
        _pass_a_second()
        return compiled(*words, **options)

    monkeypatch.setattr(compile_document, "compile_document", slowly)
    monkeypatch.setattr(status_line, "Timer", _Timer)


def _register() -> None:
    save(pets())
    assert _LINE in run_cli("api", "add", "shop", "./api.json", terminal=("stderr",)).stderr


def test_an_old_catalog_is_compiled_once_with_a_line(home: Path) -> None:
    """The line stands until the catalog is there, leaves nothing after, and does not come again."""
    _register()
    (catalog,) = (home / "cache").rglob("*.sqlite")
    catalog.rename(catalog.with_name(catalog.name.replace(catalog.name.split(".")[1], "1")))
    first = run_cli("shop", "list-pets", "--help", terminal=("stderr",))
    assert first.stderr == f"{_LINE}\r{' ' * (len(_LINE) - 1)}\r"
    assert "" == run_cli("shop", "list-pets", "--help", terminal=("stderr",)).stderr


def test_a_refresh_has_a_line_too() -> None:
    """Whatever reads a document for a person who waits."""
    _register()
    save(pets(**{"/new": {"get": {"operationId": "getNew", "responses": {}}}}))
    assert _LINE in run_cli("api", "refresh", "shop", terminal=("stderr",)).stderr


def test_no_line_where_nobody_looks() -> None:
    """A log gets none, and neither does a terminal that cannot overwrite."""
    save(pets())
    assert "Reading" not in run_cli("api", "add", "shop", "./api.json").stderr


def test_no_line_before_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is gone when the error is written."""

    def fail(*_: Any, **__: Any) -> Any:
        _pass_a_second()
        raise DocumentError("The document is too odd")

    monkeypatch.setattr(compile_document, "compile_document", fail)
    monkeypatch.setenv("NO_COLOR", "1")
    save(pets())
    stderr = run_cli("api", "add", "shop", "./api.json", terminal=("stderr",)).stderr
    assert stderr.startswith(f"{_LINE}\r{' ' * (len(_LINE) - 1)}\rerror: The document is too odd\n")
