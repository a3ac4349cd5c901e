"""The media type that an answer has, of those that the document offers: as the client's `Accept` wants it."""

from collections.abc import Iterable, Sequence

from dynacli.model.media_types import is_as_good_as_json, is_json, is_media_type, split_media_type

__all__ = ["accepted_offer", "sent_name"]

_EXAMPLES = {
    "text": "text/plain",
    "image": "image/png",
    "audio": "audio/mpeg",
    "video": "video/mp4",
    "multipart": "multipart/form-data",
}
"""Main type → a type that stands for a range of them."""
_AS_MEANT = {"": "*/*", "*": "*/*", "json": "application/json"}
"""What documents write → the media type or range that they mean."""


def accepted_offer(accept: Sequence[str], offers: Sequence[str]) -> tuple[str, str] | None:
    """Return the offered media type or range that fits best, and the type that the client names within a range.

    Without a wish of the client JSON comes first, then what the document has first.

    Args:
        accept: The values of `Accept`; none stands for anything.
        offers: The keys of a `content` of the document.

    Returns:
        The type is empty where the client names none. None where nothing offered is accepted.
    """
    ranges = [each for text in accept for each in _ranges(text)] or [("*/*", {}, 1.0)]
    best: tuple[float, bool, str, str] | None = None
    for offer in offers:
        quality, named = _quality(offer, ranges)
        prefers_json = is_json(offer) or is_as_good_as_json(offer)
        if quality > 0 and (best is None or (quality, prefers_json) > best[:2]):
            best = quality, prefers_json, offer, named
    return None if best is None else best[2:]


def _ranges(text: str) -> Iterable[tuple[str, dict[str, str], float]]:
    """Yield name, parameters and quality of each range (RFC 9110, section 12.5.1)."""
    for part in text.split(","):
        name, parameters = split_media_type(part)
        try:
            quality = float(parameters.pop("q", "1"))
        except ValueError:
            quality = 1.0
        if name:
            yield ("*/*" if name == "*" else name), parameters, quality


def _quality(offer: str, ranges: Iterable[tuple[str, dict[str, str], float]]) -> tuple[float, str]:
    """Return the quality of an offer, and the media type that the client names within it, by the closest range."""
    name, own = split_media_type(offer)
    name = _AS_MEANT.get(name, name)
    best: tuple[int, float, str] = (0, 0.0, "")
    for wanted, parameters, quality in ranges:
        if wanted == name:
            rank, named = 3 + sum(own.get(key) == value for key, value in parameters.items()), ""
        elif wanted == "*/*":
            rank, named = 1, ""
        elif wanted.endswith("/*") and (name == "*/*" or name.startswith(wanted[:-1])):
            rank, named = 2, ""
        elif name == "*/*" or (name.endswith("/*") and wanted.startswith(name[:-1])):
            rank, named = 3, wanted
        else:
            continue
        # Of two ranges that are as specific, the client likes the better one.
        if (rank, quality) > best[:2]:
            best = rank, quality, named
    return best[1], best[2]


def sent_name(offer: str, named: str, *, is_text: bool) -> str:
    """Return the media type that is sent for an offer, which may be a range or no media type at all.

    Args:
        named: The type that the client names within a range; empty where it names none.
        is_text: Whether the value is a text.
    """
    if named:
        return named
    if is_as_good_as_json(offer):
        return "text/plain" if is_text else "application/json"
    main, _, sub = split_media_type(offer)[0].partition("/")
    if sub == "*":
        return _EXAMPLES.get(main, "application/octet-stream")
    if sub.startswith("*+"):
        return f"{main}/{sub[2:]}"
    return offer if is_media_type(offer) and offer.isascii() and offer.isprintable() else "text/plain"
