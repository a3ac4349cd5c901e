"""Lets the workers of pytest-xdist share the modules whose asserts pytest rewrites.

Each worker collects every test, and rewriting is most of the time that it takes. In a fresh clone, and if Python writes
no bytecode, every worker would rewrite every module. Here each begins with a share, and finds the rest in a folder.
"""

import contextlib
import hashlib
import marshal
import os
import pickle
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from _pytest.assertion import rewrite


def share_between_workers(config: pytest.Config) -> None:
    """Rewrite the share of this worker, and let it find what other workers have rewritten.

    Nothing changes in a process that is no worker, or if pytest has no function of this name.
    """
    worker = getattr(config, "workerinput", None)
    original = getattr(rewrite, "_rewrite_test", None)
    if worker is None or original is None or not config.option.basetemp:
        return
    folder = Path(config.option.basetemp).parent / "rewritten"
    unfinished = folder / str(os.getpid())

    def rewritten(file: Path, config: pytest.Config) -> tuple[Any, CodeType]:
        key = hashlib.sha256(bytes(file) + b"\0" + file.read_bytes()).hexdigest()
        with contextlib.suppress(OSError):
            version, code = pickle.loads((folder / key).read_bytes())  # noqa: S301 - our own, see below
            return version, marshal.loads(code)  # noqa: S302
        version, made = original(file, config)
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(pickle.dumps((version, marshal.dumps(made))))
            unfinished.replace(folder / key)
        return version, made

    setattr(rewrite, "_rewrite_test", rewritten)  # noqa: B010 - mypy reports an assignment
    number = int(worker["workerid"].removeprefix("gw"))
    start = config.invocation_params.dir
    files = sorted({file for folder in config.args for file in (start / folder).rglob("test_*.py")})
    for file in files[number :: worker["workercount"]]:
        if not (rewrite.get_cache_dir(file) / f"{file.stem}{rewrite.PYC_TAIL}").exists():
            rewritten(file, config)
