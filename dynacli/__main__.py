"""The program: `main` runs it in-process, `run` is the console script.

Here and nowhere else an exception becomes a message and an exit code.
"""

import os
import sys
from typing import TYPE_CHECKING

from dynacli import __version__

if TYPE_CHECKING:
    from dynacli.commands.run import Run
    from dynacli.environment import Environment
    from dynacli.errors import DynacliError

__all__ = ["main", "run"]

INTERRUPTED, BROKEN_PIPE, TERMINATED = 130, 141, 143


# What to do, where the place that failed does not know better.
_HINTS = {
    "document": "Give a Swagger 2.0 or OpenAPI 3 document, JSON or YAML: a file, a URL, or `-` for standard input",
    "usage": "See `--help` behind the command, or `dynacli help`",
    "network": "Check the address and the network, then try again",
    "file": "Name another file, or mend this one",
}


class _TerminatedError(BaseException):
    """SIGTERM came: everything that has to be cleaned up is, on the way out."""


def main(argv: list[str] | None = None, env: "Environment | None" = None) -> int:
    """Run the program and return its exit code; the interpreter goes on.

    Args:
        argv: The words behind the program's name; those of the process when it is None.
        env: Streams, variables and directories; those of the process, as they are now, when it is None.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if env is None:
        from dynacli.environment import Environment

        env = Environment()
    _open_missing(env)
    try:
        if words == ["--version"]:
            env.stdout.write(f"dynacli {__version__}\n")
            env.stdout.flush()
            return 0
        if words[:1] == ["__complete"]:
            from dynacli.commands.completion.complete import complete

            return complete(env, words[1:])
        if words[:1] == ["__refresh"] and len(words) == 2:
            from dynacli.client.document_login import login_of
            from dynacli.library.background_refresh import refresh_quietly

            return refresh_quietly(env, words[1], login_of)
        return _run_healing(env, words)
    except BrokenPipeError:
        _close_quietly(env)
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except _TerminatedError:
        return TERMINATED
    except (OSError, ValueError) as error:  # what is left is the version's and the completion's line
        from dynacli.output.error_messages import write_error

        failure = _output_error(error)
        write_error(env, failure, env.variables.get("DYNACLI_ERROR_FORMAT") or "text")
        return failure.exit_code


def _open_missing(env: "Environment") -> None:
    """Put a stream where the program was started without one (`>&-`), so that using it fails as on a closed one."""
    if not env.stdout:
        import io

        env.stdout = io.StringIO()
        env.stdout.close()
    if not env.stdin:
        import io

        env.stdin = io.StringIO()
        env.stdin.close()


def _output_error(error: Exception) -> "DynacliError":
    from dynacli.errors import FileError

    # Streams have no name; an error that has one is about some other file.
    name = getattr(error, "filename", None)
    what = f"`{name}` cannot be used" if name else "Standard output cannot be written"
    return FileError(what, why=getattr(error, "strerror", None) or "it is closed")


def _run_healing(env: "Environment", words: list[str]) -> int:
    """Run, and once more when the catalog was found damaged before anything was sent."""
    from dynacli.catalog.store.catalog_file import DamagedCatalogError
    from dynacli.commands.run import Run

    for _ in range(2):
        run = Run(env)
        try:
            try:
                code = _run_command(run, words)
                run.end()
            finally:
                run.close()
        except DamagedCatalogError as damage:
            from dynacli.client.damaged_cache import discard

            if not discard(damage):
                break
        else:
            return code
    from dynacli.client.damaged_cache import beyond_repair

    return _failed(run, beyond_repair(env))


def _run_command(run: "Run", words: list[str]) -> int:
    import click

    from dynacli.catalog.store.catalog_file import DamagedCatalogError
    from dynacli.commands.command_groups import make_root
    from dynacli.errors import DynacliError

    env = run.env
    try:
        root = make_root(run)
        # Not `root.main`, which has its own mind about broken pipes and Ctrl-C.
        with root.make_context("dynacli", words) as context:
            root.invoke(context)
        if not env.stdout.closed:
            env.stdout.flush()
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except DynacliError as error:
        return _failed(run, error)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), file=env.stdout)
        return 0
    except click.ClickException as error:
        from dynacli.commands.click_errors import from_click

        return _failed(run, from_click(error))
    except click.Abort:
        return INTERRUPTED
    except (BrokenPipeError, DamagedCatalogError):
        raise
    except OSError as error:
        return _failed(run, _output_error(error))
    except Exception as error:  # noqa: BLE001  - the one place where a defect becomes a line instead of a traceback
        if env.stdout.closed and isinstance(error, ValueError):
            return _failed(run, _output_error(error))
        return _defect(run, error)
    return 0


def _failed(run: "Run", error: "DynacliError") -> int:
    from dynacli.output.error_messages import write_error

    error.hint = error.hint or _HINTS.get(error.kind, "")
    write_error(run.env, error, run.error_format)
    return error.exit_code


def _defect(run: "Run", error: Exception) -> int:
    from dynacli.errors import InternalError

    if run.known.debug:
        import traceback

        from dynacli.auth.credential_variables import secrets_in
        from dynacli.auth.secret import Masker
        from dynacli.output.standard_error import write_stderr

        masker = Masker(secrets_in(run.env.variables, run.known.header))
        write_stderr(run.env, masker.mask("".join(traceback.format_exception(error))))
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno}" if place else "?"
    return _failed(
        run,
        InternalError(
            "This is a defect in dynacli",
            # The text of an unknown exception may hold anything, secrets too: its kind and place must do.
            why=f"{type(error).__name__} at {where}, version {__version__}",
            hint="Report it with the command line (without secrets); `--debug` shows the traceback",
        ),
    )


def _close_quietly(env: "Environment") -> None:
    # The interpreter flushes standard output at its end and would complain about the closed pipe.
    try:
        descriptor = env.stdout.fileno()
    except (OSError, ValueError, AttributeError):
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)


def run() -> None:
    """Run as a program: a signal ends it the way a shell expects, after everything was cleaned up."""
    import gc

    # Importing makes many objects and no garbage; the collector would look for it a hundred times on the way.
    gc.set_threshold(100_000, 20, 100)
    import signal

    import dynacli

    dynacli.is_own_process = True

    def terminate(number: int, frame: object) -> None:  # noqa: ARG001
        raise _TerminatedError

    signal.signal(signal.SIGTERM, terminate)
    code = main()
    numbers = {INTERRUPTED: signal.SIGINT, TERMINATED: signal.SIGTERM}
    if hasattr(signal, "SIGPIPE"):
        numbers[BROKEN_PIPE] = signal.SIGPIPE
    if code in numbers:
        signal.signal(numbers[code], signal.SIG_DFL)
        os.kill(os.getpid(), numbers[code])
    sys.exit(code)


if __name__ == "__main__":
    run()
