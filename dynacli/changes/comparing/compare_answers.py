"""The answers of two operations, by their status."""

from dynacli.changes.comparing.compare_content import compare_content
from dynacli.changes.comparing.compare_parameters import compare_headers
from dynacli.changes.comparing.compare_texts import compare_texts
from dynacli.changes.comparing.compared_document import Place, below, members
from dynacli.changes.comparing.comparison import RESPONSE, Comparison, Pair, Use
from dynacli.changes.reported_values import identity

__all__ = ["compare_answers"]


def compare_answers(run: Comparison, pair: Pair, old: Place, new: Place, use: Use = RESPONSE) -> None:
    """Compare what stands under `responses`.

    Args:
        use: Of the answers; in a webhook they are what a client sends.
    """
    was, now = (_by_status(one) for one in (old, new))
    for status, place in now.items():
        if status in was:
            pair.add(run.pair(_compare_answer, was[status], place, use))
        else:
            # One that came before, as one of a range, is now told by itself.
            run.tell(pair, "answer-added", place, None, status, use=use)
    for status, place in was.items():
        if status not in now:
            is_covered = f"{status[:1]}XX" in now or "default" in now
            is_success = status.startswith("2") and not use.is_request
            rule = "answer-promises-less" if is_success and not is_covered else ""
            run.tell(pair, "answer-removed", place, status, None, rule=rule, use=use)


def _by_status(place: Place) -> dict[str, Place]:
    found = {}
    for name, answer in members(place):
        status = name if name == "default" else name.upper()
        found[status] = answer._replace(subject=f"answer {status}")
    return found


def _compare_answer(run: Comparison, pair: Pair, old: Place, new: Place, use: Use) -> None:
    compare_texts(run, pair, old, new, ("summary", "description"), use)
    if not use.is_request:
        compare_headers(run, pair, old, new)
    compare_content(run, pair, old, new, use)
    was, now = (dict(members(below(one, "links"))) for one in (old, new))
    for name, place in now.items():
        link = place._replace(subject=f"link {name}")
        if name not in was:
            run.tell(pair, "link-added", link, None, place.node, rule="answer-promises-more", use=use)
            continue
        before, after = run.old.followed(was[name]), run.new.followed(place)
        if _leads_to(before) != _leads_to(after):
            link = after._replace(subject=f"link {name}")
            run.tell(pair, "link-changed", link, before.node, after.node, use=use)
    for name, place in was.items():
        if name not in now:
            run.tell(pair, "link-removed", place._replace(subject=f"link {name}"), place.node, None, use=use)


def _leads_to(place: Place) -> bytes:
    node = place.node
    if not isinstance(node, dict):
        return identity(node)
    kept = {key: one for key, one in node.items() if key != "description" and not str(key).startswith("x-")}
    return identity(kept)
