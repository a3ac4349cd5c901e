"""The words by which an operation is known are kept in the catalog as a text, and read from it again."""

from dynacli.openapi.catalog._search_words import ACTING, OperationWords
from dynacli.record import replace

_WORDS = OperationWords(
    ("flow", "run"),
    (),
    ("stat",),
    {"list": 1.0, "get": 0.25, ACTING: 0.4},
    False,
    True,
    True,
    False,
    23,
    (0.5, 0.0, 1.25),
)


def test_the_text_of_words_has_all_of_them() -> None:
    """Each flag, an empty list, and what is reported in hundredths."""
    for words in (
        _WORDS,
        replace(_WORDS, is_mine=True, is_many=False),
        replace(_WORDS, is_deprecated=True, is_post=False, context=("a", "b"), actions={"delete": 0.05}),
    ):
        assert words == OperationWords.from_text(words.as_text())
