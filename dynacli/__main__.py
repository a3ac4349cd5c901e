"""The program: `main` runs it in-process, `run` is the console script.

Only this module turns exceptions into messages and exit codes.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from dynacli import version_of_build
from dynacli.environment import program

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynacli.commands.run import Run
    from dynacli.environment import Environment
    from dynacli.errors import DynacliError, UsageError

_INTERRUPTED, _BROKEN_PIPE, _TERMINATED = 130, 141, 143


_HINTS = {
    "document": "Give a Swagger 2.0 or OpenAPI 3 document, JSON or YAML: a file, a URL, or `-` for standard input",
    "network": "Check the address and the network, then try again",
    "file": "Check the name and the permissions of the file",
}
"""Kind of error → the hint for errors without one."""


class _TerminatedError(BaseException):
    """The process received SIGTERM. The exception lets every open block clean up."""


_CODES: dict[type[BaseException], int] = {
    BrokenPipeError: _BROKEN_PIPE,
    KeyboardInterrupt: _INTERRUPTED,
    _TerminatedError: _TERMINATED,
}
"""Exception that ends a run → its exit code, as shells define it."""


def main(argv: list[str] | None = None, env: Environment | None = None) -> int:
    """Run the program and return its exit code, without ending the interpreter.

    Args:
        argv: The arguments after the program's name; None for the arguments of the process.
        env: Streams, variables and directories; None for the current ones of the process.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if env is None:
        from dynacli.environment import Environment

        env = Environment()
    try:
        if words == ["--version"]:
            env.stdout.write(f"{program().name} {program().version or version_of_build()}\n")
            env.stdout.flush()
            return 0
        if words[:1] == ["__complete"]:
            from dynacli.commands.complete import complete

            return complete(env, words[1:])
        if words[:1] == ["__refresh"] and len(words) > 1:
            from dynacli.client.document_login import login_of
            from dynacli.registry.background_refresh import refresh_quietly

            return refresh_quietly(env, words[1], words[2:], login_of)
        return _run_with_repair(env, words)
    except BrokenPipeError:
        _close_quietly(env)
        return _BROKEN_PIPE
    except KeyboardInterrupt:
        return _INTERRUPTED
    except _TerminatedError:
        return _TERMINATED
    except MemoryError:
        failure = None
    except (OSError, ValueError) as error:  # from `--version` and `__complete`
        try:
            failure = _output_error(env, error)
        except BrokenPipeError:  # on Windows
            return _BROKEN_PIPE
    from dynacli.output.standard_error import write_error

    failure = failure or _memory_error()
    write_error(env, failure, env.setting("ERROR_FORMAT") or "text")
    return failure.exit_code


def _output_error(env: Environment, error: Exception) -> DynacliError:
    import dynacli
    from dynacli.errors import FileError

    name = getattr(error, "filename", None)
    if name:  # errors of streams have no file name
        return FileError(f"`{name}` cannot be used", reason=getattr(error, "strerror", None) or "")
    if isinstance(error, OSError) and dynacli.is_own_process:
        _close_quietly(env)  # the buffer still holds the unwritten output
    from dynacli.output.standard_output import output_error

    return output_error(error)


def _memory_error() -> DynacliError:
    from dynacli.errors import FileError

    return FileError(
        "There is not enough memory",
        reason="The system refuses to give this process more memory",
        hint="End other programs, raise the limit (`ulimit -v`), or ask for less at a time",
    )


def _run_with_repair(env: Environment, words: list[str]) -> int:
    """Run the command, and run it again if it finds its compiled document damaged before sending anything."""
    from dynacli.lean_imports import import_click

    import_click()
    from dynacli.commands.run import Run
    from dynacli.openapi.catalog.catalog_file import DamagedCatalogError

    for _ in range(2):
        run = Run(env)
        run.words, run.repeatable_line = tuple(words), _repeatable_line
        try:
            try:
                code = _run_command(run, words)
                run.end(code)
                run.record(code)
            except tuple(_CODES) as end:
                run.record(_CODES[type(end)])
                raise
            finally:
                run.close()
        except DamagedCatalogError as damage:
            from dynacli.client.damaged_cache import discard

            if not discard(damage):
                break
        else:
            return code
    from dynacli.client.damaged_cache import beyond_repair

    return _report(run, beyond_repair(env))


def _repeatable_line(run: Run) -> Any:
    """Return the typed command, which only some responses for agents need."""
    from dynacli.commands.typed_line import repeatable_line

    return repeatable_line(run)


def _run_command(run: Run, words: list[str]) -> int:
    import click

    from dynacli.commands.command_groups import Root
    from dynacli.errors import DynacliError
    from dynacli.openapi.catalog.catalog_file import DamagedCatalogError

    env = run.env
    try:
        root = Root(run)
        # Not `root.main`, which would handle broken pipes and Ctrl-C itself, with other exit codes.
        code = 0
        try:
            with root.make_context(program().name, words) as context:
                root.invoke(context)
        except click.exceptions.Exit as exit_:  # a help page was written
            code = exit_.exit_code
        if not env.stdout.closed:
            env.stdout.flush()
    except DynacliError as error:
        return _report(run, error)
    except click.ClickException as error:
        from dynacli.commands.command_line_errors import from_click

        return _report(run, from_click(error))
    except (BrokenPipeError, DamagedCatalogError):
        raise
    except OSError as error:
        return _report(run, _output_error(env, error))
    except MemoryError:
        pass  # leaving this block frees the frames of the exception, and the memory that they hold
    except Exception as error:  # noqa: BLE001  - a defect becomes one line here, instead of a traceback
        if env.stdout.closed and isinstance(error, ValueError):
            return _report(run, _output_error(env, error))
        return _report_defect(run, error)
    else:
        return code
    return _report(run, _memory_error())


def _report(run: Run, error: DynacliError) -> int:
    """Write an error; return its exit code."""
    from dynacli.errors import UsageError
    from dynacli.output.standard_error import write_error

    if isinstance(error, UsageError) and not error.is_declined:
        _teach(run, error)
    if instead := error.details.pop("instead", None):
        from dynacli.commands.corrected_line import offer_values

        offer_values(run, error, instead)
    if "policy" in error.details:
        from dynacli.commands.command_line_errors import offer_plan

        offer_plan(run, error)
    error.hint = error.hint or ("" if error.try_ or error.is_declined else _usual_hint(error.kind))
    if run.words:
        from dynacli.commands.typed_line import mask_typed

        mask_typed(run, error)
    write_error(run.env, error, run.error_format, is_for_agent=run.is_for_agent)
    return error.exit_code


def _usual_hint(kind: str) -> str:
    if kind == "usage":
        return "Run the command with `--help` for its usage"
    return _HINTS.get(kind, "")


def _teach(run: Run, error: UsageError) -> None:
    """Add a corrected command to an error, if there is one; a defect in this step must not hide the error."""
    try:
        from dynacli.commands.corrected_line import teach

        teach(run, error)
    except Exception as defect:  # noqa: BLE001  - the error is reported without a corrected command
        if run.all_options.debug:
            _write_traceback(run, defect)


def _write_traceback(run: Run, error: Exception) -> None:
    import traceback

    from dynacli.commands.typed_line import typed_masker
    from dynacli.output.standard_error import write_stderr
    from dynacli.secrets import Masker, secrets_in

    masker = Masker(secrets_in(run.env.variables, run.all_options.header, run.all_options.query)).joined(
        typed_masker(run)
    )
    write_stderr(run.env, masker.mask("".join(traceback.format_exception(error))))


def _report_defect(run: Run, error: Exception) -> int:
    """Report an unexpected exception as a defect of dynacli; return the exit code."""
    from dynacli.errors import InternalError

    if run.all_options.debug:
        _write_traceback(run, error)
    return _report(run, InternalError.caused_by(error))


def _close_quietly(env: Environment) -> None:
    """Redirect standard output to the null device, so that the interpreter's last flush cannot fail."""
    try:
        descriptor = env.stdout.fileno()
    except (OSError, ValueError, AttributeError):
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)


def _main_of_process(program: Callable[[], int]) -> int:
    import gc

    # Imports make many objects and no garbage, so a hundred collections would free nothing.
    gc.set_threshold(100_000, 20, 100)
    import signal

    import dynacli

    dynacli.is_own_process = True

    def terminate(number: int, frame: object) -> None:  # noqa: ARG001
        raise _TerminatedError

    signal.signal(signal.SIGTERM, terminate)
    lost: list[int] = []
    usual_hook = sys.unraisablehook

    def note_lost_signal(unraisable: sys.UnraisableHookArgs) -> None:
        """Note a signal that arrived inside a callback: Python prints its exception and continues."""
        if unraisable.exc_type is KeyboardInterrupt:
            lost.append(_INTERRUPTED)
        elif unraisable.exc_type is _TerminatedError:
            lost.append(_TERMINATED)
        else:
            usual_hook(unraisable)

    sys.unraisablehook = note_lost_signal
    code = program()
    return lost[0] if lost else code


def run(program: Callable[[], int] = main) -> None:
    """Run as a program and exit; after a signal, clean up and end by that signal, as shells expect.

    Args:
        program: The function to run, which returns the exit code.
    """
    try:
        code = _main_of_process(program)
    except KeyboardInterrupt:  # outside `main`
        code = _INTERRUPTED
    except _TerminatedError:
        code = _TERMINATED
    import signal

    numbers = {_INTERRUPTED: signal.SIGINT, _TERMINATED: signal.SIGTERM}
    if hasattr(signal, "SIGPIPE"):
        numbers[_BROKEN_PIPE] = signal.SIGPIPE
    if code in numbers:
        from dynacli.system import end_by_signal

        end_by_signal(numbers[code])
    _leave_at_exit(code)
    sys.exit(code)


def _leave_at_exit(code: int) -> None:
    """End the process without freeing every module and object, after all threads and exit functions.

    Freeing them would take a twentieth of the time of a call.
    """
    import atexit

    def leave() -> None:
        atexit.unregister(leave)
        atexit._run_exitfuncs()  # noqa: SLF001  - the functions registered earlier; no public function runs them
        try:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
        except (OSError, ValueError):
            return  # the interpreter reports it
        os._exit(code)

    atexit.register(leave)


if __name__ == "__main__":
    run()
