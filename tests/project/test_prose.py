"""Texts use plain words: short sentences, the terms of the glossary, and hints at what exists.

`.github/CONTRIBUTING.md` has the rules and the glossary.
"""

import ast
import functools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path

import pytest

from dynacli.guide.pages import page, topics
from dynacli.options.command import Command
from dynacli.options.command_table import COMMANDS
from dynacli.options.standard_options import OPTIONS

ROOT = Path(__file__).resolve().parents[2]

_GLOSSARY = re.compile(r"^\| (?P<say>[^|]+) \| (?P<avoid>[^|]*`[^|]*) \|$", re.MULTILINE)
"""A row of the glossary. A program checks the terms in backticks; people check those in italics."""
_ANSWERED = re.compile(r"question|prompt|challenge|\bask|\b(?:yes|no)\b", re.IGNORECASE)
"""Words of a sentence in which *answer* is the right term."""
_IS_NO = re.compile(r"\b(?<!there )is no (?!longer\b|more\b)[a-z]+", re.IGNORECASE)
_FIRST_WHERE = re.compile(r"(?:^|[.:;] |\n)Where\b")

_LEFT_IN_CODE = {
    "a person": 23,
    "an error without a noun": 21,
    "are to be": 1,
    "head": 9,
    "is to be": 4,
    "leads nowhere": 6,
    "leads to": 6,
    "no one": 6,
    "of its own": 10,
    "of the kind": 1,
    "of their own": 2,
    "place": 32,
    "someone": 1,
    "stands": 9,
    "starts with What or How": 42,
    "that of": 10,
    "thing": 4,
    "those of": 51,
    "three relative clauses": 1,
    "two negations": 6,
    "word": 148,
}
"""Term or rule → how many docstrings, comments and messages may still break it. Lower the numbers, never raise them."""
_LEFT_IN_TEXTS = {
    "a person": 5,
    "leads nowhere": 1,
    "leads to": 9,
    "no one": 5,
    "of its own": 11,
    "of the kind": 1,
    "of their own": 3,
    "place": 6,
    "someone": 10,
    "stands": 1,
    "that of": 8,
    "thing": 6,
    "those of": 15,
    "word": 37,
}
"""The same for the manual, help pages and the files beside them."""

_MOST_WORDS = 30
_MANY_WORDS = 25
_SHARE_OF_LONG = 0.1


def _with_subcommands(commands: Iterable[Command], group: str = "") -> Iterator[tuple[str, Command]]:
    """Yield the name of each command, with that of its group, and the command."""
    for command in commands:
        name = f"{group} {command.name}".strip()
        yield name, command
        yield from _with_subcommands(command.commands, name)


def _help(command: Command) -> str:
    lines = [command.help, command.about, *(option.help for option in command.all_options)]
    return "\n\n".join([*lines, *command.texts.values()])


_ENTRIES = dict(_with_subcommands(COMMANDS.values()))
_FILES = (
    *("README.md", "CHANGELOG.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md"),
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / ".github" / "site").rglob("*.md"))),
)
_TEXTS = {
    **{name: (ROOT / name).read_text(encoding="utf-8") for name in _FILES},
    **{f"help {topic}": page(topic) or "" for topic, _ in topics()},
    **{f"dynacli {name} --help": _help(command) for name, command in _ENTRIES.items()},
}

_OPTION = re.compile(r"(?<![\w(-])--[a-z][a-z0-9-]*(?![\w:-])")


def _prose(text: str) -> str:
    """Return a Markdown text without code, with its links as their texts."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^ {4}(?! *[-*]).*$", "", text, flags=re.MULTILINE)
    return re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"`[^`]*`", "X", text))


def _sentences(text: str) -> list[str]:
    """Return the sentences of a Markdown text, those of its lists and cells of tables included."""
    parts = re.split(
        r"\n\s*\n|\n\s*(?:[-*]|\d+\.) |\||(?<=[.!?:;])\s+|^#+ ", _prose(text), flags=re.MULTILINE
    )
    return [sentence for part in parts if (sentence := " ".join(part.split()).lstrip("-# "))]


def _words(sentence: str) -> int:
    return len(re.findall(r"[\w'-]+", sentence))


def _terms() -> dict[str, re.Pattern[str]]:
    """Return each term that the glossary of `.github/CONTRIBUTING.md` replaces, with the pattern that finds it."""
    contributing = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = _GLOSSARY.finditer(contributing.partition("## Words")[2].partition("\n## ")[0])
    terms = {term for row in rows for term in re.findall(r"`([^`]+)`", row["avoid"])}
    return {term: re.compile(rf"\b{re.escape(term)}s?\b", re.IGNORECASE) for term in sorted(terms)}


def _broken_terms(name: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield each replaced term in a text without code, and where it is."""
    for sentence in re.split(r"(?<=[.!?;:|])\s+|\n\s*\n", text):
        found = [(term, match[0]) for term, pattern in _TERMS.items() for match in pattern.finditer(sentence)]
        found += [("is no", match[0]) for match in _IS_NO.finditer(sentence)]
        for term, match in found:
            if not (term.startswith("answer") and _ANSWERED.search(sentence)) and match != "HEAD":
                yield term, f"{name}: {match}: {' '.join(sentence.split())}"


_TERMS = _terms()


def _above_limits(broken: Iterable[tuple[str, str]], limits: Mapping[str, int]) -> dict[str, list[str]]:
    """Return the terms or rules that are broken more often than allowed, each with all occurrences."""
    by_rule: dict[str, list[str]] = {}
    for rule, where in broken:
        by_rule.setdefault(rule, []).append(where)
    return {rule: where for rule, where in by_rule.items() if len(where) > limits.get(rule, 0)}


@pytest.mark.exhaustive
def test_texts_use_the_terms_of_the_glossary() -> None:
    """The manual, help and the files beside them name each thing as the field does, and start conditions with *if*."""
    texts = {name: _prose(text) for name, text in _TEXTS.items()}
    broken = [found for name, text in texts.items() for found in _broken_terms(name, text)]
    assert {} == _above_limits(broken, _LEFT_IN_TEXTS)
    assert [] == [
        f"{name}: {match[0]}" for name, text in texts.items() for match in _FIRST_WHERE.finditer(text)
    ]


def test_the_glossary_is_read() -> None:
    """Terms of the table are found, also in the plural; an answer to a question is not."""
    assert {"place", "stand-in", "that of"} <= _TERMS.keys()
    text = "Places are stored. It answers the request. Answer the question."
    assert ["place", "answer"] == [term for term, _ in _broken_terms("", text)]


@pytest.mark.parametrize("name", _TEXTS)
def test_sentences_are_short(name: str) -> None:
    """A sentence has at most 30 words, and nine in ten have at most 25."""
    sentences = _sentences(_TEXTS[name])
    assert [] == [sentence for sentence in sentences if _words(sentence) > _MOST_WORDS]
    assert sum(_words(sentence) > _MANY_WORDS for sentence in sentences) <= _SHARE_OF_LONG * len(sentences)


def test_conditions_start_with_if() -> None:
    """Of 1,000 words of the manual and the files beside it, at most one is *where*."""
    pages = [text for name, text in _TEXTS.items() if not name.startswith("dynacli ")]
    words = [word for text in pages for word in re.findall(r"[a-z']+", _prose(text).lower())]
    assert len(words) > 5_000
    assert 1_000 * words.count("where") <= len(words)


def _constant_of(node: ast.expr, *functions: str) -> str:
    """Return the first argument of a call of one of some functions, if it is a constant; else nothing."""
    is_named = isinstance(node, ast.Call) and ast.unparse(node.func) in functions
    first = node.args[0] if is_named and isinstance(node, ast.Call) and node.args else None
    return str(first.value) if isinstance(first, ast.Constant) else ""


_LIST_OF_WORDS = re.compile(r"[a-z]+(?: [a-z]+){19,}")
"""Twenty and more words without a capital or a sign: what a search ignores, not a message."""


class _Strings(ast.NodeVisitor):
    """The strings of a module: those that people may read, and docstrings."""

    def __init__(self) -> None:
        self.messages: list[tuple[int, str]] = []
        self.docstrings: list[tuple[int, str]] = []
        self.comments: list[str] = []
        self.variables: set[str] = set()
        self.extras: set[str] = set()
        self.invocations: list[tuple[int, str]] = []
        """The commands that `invocation` makes, with the options that follow in the same code span."""

    def of(self, kind: str) -> list[str]:
        """Return the texts of a kind."""
        lines = {"messages": self.messages, "docstrings": self.docstrings}.get(kind)
        return self.comments if lines is None else [text for _, text in lines]

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            self.docstrings.append((node.lineno, node.value.value))
        else:
            self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        for value, after in zip_longest(node.values, node.values[1:]):
            if isinstance(value, ast.FormattedValue) and (command := _constant_of(value.value, "invocation")):
                text = str(after.value) if isinstance(after, ast.Constant) else ""
                options = _OPTION.findall(re.split("[`;]", text)[0])
                self.invocations.append((node.lineno, " ".join([command, *options])))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if command := _constant_of(node, "invocation", "invocation_words"):
            self.invocations.append((node.lineno, command))
        self.variables.update({_constant_of(node, "variable")} - {""})
        self.extras.update({_constant_of(node, "how_to_install")} - {""})
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and " " in node.value and not _LIST_OF_WORDS.fullmatch(node.value):
            self.messages.append((node.lineno, node.value))


@functools.cache
def _strings() -> Mapping[str, _Strings]:
    """Return the strings of each module of the package, by path."""
    found = {}
    for path in sorted((ROOT / "dynacli").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        strings = found[path.relative_to(ROOT).as_posix()] = _Strings()
        strings.visit(ast.parse(text))
        strings.comments = re.findall(r"(?m)^(?: *|.*  )# (.*)$", text)
    return found


_CONDITIONAL_WHERE = re.compile(
    r"\b(?:None|empty|only|also|even|except|unless) where\b|[.;]\s+where\b[^.;:]*,", re.IGNORECASE
)


@pytest.mark.exhaustive
def test_the_code_uses_the_terms_of_the_glossary() -> None:
    """Messages, docstrings and comments name each thing as the manual does."""
    broken = [
        found
        for name, strings in _strings().items()
        for kind in ("messages", "docstrings", "comments")
        for text in strings.of(kind)
        for found in _broken_terms(name, _ARGUMENT.sub(" X: ", re.sub(r"`[^`]*`", "X", text)))
    ]
    assert {} == _above_limits(broken, _LEFT_IN_CODE)


@pytest.mark.exhaustive
def test_conditions_in_the_code_start_with_if() -> None:
    """Messages, docstrings and comments start a condition with *if*."""
    assert [] == [
        f"{name}: {match[0]}"
        for name, strings in _strings().items()
        for kind in ("messages", "docstrings", "comments")
        for text in strings.of(kind)
        for match in _CONDITIONAL_WHERE.finditer(re.sub(r"`[^`]*`", "X", text))
    ]


_ARGUMENT = re.compile(r"^ +\w+: ", re.MULTILINE)
"""The name of an argument or an error in a docstring."""
_RELATIVE = re.compile(r"\b(?:that|which|what|whose)\b", re.IGNORECASE)
_NEGATED_TWICE = re.compile(r"\b(?:[Nn]ot?|none|[Nn]ever)\b[^.,;:]*\b(?:not|none|nothing|never|without)\b")
"""Two negations in a clause; `None` is a value."""


def _broken_rules(name: str, docstring: str) -> Iterator[tuple[str, str]]:
    """Yield each rule of docstrings that one breaks, and where."""
    plain = re.sub(r"`[^`]*`", "X", docstring)
    about, _, raised = plain.partition("Raises:\n")
    for text in [about, *re.findall(r"^ +\w+: (.+)", about, re.MULTILINE)]:
        if re.match(r"(?:What|How)\b", text):
            yield "starts with What or How", f"{name}: {text}"
    for text in re.findall(r"^ +\w+: (.+)", raised, re.MULTILINE):
        if re.match(r"(?:It|They|There)\b", text):
            yield "an error without a noun", f"{name}: {text}"
    for sentence in _sentences(docstring):
        if len(_RELATIVE.findall(sentence)) > 2:
            yield "three relative clauses", f"{name}: {sentence}"
        if _NEGATED_TWICE.search(sentence):
            yield "two negations", f"{name}: {sentence}"


def test_docstrings_can_be_read_aloud() -> None:
    """An error names its subject, a definition starts with a noun, and a sentence has few clauses and negations."""
    broken = [
        found
        for name, strings in _strings().items()
        for text in strings.of("docstrings")
        for found in _broken_rules(name, text)
    ]
    assert {} == _above_limits(broken, _LEFT_IN_CODE)


@pytest.mark.parametrize(
    ("rule", "docstring"),
    [
        ("an error without a noun", "Send it.\n\n    Raises:\n        ValueError: It is empty.\n"),
        ("starts with What or How", "What is sent."),
        ("starts with What or How", "Send it.\n\n    Args:\n        count: How many there are.\n"),
        ("three relative clauses", "Return what that has which is sent."),
        ("two negations", "No value is not sent."),
    ],
)
def test_a_broken_rule_of_docstrings_is_found(rule: str, docstring: str) -> None:
    """Each rule of docstrings finds its example, and no other rule does."""
    assert {rule} == {found for found, _ in _broken_rules("", docstring)}


def test_sentences_of_docstrings_are_short() -> None:
    """A sentence of a docstring has at most 30 words."""
    assert [] == [
        f"{name}: {sentence}"
        for name, strings in _strings().items()
        for text in strings.of("docstrings")
        for sentence in _sentences(text)
        if _words(sentence) > _MOST_WORDS
    ]


_FLAGS = {
    "--help",
    "--version",
    *(flag for option in OPTIONS for flag in option.flags),
    *(flag for command in _ENTRIES.values() for option in command.all_options for flag in option.flags),
}
_EXTRAS = set(
    tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
)
_OF_OTHERS = {
    *("--limit", "--page", "--prompt", "--range", "--status"),  # inputs in examples
    *("--data-urlencode", "--form-string"),  # of curl
    *("--secret", "--variable"),  # of hurl
}


_TAKES_INPUTS = frozenset(
    {"batch", "demo", "edit", "explore", "read", "replay", "request", "diff", "sync", "workflow"}
)
"""Commands after which inputs of an operation are options, too."""


def _is_unresolved(line: str) -> bool:
    """Return whether the words after `dynacli` name a topic, a subcommand or an option that is not there."""
    first, *more = line.split()
    word = more[0] if more and more[0].islower() else ""
    if first == "help":
        return bool(word) and word not in {*dict(topics()), *COMMANDS, "options"}
    command = COMMANDS.get(first)
    if command is None or first in _TAKES_INPUTS:
        return command is None
    if command.commands:
        command = _subcommand(command, word)
    if command is None:
        return word != ""
    takes = {"--help", *(flag for option in command.all_options for flag in option.flags)}
    own = re.sub(r'"[^"]*"', "", line)  # an argument in quotes may be another command line
    return not set(_OPTION.findall(own.partition(" -- ")[0])) <= takes


def _subcommand(group: Command, word: str) -> Command | None:
    names = {command.name: command for command in group.commands}
    return names.get(word) or names.get(group.default)


@pytest.mark.parametrize(
    "line", ["help nothing", "list", "api remember shop", "api list --tag x", "doctor --all"]
)
def test_what_is_not_there_is_found(line: str) -> None:
    """The next tests see a topic, a command, a subcommand and an option that do not exist."""
    assert _is_unresolved(line)
    assert not _is_unresolved("auth login shop --with-token")


def test_a_hint_names_commands_and_topics_that_exist() -> None:
    """What `invocation` makes of a constant is a command of the table, or a topic of the manual."""
    assert [] == [
        f"{name}, line {line}: {command}"
        for name, strings in _strings().items()
        for line, command in strings.invocations
        if _is_unresolved(command)
    ]


def test_a_hint_names_variables_and_extras_that_exist() -> None:
    """What `variable` makes is on the page about the environment, and the extras of `how_to_install` are there."""
    environment = page("environment") or ""
    variables = {name for strings in _strings().values() for name in strings.variables}
    extras = {name for strings in _strings().values() for name in strings.extras}
    assert {name for name in variables if f"DYNACLI_{name}`" in environment} == variables
    assert {"tui", "mcp"} <= extras <= _EXTRAS


def test_a_message_names_options_that_exist() -> None:
    """An option in a message is one of dynacli's, of another program, or an input of an example."""
    assert [] == [
        f"{name}, line {line}: {option}"
        for name, strings in _strings().items()
        for line, text in strings.messages
        for option in _OPTION.findall(text)
        if option not in _FLAGS | _OF_OTHERS and not option.startswith("--dynacli-")
    ]


def test_a_message_names_topics_and_extras_that_exist() -> None:
    """`help TOPIC` and `'.[EXTRA]'` are resolved in messages, in the manual and in the files beside it."""
    texts = {
        **{name: "\n".join(text for _, text in strings.messages) for name, strings in _strings().items()},
        **{f"help {topic}": page(topic) or "" for topic, _ in topics()},
        **_TEXTS,
    }
    known = {*dict(topics()), *COMMANDS, "options"}
    assert [] == [
        f"{name}: {match[0]}"
        for name, text in texts.items()
        for match in re.finditer(r"(?:dynacli |`)help ([a-z][a-z-]*)", text)
        if match[1] not in known
    ]
    assert [] == [
        f"{name}: {match[0]}"
        for name, text in texts.items()
        for match in re.finditer(r"'\.\[([a-z0-9,]+)\]'", text)
        if not set(match[1].split(",")) <= _EXTRAS
    ]


@pytest.mark.exhaustive
def test_a_text_names_commands_and_options_that_exist() -> None:
    """A command of dynacli's in a code span or block is in the table, and so are its subcommand and its options."""
    pages = {f"help {topic}": page(topic) or "" for topic, _ in topics()}
    lines = [
        (name, line.split("#")[0])
        for name, text in {**_TEXTS, **pages}.items()
        for line in re.findall(r"(?:^ *\$? *|`)dynacli ([^`|\n]+)", text, re.MULTILINE)
        if line.split()[0] in COMMANDS
    ]
    assert len(lines) > 100
    assert [] == [f"{name}: dynacli {line}" for name, line in lines if _is_unresolved(line)]
