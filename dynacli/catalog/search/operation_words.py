"""The words by which an operation is known: what it is about, where that belongs, and what it does."""

from dynacli.catalog.search.search_words import STOP_WORDS, stem, words_of
from dynacli.catalog.search.thesaurus import ACTING, AMBIGUOUS, GENERIC, action_of
from dynacli.model.operation import SAFE_METHODS, OperationSummary
from dynacli.record import record

__all__ = ["OperationWords", "words_of_operation"]

_SEPARATORS = str.maketrans("#.:", "   ")
_MINE = frozenset({"me", "my", "authenticated", "current", "self"})
_EMPTY = STOP_WORDS | {"v", "api", "rest", "json", "id", "ids", "sid", *"0123456789"}
"""Words of paths and names that say nothing."""
_TRANSPARENT = frozenset(
    {"content", "contents", "data", "detail", "details", "info", "actions", "relationships"}
)
"""Last steps of a path that stand for what is before them."""
_BULK = frozenset({"bulk", "batch", "many", "multiple", "mass"})
_LISTING = frozenset({"list", "lists", "all", "multiple"})
_READING = frozenset({"list", "get", "search"})
_SUMMARY = 60
"""Characters of a summary of which the first words are looked at."""


@record
class OperationWords:
    """The stems by which an operation is known.

    Args:
        target: Of the last step of its path that is neither a parameter nor a verb: what it is about.
        context: Of the steps before that.
        rest: Of its name, that its path does not have; verbs that say no more than what it does are left out.
        actions: What it does → how surely.
        is_mine: Whether it is about who calls it.
        is_many: Whether it is about several things.
    """

    target: tuple[str, ...]
    context: tuple[str, ...]
    rest: tuple[str, ...]
    actions: dict[str, float]
    is_mine: bool
    is_many: bool

    @property
    def all(self) -> tuple[str, ...]:
        """All stems."""
        return (*self.target, *self.context, *self.rest)


def words_of_operation(operation: OperationSummary) -> OperationWords:
    """Return the stems by which an operation is known."""
    path = _Path(operation)
    name = words_of(operation.name)
    target = _stems([*path.noun, *(word for word in path.verb if word not in GENERIC)])
    context = _stems([word for step in path.before for word in step])
    known = {*target, *context}
    method = operation.method.lower()
    told = [word for word in name if word not in GENERIC and word not in _MINE and word != method]
    nouns = {*_stems(path.noun), *context}
    actions = _actions(operation, path, _verbs(operation, name, nouns), name)
    return OperationWords(
        target,
        context,
        tuple(each for each in _stems(told) if each not in known),
        actions,
        not _MINE.isdisjoint(name) or "me" in path.steps or path.steps[:1] == ["user"],
        _is_many(operation.method, path, name, actions),
    )


class _Path:
    """The path of an operation, taken apart.

    Attributes:
        steps: All steps.
        ends_in_one: Whether it ends in a parameter.
        noun: The words of the last step that names a thing.
        verb: The words of a step behind that, which says what is done with it.
        before: The words of each step before the noun that is no parameter.
        doing: What the verb does; empty where there is none.
    """

    def __init__(self, operation: OperationSummary) -> None:
        self.steps = _steps(operation.path)
        literals = [words_of(step) for step in self.steps if not step.startswith("{")]
        self.ends_in_one = bool(self.steps) and self.steps[-1].startswith("{")
        self.noun = literals.pop() if literals else []
        self.doing = self._doing(operation.method)
        self.verb: list[str] = []
        if self._is_one_of(GENERIC) and literals:
            self.noun = literals.pop()  # `/users.list`
        if self.doing and literals:
            self.verb, self.noun = self.noun, literals.pop()
        if self._is_one_of(_TRANSPARENT) and literals:
            self.noun = literals.pop()
        self.before = literals

    def _is_one_of(self, words: frozenset[str]) -> bool:
        return len(self.noun) == 1 and self.noun[0] in words and not self.ends_in_one

    def _doing(self, method: str) -> str:
        """Return what the last step does: `reboot` in `/servers/{id}/reboot`; empty where it is no verb."""
        if len(self.steps) < 2 or self.ends_in_one or not self.noun or method in {"GET", "DELETE"}:
            return ""
        if len(self.noun) == 1 and self.noun[0].endswith("s"):
            return ""
        return action_of(stem(self.noun[0])) or (ACTING if self.steps[-2] == "actions" else "")

    @property
    def is_plural(self) -> bool:
        """Whether the last step that names a thing names several."""
        return bool(self.noun) and self.noun[-1].endswith("s") and not self.noun[-1].endswith("ss")


def _steps(path: str) -> list[str]:
    """Return the steps of a path, also of one that names a method: `/users.list`, `/things/{id}:archive`."""
    steps: list[str] = []
    for part in path.split("/"):
        found = (
            [part] if part.startswith("{") and part.endswith("}") else part.translate(_SEPARATORS).split(" ")
        )
        steps += [step for step in found if step and step not in {"json", "xml"}]
    return steps


def _stems(words: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(stem(word) for word in words if word not in _EMPTY))


def _is_many(method: str, path: _Path, name: list[str], actions: dict[str, float]) -> bool:
    if method in SAFE_METHODS:
        return actions.get("list", 0.0) > 0.9
    if method == "POST":
        return not _BULK.isdisjoint(name)
    return path.is_plural and not path.ends_in_one and not path.doing


def _actions(operation: OperationSummary, path: _Path, verbs: list[str], name: list[str]) -> dict[str, float]:
    """Return what an operation does → how surely, by its method, the end of its path, its name and its summary."""
    is_safe = operation.method in SAFE_METHODS
    if path.doing:
        actions = {path.doing: 1.0, ACTING: 0.8}
    elif is_safe:
        actions = _reading(operation, path, name)
    else:
        actions = _writing(operation.method, ends_in_one=path.ends_in_one)
    verbs = [verb for verb in verbs if verb == "search" or (verb in _READING) == is_safe]
    if verbs and not is_safe and actions.keys().isdisjoint(verbs):
        actions = {done: 0.5 * surely for done, surely in actions.items()}
    for verb in verbs:
        if not (is_safe and verb == "get" and "list" in actions):
            actions[verb] = 1.0
    return actions


def _reading(operation: OperationSummary, path: _Path, name: list[str]) -> dict[str, float]:
    if path.ends_in_one:
        return {"get": 1.0}
    summary = words_of(operation.summary[:_SUMMARY])[:4]
    if path.is_plural or not _LISTING.isdisjoint((*name, *summary)):
        return {"list": 1.0, "get": 0.3}
    return {"get": 0.9, "list": 0.5}


def _writing(method: str, *, ends_in_one: bool) -> dict[str, float]:
    if method == "POST":
        return {"update": 0.5, "create": 0.5, ACTING: 0.5} if ends_in_one else {"create": 0.9, ACTING: 0.4}
    return {
        "DELETE": {"delete": 1.0},
        "PATCH": {"update": 1.0},
        "PUT": {"update": 0.9, "create": 0.5, ACTING: 0.4},
    }.get(method, {ACTING: 1.0})


def _verbs(operation: OperationSummary, name: list[str], nouns: set[str]) -> list[str]:
    """Return what the verbs of an operation's name and summary do."""
    found = []
    method = operation.method.lower()
    for at, word in enumerate(name):
        is_verb = at == 0 or (word not in AMBIGUOUS and stem(word) not in nouns)
        if is_verb and word != method and not word.endswith("s") and action_of(stem(word)):
            found.append(action_of(stem(word)))
            break
    summary = words_of(operation.summary[:_SUMMARY])[:2]
    if summary == ["set", "up"]:
        found.append("create")
    elif summary and action_of(stem(summary[0])):
        found.append(action_of(stem(summary[0])))
    return found
