"""Compares the responses of two operations, by their status."""

from dynacli.changes.comparing.canonical_values import canonical_without
from dynacli.changes.comparing.compare_content import compare_content
from dynacli.changes.comparing.compare_parameters import compare_headers
from dynacli.changes.comparing.compare_texts import compare_texts
from dynacli.changes.comparing.compared_document import Place, child, members
from dynacli.changes.comparing.comparison import Pair

__all__ = ["compare_responses"]


def compare_responses(pair: Pair, old: Place, new: Place) -> None:
    """Compare two Responses Objects.

    Args:
        pair: Its use is that of the responses; the response to a webhook is sent by the client.
    """
    before, after = _by_status(old), _by_status(new)
    for status, place in after.items():
        if status in before:
            pair.add_places(_compare_response, before[status], place)
        else:
            # Without a rule: the status may have been possible before, as one of a range.
            pair.add_change("answer-added", place, None, status)
    for status, place in before.items():
        if status not in after:
            is_covered = f"{status[:1]}XX" in after or "default" in after
            is_success = status.startswith("2") and not pair.use.is_request
            rule = "answer-promises-less" if is_success and not is_covered else ""
            pair.add_change("answer-removed", place, status, None, rule=rule)


def _by_status(place: Place) -> dict[str, Place]:
    found = {}
    for name, response in members(place):
        status = name if name == "default" else name.upper()
        found[status] = response._replace(subject=f"answer {status}")
    return found


def _compare_response(pair: Pair, old: Place, new: Place) -> None:
    compare_texts(pair, old, new, ("summary", "description"))
    if not pair.use.is_request:
        compare_headers(pair, old, new)
    compare_content(pair, old, new)
    _compare_links(pair, child(old, "links"), child(new, "links"))


def _compare_links(pair: Pair, old: Place, new: Place) -> None:
    before, after = dict(members(old)), dict(members(new))
    for name, place in after.items():
        subject = f"link {name}"
        if name not in before:
            link, rule = place._replace(subject=subject), "answer-promises-more"
            pair.add_change("link-added", link, None, place.node, rule=rule)
            continue
        old_link, new_link = pair.comparison.old.resolve(before[name]), pair.comparison.new.resolve(place)
        if canonical_without(old_link.node, "description") != canonical_without(new_link.node, "description"):
            link = new_link._replace(subject=subject)
            pair.add_change("link-changed", link, old_link.node, new_link.node)
    for name, place in before.items():
        if name not in after:
            link = place._replace(subject=f"link {name}")
            pair.add_change("link-removed", link, place.node, None)
