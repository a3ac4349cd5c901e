"""The rule that credentials go only to origins that a person accepted."""

from collections.abc import Callable, Iterable

from dynacli.errors import RefusedError

__all__ = ["check_origin"]


def check_origin(
    origin: str,
    accepted: Iterable[str],
    ask: Callable[[str], bool] | None,
    accept_hint: str,
) -> bool:
    """Check that credentials may go to an origin, and return whether the person accepted it just now.

    Args:
        origin: The request's: scheme, host and port of the URL as it was built.
        accepted: The origins that were accepted for this API before.
        ask: Asks the person whether to accept the origin; None where nobody can be asked.
        accept_hint: What to type to accept it.

    Raises:
        RefusedError: The origin is new and nobody accepted it.
    """
    if origin in set(accepted):
        return False
    if ask is not None and ask(origin):
        return True
    raise RefusedError(
        f"The credential is not sent to `{origin}`",
        why="The document names this origin, and nobody has accepted it for this API's credentials",
        hint=f"If you trust it: {accept_hint}",
        origin=origin,
    )
