"""What is sent and what comes: bodies by their media types."""

import re
from typing import Any

from dynacli.changes.comparing.compare_schemas import pair_of_schemas
from dynacli.changes.comparing.compare_texts import compare_texts
from dynacli.changes.comparing.compared_document import Place, Side, below, members
from dynacli.changes.comparing.compared_schema import View, view
from dynacli.changes.comparing.comparison import REQUEST, Comparison, Pair, Use
from dynacli.changes.reported_values import identity
from dynacli.document.pointer import split

__all__ = ["compare_body", "compare_content", "media_types"]

_FORMS = ("application/x-www-form-urlencoded", "multipart/")
_TEXT = re.compile(r"text/.*|.*[/+]xml")
_ANY = re.compile(r"[^/]*/\*")


def compare_body(run: Comparison, pair: Pair, old: Place, new: Place, use: Use = REQUEST) -> None:
    """Compare the bodies of two operations."""
    was, now = run.old.followed(old), run.new.followed(new)
    has_was, has_now = (isinstance(one.node, dict) for one in (was, now))
    needed, needs = (
        one.node.get("required") is True if isinstance(one.node, dict) else False for one in (was, now)
    )
    if has_now and not has_was:
        rule = "request-needs-more" if needs else "request-needs-less"
        run.tell(
            pair, "body-added", now, None, now.node, rule=use.judged(rule if use.is_request else ""), use=use
        )
    elif has_was and not has_now:
        run.tell(pair, "body-removed", was, was.node, None, use=use)
    elif has_was:
        if needed != needs:
            kind = "body-required" if needs else "body-optional"
            rule = "request-needs-more" if needs else "request-needs-less"
            place = below(now, "required") if "required" in now.node else below(was, "required")
            run.tell(pair, kind, place, needed, needs, rule=rule if use.is_request else "", use=use)
        pair.add(run.pair(_compare_body, was, now, use))


def _compare_body(run: Comparison, pair: Pair, old: Place, new: Place, use: Use) -> None:
    compare_texts(run, pair, old, new, ("description",), use)
    compare_content(run, pair, old, new, use)


def compare_content(run: Comparison, pair: Pair, old: Place, new: Place, use: Use) -> None:
    """Compare the media types of two bodies, answers, parameters or headers."""
    was, now = media_types(old), media_types(new)
    left, right = dict(was), dict(now)
    matched = [(name, name) for name in was if name in now]
    for one, _ in matched:
        del left[one], right[one]
    for name in tuple(left):
        # The same type with other parameters, a charset for instance.
        other = next((one for one in right if _essence(one) == _essence(name)), None)
        if other is not None:
            run.tell(
                pair, "media-type-changed", right[other], _name(left[name]), _name(right[other]), use=use
            )
            matched.append((name, other))
            del left[name], right[other]
    for name, place in left.items():
        rule = "request-allows-less" if use.is_request else "answer-promises-less"
        # What stands for nothing but that there is content, as 2.0 has it for every answer, is missed by nobody.
        is_covered = any(_is_within(name, one) for one in now) or (
            not now and not _is_described(run.old, place)
        )
        run.tell(
            pair,
            "media-type-removed",
            place,
            _name(place),
            None,
            rule="" if is_covered else use.judged(rule),
            use=use,
        )
    for place in right.values():
        rule = "request-allows-more" if use.is_request else ""
        run.tell(pair, "media-type-added", place, None, _name(place), rule=use.judged(rule), use=use)
    for name, other in matched:
        inner = use
        if use.form == "json" and _essence(other).startswith(_FORMS):
            inner = use._replace(form="form")
        elif use.form == "json" and _TEXT.fullmatch(_essence(other)):
            inner = use._replace(form="text")
        pair.add(run.pair(_compare_media_type, was[name], now[other], inner))


def media_types(place: Place) -> dict[str, Place]:
    """Return what is under `content`, by the media types as they are compared: in lower case, without spaces."""
    found: dict[str, Place] = {}
    for name, media in members(below(place, "content")):
        key = re.sub(r"\s+", "", name).lower()
        found.setdefault(key, media._replace(subject=place.subject))
    return found


def _name(media: Place) -> str:
    """Return a media type as the document spells it."""
    return split(media.pointer)[-1]


def _essence(name: str) -> str:
    return name.partition(";")[0]


def _is_within(name: str, other: str) -> bool:
    """Return whether a range such as `*/*` has a media type in it."""
    return other == "*/*" or bool(_ANY.fullmatch(other) and _essence(name).startswith(other[:-1]))


def _compare_media_type(run: Comparison, pair: Pair, old: Place, new: Place, use: Use) -> None:
    for word in ("schema", "itemSchema"):
        was, now = below(old, word), below(new, word)
        has_was, has_now = (isinstance(one.node, dict | bool) for one in (was, now))
        if has_was and has_now:
            pair.add(pair_of_schemas(run, was, now, use))
        elif has_was and _says_something(view(run.old, [was])):
            run.tell(pair, "schema-removed", was, was.node, None, use=use)
        elif has_now and _says_something(view(run.new, [now])):
            run.tell(pair, "schema-added", now, None, now.node, use=use)
    for word in ("encoding", "prefixEncoding", "itemEncoding"):
        _compare_encodings(run, pair, below(old, word), below(new, word), use)


def _is_described(side: Side, media: Place) -> bool:
    return any(isinstance(below(side.followed(media), word).node, dict) for word in ("schema", "itemSchema"))


def _says_something(seen: View) -> bool:
    """Return whether a schema says more than that there are bytes, which 3.1 says by no schema at all."""
    found = seen.format()
    is_bytes = (
        found is not None and found.value == "binary" and seen.words <= {"type", "format", "description"}
    )
    return not seen.is_silent and not is_bytes


def _compare_encodings(run: Comparison, pair: Pair, old: Place, new: Place, use: Use) -> None:
    if old.node is None and new.node is None:
        return
    if not isinstance(old.node, dict) or not isinstance(new.node, dict):
        if identity(old.node or {}) != identity(new.node or {}):
            run.tell(
                pair, "encoding-changed", new if new.node is not None else old, old.node, new.node, use=use
            )
        return
    for name in (*new.node, *(one for one in old.node if one not in new.node)):
        was, now = below(old, name), below(new, name)
        if _plain(was.node) != _plain(now.node):
            place = now if now.node is not None else was
            place = place._replace(subject=f"{place.subject}.{name}")
            run.tell(pair, "encoding-changed", place, was.node, now.node, use=use)


def _plain(node: Any) -> bytes:
    if not isinstance(node, dict):
        return identity(node)
    return identity(
        {key: value for key, value in node.items() if key != "headers" and not str(key).startswith("x-")}
    )
