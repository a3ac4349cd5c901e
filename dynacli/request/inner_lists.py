"""Lists within a list, as Swagger 2.0 has them written ("Items Object"): each has a `collectionFormat` of its own."""

from typing import Any

from dynacli.request.parameter_serialization import DELIMITERS, InnerList, WrittenParameter, member_texts

__all__ = ["join_inner_lists"]


def join_inner_lists(parameter: WrittenParameter, value: Any, formats: tuple[str, ...]) -> Any:
    """Return a list whose lists are joined; any other value as it is.

    Args:
        formats: The `collectionFormat` of each list within the list, the outer first.

    Raises:
        UsageError: A member holds the delimiter, and would be read as two.
    """
    if not isinstance(value, list) or not formats:
        return value
    return [_joined(parameter, item, formats) if isinstance(item, list) else item for item in value]


def _joined(parameter: WrittenParameter, value: list[Any], formats: tuple[str, ...]) -> InnerList | None:
    """Return a list as text; None where it is empty, which is not written."""
    delimiter, word = DELIMITERS[formats[0]]
    members = member_texts(parameter, join_inner_lists(parameter, value, formats[1:]))
    if any(delimiter in member for member in members):
        parameter.refuse_misread(
            f"A member of a list within the list contains {word}, which `{formats[0]}` uses to separate members"
        )
    joined = InnerList(delimiter.join(members))
    joined.delimiter, joined.members = delimiter, members
    return joined if members else None
