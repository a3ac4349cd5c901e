"""Links of responses in a document (OpenAPI 3.2.0, "Link Object")."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any


def links_in(
    responses: Any, follow: Callable[[Any], Any]
) -> Iterator[tuple[str, Mapping[str, Any], str, Mapping[str, Any]]]:
    """Yield for each link the status and the Response Object with it, its name, and the Link Object.

    Args:
        responses: Responses Object of an operation.
        follow: Follows references.
    """
    for status, reference in responses.items() if isinstance(responses, Mapping) else ():
        response = follow(reference)
        links = response.get("links") if isinstance(response, Mapping) else None
        for name, raw in links.items() if isinstance(links, Mapping) else ():
            link = follow(raw)
            if isinstance(link, Mapping):
                yield str(status), response, name, link


def path_and_method_of(ref: str, uri: str) -> tuple[str, str] | None:
    """Return the path and the method in an `operationRef`; None if it refers to another document.

    Args:
        uri: URI of the document.
    """
    from dynacli.openapi.document.json_trees import from_fragment

    document, _, fragment = ref.partition("#")
    if document and document != uri and not uri.endswith("/" + document.removeprefix("./")):
        return None
    steps = from_fragment("#" + fragment) or ()
    return (steps[1], steps[-1].lower()) if len(steps) > 2 and steps[0] == "paths" else ("", "")
