"""Compares the responses of two operations, by their status."""

from dynacli.changes.comparing.canonical_values import canonical_without
from dynacli.changes.comparing.compare_content import compare_content
from dynacli.changes.comparing.compare_parameters import compare_headers
from dynacli.changes.comparing.compare_texts import compare_texts
from dynacli.changes.comparing.compared_document import Place, child, members
from dynacli.changes.comparing.comparison import RESPONSE, Comparison, Pair, Use

__all__ = ["compare_responses"]


def compare_responses(
    comparison: Comparison, pair: Pair, old: Place, new: Place, use: Use = RESPONSE
) -> None:
    """Compare two Responses Objects.

    Args:
        use: The use of the responses; the response to a webhook is sent by the client.
    """
    before, after = _by_status(old), _by_status(new)
    for status, place in after.items():
        if status in before:
            pair.add(comparison.pair_of_places(_compare_response, before[status], place, use))
        else:
            # Without a rule: the status may have been possible before, as one of a range.
            comparison.add_change(pair, "answer-added", place, None, status, use=use)
    for status, place in before.items():
        if status not in after:
            is_covered = f"{status[:1]}XX" in after or "default" in after
            is_success = status.startswith("2") and not use.is_request
            rule = "answer-promises-less" if is_success and not is_covered else ""
            comparison.add_change(pair, "answer-removed", place, status, None, rule=rule, use=use)


def _by_status(place: Place) -> dict[str, Place]:
    found = {}
    for name, response in members(place):
        status = name if name == "default" else name.upper()
        found[status] = response._replace(subject=f"answer {status}")
    return found


def _compare_response(comparison: Comparison, pair: Pair, old: Place, new: Place, use: Use) -> None:
    compare_texts(comparison, pair, old, new, ("summary", "description"), use)
    if not use.is_request:
        compare_headers(comparison, pair, old, new)
    compare_content(comparison, pair, old, new, use)
    _compare_links(comparison, pair, child(old, "links"), child(new, "links"), use)


def _compare_links(comparison: Comparison, pair: Pair, old: Place, new: Place, use: Use) -> None:
    before, after = dict(members(old)), dict(members(new))
    for name, place in after.items():
        subject = f"link {name}"
        if name not in before:
            link, rule = place._replace(subject=subject), "answer-promises-more"
            comparison.add_change(pair, "link-added", link, None, place.node, rule=rule, use=use)
            continue
        old_link, new_link = comparison.old.resolve(before[name]), comparison.new.resolve(place)
        if canonical_without(old_link.node, "description") != canonical_without(new_link.node, "description"):
            link = new_link._replace(subject=subject)
            comparison.add_change(pair, "link-changed", link, old_link.node, new_link.node, use=use)
    for name, place in before.items():
        if name not in after:
            link = place._replace(subject=f"link {name}")
            comparison.add_change(pair, "link-removed", link, place.node, None, use=use)
