"""The options and files that `dynacli read` refuses, besides operations that may change something.

Users allow an agent the prefix `dynacli read`. The agent chooses everything after it, so its worst use counts.
"""

import os
from collections.abc import Callable, Iterable
from shlex import quote

from dynacli.environment import Environment, invocation, program
from dynacli.errors import RefusedError
from dynacli.files import is_hidden
from dynacli.options.standard_options import Options


def check_document(word: str, *, is_unregistered: bool) -> None:
    """Check that the document of a call by `read` is not an arbitrary file.

    Args:
        word: Name, URL or path of the API.
        is_unregistered: Whether it names a file that is not the document of a registered API.

    Raises:
        RefusedError: The file is not the document of a registered API.
    """
    if is_unregistered:
        raise RefusedError(
            f"`{invocation('read')}` does not open `{word}`",
            reason="It opens files only as documents of registered APIs",
            hint=f"Register it yourself: `{invocation('api add')} NAME {quote(word)}`",
        )


def check_read(options: Options, env: Environment) -> None:
    """Check the options of a call by `read`.

    Raises:
        RefusedError: An option would redirect or show a credential, read a file, or write a forbidden file.
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
    if options.allow_files and env.is_agent:
        raise RefusedError(
            "An agent cannot give `--allow-files`",
            reason=f"An allowed prefix `{invocation('read')}` allows every option after it",
            hint="Give the value itself, or `-` for standard input, or ask the user to run it",
        )
    if options.editor:
        check_input_file(options, "--editor")
    for place in options.allow_ref:
        if os.path.isabs(place):
            check_input_file(options, f"--allow-ref {place}")
    if options.resume:
        raise RefusedError(
            f"`{invocation('read')}` resumes no download",
            reason="A read-only caller must not change a file that exists",
            hint="Download the whole file to a new name, or leave out `read`",
        )
    reports = (word.partition("=")[2] for word in options.report)
    plan = "" if options.plan == "-" else options.plan
    for path in filter(None, (options.output_file, plan, *reports)):
        _check_output(path, env)
    # A name from the server has no directory and no leading dot, and the file is always new.
    if options.remote_name:
        directory = os.path.realpath(os.curdir)
        if _is_below(directory, _own_directories(env)):
            raise _not_written("-O", f"{program().name} stores its own files in this directory")
        _check_no_document(
            "-O", directory, lambda file: os.path.dirname(file) == directory and not os.path.exists(file), env
        )


def check_input_file(options: Options, given: str) -> None:
    """Check that an input of a call by `read` may come from a file.

    Args:
        given: The option and its value, for the message.

    Raises:
        RefusedError: `--allow-files` is not given.
    """
    if not options.allow_files:
        raise RefusedError(
            f"`{invocation('read')}` takes no input from a file: `{given}`",
            reason="A read-only caller could send any file to any server",
            hint="Give the value itself, `-` for standard input, or `--allow-files`",
        )


def _check_output(path: str, env: Environment) -> None:
    """Check that a file is new, and has a visible relative path below the working directory.

    No part of the path may start with a dot, as settings of programs do. dynacli's own files are refused, too.
    """
    try:
        target, directory = os.path.realpath(path), os.path.realpath(os.curdir)
        is_there = os.path.lexists(path) or os.path.lexists(target)
        is_own = _is_below(target, _own_directories(env))
    except (OSError, ValueError):
        return  # the call will report that it cannot write the file
    # On Windows, a colon names another drive, or a stream of a file that no listing shows.
    is_plain = os.name != "nt" or ":" not in path
    inside = os.path.join(directory, "")
    if os.path.isabs(path) or not is_plain or not target.startswith(inside):
        reason = "It writes only below the working directory, to a relative path"
    elif is_hidden(os.path.normpath(path)) or is_hidden(target.removeprefix(inside)):
        reason = "A part of the path begins with a dot, as in settings of programs"
    elif is_own:
        reason = f"{program().name} stores its own files there"
    elif is_there:
        raise RefusedError(
            f"`{invocation('read')}` does not overwrite `{path}`",
            reason="The file exists",
            hint="Name a new file, or leave out `read`",
        )
    else:
        name = _name_to_compare(target)
        _check_no_document(path, target, lambda file: _name_to_compare(file) == name, env)
        return
    raise _not_written(path, reason)


def _check_no_document(given: str, target: str, is_written: Callable[[str], bool], env: Environment) -> None:
    """Check that no registered document would read the new file, now or through a missing reference.

    Args:
        given: The option or the path, for the error.
        target: The new file, or the directory of the new file.
        is_written: Returns whether a resolved path may be the new file.
    """
    from dynacli.registry.open_by_name import registered_files

    for document in registered_files(env):
        if any(is_written(os.path.realpath(file)) for file in document.files):
            raise _not_written(given, f"The document of `{document.name}` is read from it")
        if _is_below(target, document.folders):
            raise RefusedError(
                f"`{invocation('read')}` does not write `{given}`",
                reason=f"The document of `{document.name}` has changed, and may refer to it",
                hint=f"Have it read first: `{invocation('operations', document.name)}`",
            )


def _name_to_compare(path: str) -> str:
    """Return a path in one case and in composed Unicode, so that equal names match on every file system."""
    from unicodedata import normalize

    return normalize("NFC", path).casefold()


def _not_written(given: str, reason: str) -> RefusedError:
    return RefusedError(
        f"`{invocation('read')}` does not write `{given}`",
        reason=reason,
        hint="Name another file below the working directory, or leave out `read`",
    )


def _own_directories(env: Environment) -> tuple[str, ...]:
    return env.config_dir, env.state_dir, env.cache_dir


def _is_below(path: str, directories: Iterable[str]) -> bool:
    """Return whether a path is one of the directories or below one.

    Existing directories are compared by the file system, which may ignore case.

    Args:
        path: Absolute path with symbolic links resolved.
    """
    places = [os.path.realpath(directory) for directory in directories]
    known = [os.stat(place) for place in places if os.path.isdir(place)]
    while path not in places:
        if os.path.isdir(path) and any(os.path.samestat(os.stat(path), found) for found in known):
            return True
        above = os.path.dirname(path)
        if above == path:
            return False
        path = above
    return True
