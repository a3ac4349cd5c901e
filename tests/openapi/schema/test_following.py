"""What follows references releases the document that it follows them in."""

import gc
import weakref

from dynacli.openapi.schema.read_schema import following


class _Tree(dict[str, object]):
    """A document, which a weak reference may lead to."""


def test_what_follows_references_does_not_keep_the_document() -> None:
    """The tree is freed with the last that uses it, and does not wait for the garbage collector."""
    tree = _Tree(pet=True)
    follow = following(tree.__getitem__)
    assert (True, follow) == follow("pet")
    assert (None, follow) == follow("dog")
    kept = weakref.ref(tree)
    gc.disable()
    try:
        del tree, follow
        assert kept() is None
    finally:
        gc.enable()
