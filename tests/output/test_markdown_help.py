"""Descriptions of documents are readable as plain text, and nothing in them costs more than time."""

import subprocess
import sys
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dynacli.text.markdown import blocks_of, first_sentence, to_text
from dynacli.text.wrapping import GAP, TABLE, block_text

BLOCKS = {
    "paragraphs": ("One\ntwo.\n\n\nThree.", "One two.\n\nThree."),
    "wrapped": ("word " * 12, "word word word word word word word word\nword word word word"),
    "hard-breaks": ("a  \nb\\\nc<br>d<br/><br />e", "a\nb\nc\nd\n\ne"),
    "headings": ("# One #\ntext\n## Two\n\nThree\n=====\nfour", "One\ntext\n\nTwo\n\nThree\nfour"),
    "list": ("Values:\n* `a` - first\n* `b` - second", "Values:\n- `a` - first\n- `b` - second"),
    "loose-list": ("- a\n\n- b\n\n  more", "- a\n\n- b\n\n  more"),
    "hanging": ("1. " + "word " * 9 + "\n2. b", "1. word word word word word word word\n   word word\n2. b"),
    "nested": ("- a\n  - b\n    1. c\n- d", "- a\n  - b\n    1. c\n- d"),
    "nested-by-two": ("1. a\n  - b\n2. c", "1. a\n- b\n2. c"),
    "lazy": ("- a\nb\n> c\nd", "- a b\n> c d"),
    "no-list": ("In\n1986. Great\n* \nx", "In 1986. Great * x"),
    "fence": ("Use:\n```json\n{\n  *a*\n\n}\n```\nDone", "Use:\n    {\n      *a*\n\n    }\n\nDone"),
    "tildes": ("~~~\n```\n~~~", "    ```"),
    "open-fence": ("```\na", "    a"),
    "indented-code": ("a\n\n    x = *1*\n\n      y\n\nb", "a\n\n    x = *1*\n\n      y\n\nb"),
    "fence-in-item": ("- a\n  ```\n  b\n  ```", "- a\n      b"),
    "alert": ("> [!NOTE]\n> Public *preview*.\n\nText", "> Note: Public preview.\n\nText"),
    "quote": ("> a\n> > b\n\nc", "> a\n> > b\n\nc"),
    "break": ("a\n\n***\nb", "a\n\n--------------------\n\nb"),
    "table": (
        "| Name | What |\n|:--|--:|\n| `a` | one \\| two |\n| 中文 | **x** |\n\nend",
        "Name  What\n----  ---------\n`a`   one | two\n中文  x\n\nend",
    ),
    "wide-table": (
        "a|b\n-|-\nx|" + "word " * 9,
        "a  b\n-  -------------------------------------\nx  word word word word word word word\n   word word",
    ),
    "table-of-many": (
        "aa|bb|cc|dd\n-|-|-|-\n" + "|".join(["twelve chars"] * 4),
        "aa: twelve chars\nbb: twelve chars\ncc: twelve chars\ndd: twelve chars",
    ),
    "table-of-long-words": (
        f"a|{'b' * 24}\n-|-\n{'word ' * 4}|x",
        f"a               {'b' * 24}\n{'-' * 14}  {'-' * 24}\nword word word  x\nword",
    ),
    "table-of-words-too-long": (f"aa|bb\n-|-\n{'c' * 20}|{'d' * 20}", f"aa: {'c' * 20}\nbb: {'d' * 20}"),
    "no-table": ("a | b\nc - d", "a | b c - d"),
    "html-list": (
        "A:<ul>\n  <li><b>on</b> now\n    and then</li>\n  <li>off<ol><li>x</li><li>y</li></ol></li></ul>End",
        "A:\n\n- on now and then\n- off\n  1. x\n  2. y\n\nEnd",
    ),
    "html-paragraph-in-item": (
        "<ul> <li> <p> <code>A</code> - one</p> </li> <li> <p> two </p> <p> <b>three</b></p></li></ul>",
        "- `A` - one\n- two\n\n  three",
    ),
    "html-paragraphs": ("<p>One</p><p align=left>Two</p><h3>Three</h3>four", "One\n\nTwo\n\nThree\n\nfour"),
    "html-table": (
        "<table><tr><th>A</th><th>B</th></tr>\n<tr><td>1</td><td>2</td></tr></table>",
        "A  B\n-  -\n1  2",
    ),
    "html-pre": ("a\n<pre><code>x &lt; *y*\n  z</code></pre>b", "a\n\n    x < *y*\n      z\n\nb"),
    "html-unclosed": ("<ul><li>a\n\nb\n\nc", "- a\n\n  b\n\n  c"),
    "html-in-code": ("`<p>` and\n```\n<li>\n```", "`<p>` and\n    <li>"),
    "comment": ("a<!-- b\nc -->d\n\n<!-- e\n\nf -->", "ad"),
    "html-quote": ("<blockquote>a<p>b</p></blockquote>c", "> a\n>\n> b\n\nc"),
    "html-closes-no-item-of-markdown": ("- a</li></ul>\n- b", "- a\n- b"),
    "html-table-with-lists": (
        "<table><tr><td>a<ul><li>b</li><li>c</li></ul></td></tr></table>d",
        "a\n- b\n- c\n---\n\nd",
    ),
    "html-without-what-holds-it": ("<td>a</td> <li>b</li></ul></a>", "a\n- b"),
    "html-with-markdown-in-it": (
        "<table><tr><td>\n\n```\na\n```\n\nb</td><td>c</table>\n\n- d <ul><li>e\n- f",
        "a  c\nb\n-  -\n\n- d\n\n  - e\n- f",
    ),
    "html-table-too-wide": ("<table>" + "<td>a" * 52 + "</table>b", "a\n" * 49 + "a a a\n\nb"),
    "tabs-in-code": ("```\na\tb\n```", "    a   b"),
    "script": ("a <script>alert('<p>')</script>b", "a b"),
    "crlf": ("a\r\n\r\n- b\r\n- c\r\n", "a\n\n- b\n- c"),
    "empty": (" \n\n", ""),
}


@pytest.mark.parametrize(("markdown", "text"), BLOCKS.values(), ids=BLOCKS)
def test_blocks_become_plain_text(markdown: str, text: str) -> None:
    """Every kind of block has a plain form that a person can read."""
    assert text == to_text(markdown, 40)


INLINES = {
    "emphasis": ("*a* **b** ***c*** _d_ __e__ ~~f~~", "a b c d e f"),
    "inside-word": ("un*frigging*real snake_case_name __init__.py", "unfriggingreal snake_case_name init.py"),
    "stars-that-stay": ("5 * 3 * 2, *.txt, a ** b, ~ 5", "5 * 3 * 2, *.txt, a ** b, ~ 5"),
    "code": ("`*a*` ``b`c`` `d", "`*a*` ``b`c`` `d"),
    "escapes": (r"\*a\* \[b\](c) \d \\", r"*a* [b](c) \d " + "\\"),
    "link": ('see [the *docs*](https://x.y/z "T").', "see the docs (https://x.y/z)."),
    "link-with-parens": ("[a](https://x/(b)) [c](<d e>)", "a (https://x/(b)) c (d e)"),
    "link-to-itself": ("[https://x.y](https://x.y) [a@b.c](mailto:a@b.c)", "https://x.y a@b.c"),
    "anchor": ("[op](#tag/op)", "op"),
    "reference": ("[a][B] [b] [c]\n\n[b]: https://x.y 'T'", "a (https://x.y) b (https://x.y) [c]"),
    "image": ("![alt *x*](a.png) [![badge](b.svg)](https://x)", "alt x badge (https://x)"),
    "brackets-that-stay": ("a[0] [ ] [x] ]( [", "a[0] [ ] [x] ]( ["),
    "autolink": ("<https://x.y?a=b> <a@b.c>", "https://x.y?a=b a@b.c"),
    "html": ('<b>a</b> <a href="https://x.y">b</a> <img alt="c"> <code>d</code>', "a b (https://x.y) c `d`"),
    "placeholders": ("/repos/<owner>/<T> a < b > c", "/repos/<owner>/<T> a < b > c"),
    "entities": ("&lt;a&gt; &amp;amp; &#65;&#x42; &nbsp;&eacute; &nope; AT&T", "<a> &amp; AB é &nope; AT&T"),
}


@pytest.mark.parametrize(("markdown", "text"), INLINES.values(), ids=INLINES)
def test_inlines_become_plain_text(markdown: str, text: str) -> None:
    """Emphasis goes, code stays in backticks, links show where they lead, the rest is as written."""
    assert text == to_text(markdown, 120)


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("\x1b]0;a\x07", "\\x1b]0;a\\x07"),
        ("&#27;[2J&#x202e; <p>&#27;&#x202e;", "\ufffd[2J\\u202e\n\n\ufffd\\u202e"),
        ("```\n\x1b[31m\n```", "    \\x1b[31m"),
        ("[a](\x9b31m)", "a (\\x9b31m)"),
        ("&#xd800;&#0;&#x110000;", "\ufffd\ufffd\ufffd"),
    ],
    ids=["raw", "entity", "code", "url", "no-character"],
)
def test_text_is_visible(markdown: str, text: str) -> None:
    """No control character gets through, not even one that is written as an entity."""
    assert text == to_text(markdown, 80)
    assert "\x1b" not in first_sentence(markdown)


SENTENCES = {
    "empty": ("", ""),
    "period": ("List runs.", "List runs"),
    "two": ("List **all** runs. And more.", "List all runs"),
    "abbreviations": ("Use e.g. `a. B` or i.e. that one. Next", "Use e.g. `a. B` or i.e. that one"),
    "number": ("Version 1.5 of it (beta). Next", "Version 1.5 of it (beta)"),
    "question": ("Is it? Yes.", "Is it?"),
    "etc": ("Dots etc.", "Dots etc."),
    "heading": ("# Title\n\nThe text\ngoes on. More", "The text goes on"),
    "only-heading": ("# Title", "Title"),
    "underlined": ("Title\n---\nText", "Text"),
    "quote": ("> Note: x\n> yes. Z", "Note: x yes"),
    "notice": ("> [!WARNING]\n> Closing.\n\nLists it.", "Lists it"),
    "only-notice": ("> [!WARNING]\n> Closing. Down.", "Warning: Closing"),
    "list": ("- one\n- two", "one"),
    "code": ("```\ncode\n```\nText", "Text"),
    "html": ("<p>Get <b>it</b></p><p>More</p>", "Get it"),
    "breaks": ("Get it<br><br>*Rate*: 1", "Get it"),
    "link": ("See [docs](https://x.y). B", "See docs"),
    "colon": ("Values:\n- a", "Values:"),
    "control": ("a\tb\x1b", "a b\\x1b"),
    "long": ("word " * 30, "word " * 18 + "word..."),
    "long-word": ("x" * 200, "x" * 97 + "..."),
}


@pytest.mark.parametrize(("markdown", "sentence"), SENTENCES.values(), ids=SENTENCES)
def test_first_sentence_is_one_plain_line(markdown: str, sentence: str) -> None:
    """Listings and option help get the first sentence, plain, without its period, at most 100 characters."""
    assert sentence == first_sentence(markdown, 100)


PATTERNS = [
    *(
        "*",
        "[",
        "`",
        "<",
        ">",
        "|",
        "_",
        "~",
        "](",
        "![",
        " - ",
        "*a ",
        "**a*",
        "<a ",
        "&",
        "\\",
        "<!--",
        "<ul>",
    ),
    *(
        "<li>",
        "[a](",
        "`a``b",
        "|\n",
        "|-|\n|",
        "- \n",
        ">\n",
        "\n",
        "#",
        "[a]: b\n",
        "<pre>",
        "1. ",
        "`\n",
        "(",
    ),
    *(
        "``` \n",
        "~~~\n",
        "](a(",
        "<p>",
        "a|b\n-|-\n",
        "\x1b",
        "=\na\n",
        "<table><tr>",
        '(x "',
        "[[[a](u)",
        "> - ",
        "![",
        "<blockquote>",
        "<ul><li>",
        "<tr><td>a",
        "<a href=x>",
        "\n- <li>",
    ),
]


@pytest.mark.no_cover
@pytest.mark.sampled(6)
@pytest.mark.parametrize("pattern", PATTERNS, ids=repr)
def test_hostile_text_takes_linear_time(pattern: str) -> None:
    """200 kB of any construct, opened and never closed, is done in well under a second."""
    text = (pattern * 200_000)[:200_000]
    started = time.process_time()
    to_text(text, 80)
    first_sentence(text)
    assert time.process_time() - started < 1.5


@given(st.text(alphabet="ab \n*_`[]()<>|-#1.!&;\\~:\t", max_size=60), st.integers(1, 100))
def test_any_text_gives_some_text(markdown: str, width: int) -> None:
    """No input is an error, and no letter is lost outside tags, targets and entities."""
    text = to_text(markdown, width)
    assert text == text.strip("\n")
    if not set(markdown) & set("<(&[`~"):
        assert [c for c in markdown if c in "ab"] == [c for c in text if c in "ab"]


_PIECES = (
    *(
        "<ul>",
        "<li>",
        "</li>",
        "</ul>",
        "<ol>",
        "<p>",
        "</p>",
        "<pre>",
        "</pre>",
        "<table>",
        "<tr>",
        "<td>",
        "</td>",
    ),
    *(
        "</table>",
        "<a href=x>",
        "</a>",
        "<br>",
        "<blockquote>",
        "</blockquote>",
        "<h2>",
        "</h2>",
        "<hr>",
        "<script>",
    ),
    *(
        "</script>",
        "<!--",
        "-->",
        "\n",
        "\n\n",
        "- ",
        "1. ",
        "> ",
        "    ",
        "```\n",
        "a",
        "**",
        "`",
        "[a](b)",
        "![",
        "|",
    ),
    *(
        "|-|\n",
        "# ",
        "===\n",
        "&lt;",
        "&#x1b;",
        "\x1b",
        "\r\n",
        "\x00",
        "\ud800",
        "[x]: y\n",
        "[!NOTE]",
        "<b",
        "\x85",
    ),
)


@given(st.lists(st.sampled_from(_PIECES), max_size=30).map("".join))
def test_any_mixture_with_html_gives_blocks(markdown: str) -> None:
    """Whatever is opened, closed and mixed, the blocks can be shown, and none is a gap at an end."""
    blocks = blocks_of(markdown)
    assert GAP not in [*blocks[:1], *blocks[-1:]]
    assert "\x1b" not in block_text(blocks, 40) + first_sentence(markdown)
    assert all(1 == len(set(map(len, block[1]))) for block in blocks if block[:1] == [TABLE])


@pytest.mark.parametrize(
    "markdown",
    ["a *b*\n\n" * 20_000, "[" * 3000, "> " * 100 + "a", "- " * 100 + "a", "<ul><li>" * 5000 + "a"],
    ids=["long", "brackets", "quotes", "lists", "html-lists"],
)
def test_text_that_is_too_much_for_markdown_is_shown(markdown: str) -> None:
    """Nothing is lost of a text that is too long or too deep, and its blocks are not deep themselves."""
    blocks = blocks_of(markdown)
    assert [c for c in markdown if c in "ab["] == [c for c in to_text(markdown, 80) if c in "ab["]
    assert 25 > _depth(blocks)


@given(st.text(alphabet="ab1 \n`_.-=#é\xa0", max_size=40).map("a".__add__))
@example("a `b_ *c*` d_e\nf\n\n\nGet `x`")
@example("a\n```")
def test_text_that_need_not_be_read_as_markdown_is_the_same(text: str) -> None:
    """What is taken for simple paragraphs has the blocks that the library finds; a comment makes it look."""
    assert blocks_of(f"<!-- -->\n\n{text}") == blocks_of(text)


def _depth(blocks: object) -> int:
    return 1 + max(map(_depth, blocks), default=0) if isinstance(blocks, list) else 0


def test_a_defect_of_the_parser_costs_the_form_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A description at which the library fails is shown as it stands."""

    def fail(*_: object) -> None:
        raise IndexError

    monkeypatch.setattr("markdown_it.MarkdownIt.parse", fail)
    assert "- *a*\n\n- b" == to_text("- *a*\n\n\n- b", 80)


def test_help_imports_nothing_heavy() -> None:
    """`--help` imports none of the modules that only data or Markdown needs."""
    heavy = {
        "json",
        "yaml",
        "html",
        "textwrap",
        "shutil",
        "unicodedata",
        "dataclasses",
        "inspect",
        "markdown_it",
    }
    program = "import sys; before = set(sys.modules)\nimport dynacli.text.wrapping, dynacli.text.terminal\n"
    program += f"print(sorted((set(sys.modules) - before) & {heavy}))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[]\n" == run.stdout
