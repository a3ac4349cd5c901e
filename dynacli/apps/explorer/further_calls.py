"""What a form asks for beyond one call: all pages of a list, a wait, and links that are followed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.series import WAIT_SECONDS, Until, check_wait, wait_seconds_of
from dynacli.client.links.follow_link import check_links, links_of
from dynacli.client.pages.decide_rule import describe_pages
from dynacli.errors import DynacliError, UsageError
from dynacli.http.semantics import SAFE_METHODS
from dynacli.options.standard_options import FURTHER_CALLS, OPTIONS_BY_NAME, options_of
from dynacli.record import record

__all__ = ["FURTHER", "FurtherCalls", "further_calls", "further_words", "offered_further"]

FURTHER: Final = tuple(option.flags[-1].removeprefix("--") for option in options_of({FURTHER_CALLS}))
"""The settings of a form that are about further calls, each called like the standard option that it stands for."""
_ALL, _MAX_ITEMS, _WAIT, _TIMEOUT, _INTERVAL, _FOLLOW = FURTHER


@record
class FurtherCalls:
    """The calls that are made beyond the first.

    Args:
        all: `pages` or `keyset` where all pages are called, else empty.
        max_items: How many items are wanted; None for all.
        wait: What is waited for; None where nothing is.
        follow: The links that are followed, one after the other.
        targets: The operations that the calls may end at; the one of the form where no link is followed.
    """

    all: str = ""
    max_items: int | None = None
    wait: Until | None = None
    follow: tuple[str, ...] = ()
    targets: tuple[DescribedOperation, ...] = ()

    @property
    def is_of_pages(self) -> bool:
        """Whether the pages of a list are called."""
        return bool(self.all) or self.max_items is not None

    def __bool__(self) -> bool:
        """Return whether there may be more than one call."""
        return self.is_of_pages or self.wait is not None or bool(self.follow)


def offered_further(described: DescribedOperation) -> dict[str, tuple[str, ...]]:
    """Return setting → the words it is chosen among, none where it is typed, of those that an operation can have."""
    offered: dict[str, tuple[str, ...]] = {}
    is_safe = described.operation.method in SAFE_METHODS
    links = [link for link in links_of(described) if link.target is not None]
    try:
        is_list = is_safe and describe_pages(described) is not None
    except DynacliError:
        is_list = True  # the rule in the configuration is wrong, which the call will tell
    if is_list:
        offered |= {_ALL: OPTIONS_BY_NAME["all"].values, _MAX_ITEMS: ()}
    if links:
        offered[_FOLLOW] = tuple(dict.fromkeys(link.name for link in links))
    if links or (is_safe and not is_list):
        offered |= {_WAIT: (), _TIMEOUT: (), _INTERVAL: ()}
    return offered


def further_calls(
    described: DescribedOperation, given: Mapping[str, str], settings: CallSettings
) -> FurtherCalls:
    """Return what the settings of a form ask for beyond one call.

    Args:
        given: Setting → what was typed or chosen.

    Raises:
        UsageError: They do not go together, or say what cannot be; the detail `setting` names the one.
        RefusedError: A link leads where nothing may be sent.
    """
    if not any(given.get(name) for name in FURTHER):
        return FurtherCalls(targets=(described,))
    follow, targets = _links(given), [described]
    with _about(_FOLLOW):
        if follow:
            targets = check_links(described, follow, settings)
    wait = None
    if given.get(_WAIT):
        seconds: dict[str, float] = {}
        for name in (_TIMEOUT, _INTERVAL):
            with _about(name):
                if given.get(name):
                    seconds[name] = wait_seconds_of(given[name], f"--{name}")
        wait = Until(given[_WAIT], seconds.get(_TIMEOUT, WAIT_SECONDS), seconds.get(_INTERVAL))
        with _about(_WAIT):
            for target in targets:
                check_wait(target, wait)
    with _about(_MAX_ITEMS):
        max_items = _number(given.get(_MAX_ITEMS, ""))
    with _about(_ALL):
        if (wait or follow) and (given.get(_ALL) or max_items is not None):
            raise UsageError(
                "All pages are called, or one response is looked at",
                reason="A list of many pages has many responses",
                hint="Make two calls",
            )
    return FurtherCalls(given.get(_ALL, ""), max_items, wait, follow, tuple(targets))


def _links(given: Mapping[str, str]) -> tuple[str, ...]:
    """Return the links that are followed; a form offers one, and what was called before may have had several."""
    return tuple(given.get(_FOLLOW, "").splitlines())


def _number(word: str) -> int | None:
    if not word:
        return None
    if not (word.isascii() and word.isdecimal() and int(word[:9])):
        raise UsageError(f"`{word[:60]}` is no number of items", reason="It takes a whole number above 0")
    return int(word[:9])


def further_words(given: Mapping[str, str]) -> Iterator[str]:
    """Yield the standard options that ask for the same on the command line."""
    for name in FURTHER:
        word = given.get(name, "")
        if name == _ALL:
            yield from {"pages": ("--all",), "keyset": ("--all=keyset",)}.get(word, ())
        elif name == _FOLLOW:
            yield from (f"--{name}={link}" for link in _links(given))
        elif word and (name not in {_TIMEOUT, _INTERVAL} or given.get(_WAIT)):
            yield f"--{name}={word}"


@contextmanager
def _about(setting: str) -> Iterator[None]:
    """Let the errors of a block name the setting that they are about."""
    try:
        yield
    except DynacliError as error:
        error.details.setdefault("setting", setting)
        raise
