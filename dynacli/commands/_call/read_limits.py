"""What `dynacli read` refuses besides operations that may change something: it is validated by its worst use.

People allow an agent the prefix `dynacli read`, and the agent chooses everything that follows.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from dynacli.environment import invocation
from dynacli.errors import DocumentError, RefusedError
from dynacli.files import is_url
from dynacli.options.standard_options import Options


def check_read(options: Options, *, is_agent: bool) -> None:
    """Check the options of a call that was made by `read`.

    Args:
        is_agent: Whether an agent runs the program.

    Raises:
        RefusedError: They would send a credential elsewhere or show it, read a file, or write one that they may not.
    """
    if options.accept_origin:
        origin = options.accept_origin[0]
        raise RefusedError(
            f"`{invocation('read')}` does not allow credentials for another origin",
            reason="A read-only caller must not choose who gets a credential",
            hint=f"Accept the origin yourself: `{invocation(api='API')} OPERATION --accept-origin {origin}`, "
            "without `read`",
        )
    if options.show_secrets:
        raise RefusedError(
            f"`{invocation('read')}` shows no secrets",
            reason="A read-only caller must not see credentials",
            hint="Run the command without `read`",
        )
    if options.allow_files and is_agent:
        raise RefusedError(
            "An agent cannot give `--allow-files`",
            reason=f"An allowed prefix `{invocation('read')}` allows every option after it",
            hint="Give the value itself, or `-` for standard input, or ask a person to run it",
        )
    if options.editor:
        check_input_file(options, "--editor")
    for place in options.allow_ref:
        if os.path.isabs(place):
            check_input_file(options, f"--allow-ref {place}")
    reports = (word.partition("=")[2] for word in options.report)
    file = options.output_file
    for path in filter(None, (file, *reports)):
        _check_output(path, is_resumed=options.resume and path == file)


def check_input_file(options: Options, given: str) -> None:
    """Check that an input of a call that was made by `read` may come from a file.

    Args:
        given: The option and its value, for the message.

    Raises:
        RefusedError: `--allow-files` was not given.
    """
    if not options.allow_files:
        raise RefusedError(
            f"`{invocation('read')}` takes no input from a file: `{given}`",
            reason="A read-only caller could send any file to any server",
            hint="Give the value itself, `-` for standard input, or `--allow-files`",
        )


def _check_output(path: str, *, is_resumed: bool) -> None:
    """Check that a file is a new one below the working directory, by a name that shows it: a relative one.

    Args:
        is_resumed: Whether it is a download that may have begun; it then has a part, and a note about that.
    """
    try:
        parts = [f"{path}.part", f"{path}.part.json"] if is_resumed else []
        there = [os.path.lexists(part) for part in (path, *parts)]
        target, directory = os.path.realpath(path), os.path.realpath(os.curdir)
    except (OSError, ValueError):
        return  # such a file cannot be written, which the call says
    # On Windows, a colon leads to another drive, or to a stream of a file that no listing shows.
    is_plain = os.name != "nt" or ":" not in path
    if os.path.isabs(path) or not is_plain or not target.startswith(os.path.join(directory, "")):
        raise RefusedError(
            f"`{invocation('read')}` does not write `{path}`",
            reason="It writes only below the working directory, to a relative path",
            hint="Name a file below the working directory, or leave out `read`",
        )
    if there[0] or os.path.lexists(target) or len(set(there[1:])) > 1:
        raise RefusedError(
            f"`{invocation('read')}` does not overwrite `{path}`",
            reason="The file, or a part of it, exists",
            hint="Name a new file, or leave out `read`",
        )


@contextmanager
def without_excerpts(word: str) -> Iterator[None]:
    """Let no error of the block quote a file that is not a document: whoever may only read names any path.

    Args:
        word: The name, the URL or the path of the API that is opened.
    """
    try:
        yield
    except DocumentError as error:
        if not is_url(word):
            error.reason = error.reason.partition("\n")[0]
        raise
