"""Errors of dynacli as a failed test shows them."""

from dynacli.errors import DynacliError, InternalError
from dynacli.text.terminal import visible

__all__ = ["end_at_test", "told_text"]

_HOOKS = "dynacli.pytest_plugin.plugin"


def told_text(error: DynacliError) -> str:
    """Return an error with its reason and what to do about it."""
    return visible("\n".join(text for text in (error.message, error.why, error.hint) if text))


def end_at_test(error: BaseException, *, has_full_trace: bool) -> None:
    """Take dynacli's own frames away from the traceback of an error of its own.

    Args:
        has_full_trace: Whether the frames stay.
    """
    if not isinstance(error, DynacliError):
        return
    # https://docs.python.org/3/reference/datamodel.html#traceback-objects: `tb_next` may be set.
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None and not has_full_trace:
        name = str(trace.tb_next.tb_frame.f_globals.get("__name__"))
        # The hook that surrounds a test stands before it.
        if name.startswith("dynacli.") and name != _HOOKS and not isinstance(error, InternalError):
            trace.tb_next = None
        trace = trace.tb_next
