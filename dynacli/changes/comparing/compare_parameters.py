"""The parameters of two operations, and the headers of two answers."""

import re
from collections.abc import Mapping

from dynacli.changes.comparing.compare_content import compare_content, media_types
from dynacli.changes.comparing.compare_schemas import pair_of_schemas
from dynacli.changes.comparing.compare_texts import compare_deprecation, compare_texts
from dynacli.changes.comparing.compared_document import Place, Side, below, members
from dynacli.changes.comparing.compared_schema import view
from dynacli.changes.comparing.comparison import REQUEST, RESPONSE, Comparison, Pair, Use
from dynacli.model.parameter_styles import default_style, explodes

__all__ = ["compare_headers", "compare_parameters", "parameters"]

Parameters = dict[tuple[str, str], Place]

_LOCATIONS = ("path", "query", "querystring", "header", "cookie")
_IGNORED = frozenset(("accept", "content-type", "authorization"))
"""OpenAPI 3.1.1, "Parameter Object": a header parameter of this name is ignored."""


def parameters(side: Side, item: Place, operation: Place) -> Parameters:
    """Return the parameters of an operation by location and name, those of its path included."""
    found: Parameters = {}
    for holder in (item, operation):
        listed = below(holder, "parameters")
        for index in range(len(listed.node) if isinstance(listed.node, list) else 0):
            place = side.followed(below(listed, index))
            node = place.node if isinstance(place.node, dict) else {}
            location, name = node.get("in"), node.get("name")
            if location not in _LOCATIONS or not isinstance(name, str):
                continue
            key = location, name.lower() if location == "header" else name
            if key[0] == "header" and key[1] in _IGNORED:
                continue
            found[key] = place._replace(subject=f"{location} parameter {name}")
    return found


def compare_parameters(
    run: Comparison, pair: Pair, old: Parameters, new: Parameters, paths: tuple[str, str]
) -> None:
    """Compare the parameters of two operations.

    Args:
        paths: Theirs.
    """
    renamed = _renamed(*paths)
    left = {
        ("path", renamed.get(key[1], key[1])) if key[0] == "path" else key: one for key, one in old.items()
    }
    for key, now in new.items():
        was = left.pop(key, None) or _moved(run, pair, left, new, key, now)
        if was is None:
            _tell_added(run, pair, now)
            continue
        if was.node.get("name") != now.node["name"] and key[0] == "path":
            place = below(now, "name")
            run.tell(
                pair,
                "parameter-renamed",
                place,
                was.node.get("name"),
                place.node,
                rule="same-on-the-wire",
                use=REQUEST,
            )
        pair.add(run.pair(_compare_parameter, was, now, REQUEST))
    for was in left.values():
        run.tell(pair, "parameter-removed", was, was.node, None, use=REQUEST)


def _renamed(old: str, new: str) -> dict[str, str]:
    """Return what the parameters of a path are called anew, by their places in it."""
    names = [re.findall(r"\{([^{}]*)\}", path) for path in (old, new)]
    return dict(zip(*names, strict=True)) if len(names[0]) == len(names[1]) else {}


def _moved(
    run: Comparison, pair: Pair, left: Parameters, new: Parameters, key: tuple[str, str], now: Place
) -> Place | None:
    """Return the old parameter of the same name that stood elsewhere, and tell that it moved."""
    for other, was in list(left.items()):
        if other[1].lower() == key[1].lower() and other not in new and "path" not in (other[0], key[0]):
            del left[other]
            place = below(now, "in")
            run.tell(
                pair,
                "parameter-moved",
                place,
                other[0],
                key[0],
                rule="request-written-otherwise",
                use=REQUEST,
            )
            return was
    return None


def _tell_added(run: Comparison, pair: Pair, now: Place) -> None:
    if now.node["in"] == "path":
        rule = ""  # the path is the same: that there is one was not written down
    elif now.node.get("required") is True:
        rule = "" if _has_default(run.new, now) else "request-needs-more"
    else:
        rule = "request-needs-less"
    run.tell(pair, "parameter-added", now, None, now.node, rule=rule, use=REQUEST)


def _has_default(side: Side, place: Place) -> bool:
    schema = below(place, "schema")
    return isinstance(schema.node, dict) and view(side, [schema]).first("default") is not None


def _compare_parameter(run: Comparison, pair: Pair, old: Place, new: Place, use: Use) -> None:
    location = new.node["in"]
    needed, needs = (one.node.get("required") is True for one in (old, new))
    if needed != needs and location != "path":
        place = below(new, "required") if "required" in new.node else below(old, "required")
        kind, rule = "parameter-optional", "request-needs-less"
        if needs:
            kind, rule = "parameter-required", "" if _has_default(run.new, new) else "request-needs-more"
        run.tell(pair, kind, place, needed, needs, rule=rule, use=use)
    _compare_style(run, pair, old, new, location, use)
    _compare_value(run, pair, old, new, use)


def _compare_value(run: Comparison, pair: Pair, old: Place, new: Place, use: Use) -> None:
    """Compare what a parameter or header is, and what is said of it."""
    compare_deprecation(run, pair, old, new, use=use)
    compare_texts(run, pair, old, new, ("description",), use)
    was, now = below(old, "schema"), below(new, "schema")
    has_was, has_now = (isinstance(one.node, dict | bool) for one in (was, now))
    if has_was and has_now:
        pair.add(pair_of_schemas(run, was, now, use._replace(form="text")))
    elif "content" in old.node and "content" in new.node:
        compare_content(run, pair, old, new, use)
    elif has_now and "content" not in old.node:
        run.tell(pair, "schema-added", now, None, now.node, use=use)
    elif has_was and "content" not in new.node:
        run.tell(pair, "schema-removed", was, was.node, None, use=use)


def _compare_style(run: Comparison, pair: Pair, old: Place, new: Place, location: str, use: Use) -> None:
    was, now = _written(old, location), _written(new, location)
    # Where the style is another one, or there is none, the rest has another meaning, too.
    word = next(
        (key for key in ("content", "style", "explode", "allowReserved") if was.get(key) != now.get(key)), ""
    )
    if not word:
        return
    types = [_types(side, one) for side, one in ((run.old, old), (run.new, new))]
    if word == "explode" and all(one is not None and not one & {"array", "object"} for one in types):
        return  # what is of one piece is written the same
    place = below(new, word) if word in new.node else below(old, word) if word in old.node else new
    if word == "allowReserved" or (word == "explode" and None in types):
        rule = ""
    else:
        rule = "request-written-otherwise" if use.is_request else "answer-holds-other"
    run.tell(pair, "style-changed", place, _about(was, word), _about(now, word), rule=rule, use=use)


def _about(written: Mapping[str, object], word: str) -> dict[str, object]:
    """Return what tells how a value is written, as far as it is about a keyword."""
    return {key: one for key, one in written.items() if key == word or (word == "content" and key == "style")}


def _types(side: Side, place: Place) -> frozenset[str] | None:
    schema = below(place, "schema")
    return view(side, [schema]).types()[0] if isinstance(schema.node, dict) else None


def _written(place: Place, location: str) -> Mapping[str, object]:
    """Return how a value is written, defaults filled in."""
    media = next(iter(media_types(place)), "")
    if media:
        return {"content": media}
    style = place.node.get("style")
    style = style if isinstance(style, str) else default_style(location)
    explode = explodes(style, place.node.get("explode"))
    return {"style": style, "explode": explode, "allowReserved": place.node.get("allowReserved") is True}


def compare_headers(run: Comparison, pair: Pair, old: Place, new: Place) -> None:
    """Compare the headers of two answers."""
    was, now = _headers(run.old, old), _headers(run.new, new)
    for name, place in now.items():
        if name in was:
            pair.add(run.pair(_compare_header, was[name], place, RESPONSE))
        else:
            run.tell(pair, "header-added", place, None, place.node, rule="answer-promises-more", use=RESPONSE)
    for name, place in was.items():
        if name not in now:
            is_required = isinstance(place.node, dict) and place.node.get("required") is True
            rule = "answer-promises-less" if is_required else ""
            run.tell(pair, "header-removed", place, place.node, None, rule=rule, use=RESPONSE)


def _headers(side: Side, place: Place) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for name, raw in members(below(place, "headers")):
        if name.lower() != "content-type":  # ignored there (OpenAPI 3.1.1, "Response Object")
            found.setdefault(name.lower(), side.followed(raw)._replace(subject=f"header {name}"))
    return found


def _compare_header(run: Comparison, pair: Pair, old: Place, new: Place, use: Use) -> None:
    if not isinstance(old.node, dict) or not isinstance(new.node, dict):
        return
    had, has = (one.node.get("required") is True for one in (old, new))
    if had != has:
        place = below(new, "required") if "required" in new.node else below(old, "required")
        kind = "header-required" if has else "header-optional"
        rule = "answer-promises-more" if has else "answer-promises-less"
        run.tell(pair, kind, place, had, has, rule=rule, use=use)
    _compare_style(run, pair, old, new, "header", use)
    _compare_value(run, pair, old, new, use)
