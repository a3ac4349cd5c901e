"""Credentials stay home: they go to an origin only when a person accepted it for them."""

from collections.abc import Callable, Iterable

from dynacli.errors import RefusedError

__all__ = ["check_origin"]


def check_origin(
    origin: str,
    accepted: Iterable[str],
    ask: Callable[[str], bool] | None,
    accept_hint: str,
) -> bool:
    """Return whether a new origin was accepted just now; False when it was accepted before.

    Args:
        origin: Where the request goes: scheme, host and port of the URL as it was built.
        accepted: The origins that were accepted for this API.
        ask: Shows the origin to the person and returns the answer; None where nobody can be asked.
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
