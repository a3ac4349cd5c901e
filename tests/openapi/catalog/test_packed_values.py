"""What a catalog keeps: each value compressed, with a checksum."""

import pytest

from dynacli.openapi.catalog.catalog_file import pack, unpack


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        '{"name":"a"}',
        '{"name":"a"}' * 50,
        "\u00fc\u65e5\U0001f600" * 100,
        "\ud800" * 200,
        "x" * 1_000_000,
    ],
    ids=["empty", "one character", "short", "long", "other scripts", "lone surrogates", "very long"],
)
def test_what_was_sealed_comes_back(text: str) -> None:
    """Whatever a text has in it, and however long it is."""
    kept = pack(text)
    assert text == unpack(kept)
    assert len(kept) <= len(text.encode("utf-8", "surrogatepass")) + 8


@pytest.mark.parametrize("text", ['{"name":"a"}', '{"name":"a","path":"/pets/{petId}"}' * 20])
def test_what_has_changed_is_noticed(text: str) -> None:
    """A value that lost or changed a byte anywhere, has one more, or is of another kind is not read."""
    kept = pack(text)
    changed: list[object] = [None, 1, "", text, b"", kept[:-1], kept + kept[-1:]]
    changed += [kept[:index] + bytes([kept[index] ^ 1]) + kept[index + 1 :] for index in range(len(kept))]
    for damaged in changed:
        with pytest.raises(ValueError, match=r"."):
            unpack(damaged)
