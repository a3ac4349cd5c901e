"""Which branches of a schema a value is of: what its discriminators say, and what the options given fit.

Pure. It decides nothing that the judge decides: it names a mixture of branches in terms of the options that made it,
fills in the value that a discriminator must have then, and tells the example maker which branch is meant.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dynacli.errors import UsageError
from dynacli.model.operation import ANY
from dynacli.schema.flatten_schema import BranchGroup, FlatSchema, Resolve, flatten
from dynacli.schema.option_fields import option_words, part_of

__all__ = ["BranchSelection", "select_branches"]

Path = tuple[str, ...]

MAX_NAMED = 6
"""Options or branches that a message names."""
_MAX_DEPTH = 100


class BranchSelection(NamedTuple):
    """What a value turned out to be.

    Args:
        value: The value, discriminators filled in.
        missing: The options of what the chosen branches require besides.
        overlay: A schema that only values of the chosen branches fit, and only with the objects
            that something was given inside of.
    """

    value: Any
    missing: tuple[str, ...]
    overlay: Any


def select_branches(
    schema: Any,
    resolve: Resolve,
    value: Any,
    given: Mapping[Path, str],
    *,
    is_strict: bool = True,
    is_final: bool = True,
) -> BranchSelection:
    """Return what a value is, place by place along the options that were given.

    Args:
        schema: The schema of the whole value.
        value: A JSON value; it is not changed.
        given: Path → what messages call that which was given there, such as `--pet.name`.
        is_strict: Whether a mixture of branches is an error.
        is_final: Whether nothing more is filled in, so that what fits no branch yet is an error too.

    Raises:
        UsageError: Options of two branches were given that exclude each other.
    """
    selector = _Selector(resolve, given, is_strict=is_strict, is_final=is_final)
    made = selector.at(schema, value, (), "", 0)
    return BranchSelection(made, tuple(selector.missing), selector.overlay())


class _Selector:
    def __init__(
        self, resolve: Resolve, given: Mapping[Path, str], *, is_strict: bool, is_final: bool
    ) -> None:
        self.resolve = resolve
        self.given = given
        self.is_strict = is_strict
        self.is_final = is_final
        self.missing: list[str] = []
        self.chosen: list[tuple[Path, Any]] = []

    def at(self, schema: Any, value: Any, path: Path, option: str, depth: int) -> Any:
        """Return the value at a place, filled in."""
        below = self.sources(path)
        if not below or depth > _MAX_DEPTH:
            return value
        seen = flatten(schema, self.resolve)
        if isinstance(value, list):
            return [
                self.at(seen.items, item, (*path, f"[{index}]"), f"{option}[{index}]", depth + 1)
                for index, item in enumerate(value)
            ]
        if not isinstance(value, Mapping):
            return value
        made = dict(value)
        described = self.choose(seen, made, path, option, below)
        words: dict[str, str] = {}
        for name, schemas in described.items():
            words = words or option_words(seen.properties)
            word = words.get(name, name)
            inner = schemas[0] if len(schemas) == 1 else {"allOf": schemas}
            here = f"{option}.{word}" if option else word
            made[name] = self.at(inner, made[name], (*path, name), here, depth + 1)
        return made

    def sources(self, path: Path) -> dict[str, str]:
        """Return step → what was given there or below, for the steps below a place."""
        size = len(path)
        return {
            one[size]: source for one, source in self.given.items() if len(one) > size and one[:size] == path
        }

    def choose(
        self, seen: FlatSchema, made: dict[str, Any], path: Path, option: str, below: Mapping[str, str]
    ) -> dict[str, list[Any]]:
        """Choose the branches at one place, fill in what picks them, and return name → schemas of what is there."""
        described: dict[str, list[Any]] = {name: [] for name in made}
        waiting = list(seen.groups)
        chosen_views: list[FlatSchema] = []
        is_undecided = False
        neutral = set(seen.own)
        while waiting:
            group = waiting.pop(0)
            index = self.pick(group, made, option, below, neutral)
            if index is None:
                is_undecided = True
                continue
            chosen = group.flat_branches[index]
            self.chosen.append((path, group.branches[index]))
            self.chosen.extend((path, tag) for tag in _tag(group, index, made))
            chosen_views.append(chosen)
            neutral |= chosen.own
            waiting.extend(chosen.groups)
        for chosen in chosen_views:
            self.miss(chosen, made, option)
        for name, schemas in described.items():
            own = seen.properties.get(name)
            if own is not None and (is_undecided or not chosen_views or name in seen.own):
                schemas.append(own)
            elif chosen_views:
                schemas.extend(one.properties[name] for one in chosen_views if name in one.properties)
            if not schemas:
                part = next((part for one in (seen, *chosen_views) if (part := part_of(one, name))), True)
                schemas.append(part)
        return described

    def miss(self, chosen: FlatSchema, made: Mapping[str, Any], option: str) -> None:
        """Remember what the chosen branch requires and nobody gave."""
        self.missing.extend(one for one in self.lacks(chosen, made, option) if one not in self.missing)

    def pick(
        self,
        group: BranchGroup,
        made: dict[str, Any],
        option: str,
        below: Mapping[str, str],
        neutral: set[str],
    ) -> int | None:
        """Return the index of the branch that holds; None where several may.

        Raises:
            UsageError: None does, because of what was given.
        """
        by = group.discriminator.property if group.discriminator is not None else ""
        fitting = [
            index
            for index in range(len(group.flat_branches))
            if not any(self.excludes(group, index, name, made, neutral) for name in made)
        ]
        tagged = self.tagged(group, made.get(by)) if by in made else None
        if tagged is not None:
            if tagged not in fitting:
                self.refuse(group, [by, *made], made, below, neutral, option)
            return tagged
        if not fitting:
            self.refuse(group, list(made), made, below, neutral, option)
            return None
        if group.keyword == "discriminator" and not any(
            name in below and name not in neutral for name in made
        ):
            return None  # the branches only add to a schema that can be meant itself
        if len(fitting) > 1:
            is_tagged = group.discriminator is not None and not group.discriminator.is_implied
            if len(fitting) < len(group.flat_branches) and not is_tagged:
                self.check_complete(group, fitting, made, below, option)
            return None
        self.fill(group, fitting[0], made)
        return fitting[0]

    def tagged(self, group: BranchGroup, value: Any) -> int | None:
        """Return the index of the branch that a discriminator's value picks; None where it picks none."""
        for index, tags in enumerate(group.tags):
            if value in tags:
                return index
        default = group.discriminator.default if group.discriminator is not None else ""
        for index, one in enumerate(group.flat_branches):
            if default and default in one.entries:
                return index
        return None

    def excludes(
        self, group: BranchGroup, index: int, name: str, made: Mapping[str, Any], neutral: set[str]
    ) -> bool:
        """Return whether a property cannot be there when a branch holds."""
        one = group.flat_branches[index]
        if one.type not in {"object", ANY} and not one.is_union:
            return True
        value = made[name]
        if name in one.properties:
            allowed = flatten(one.properties[name], self.resolve)
            is_plain = isinstance(value, str | int | float) and not isinstance(value, bool)
            # A single allowed value marks a branch; a wrong one among many is for the judge to explain.
            return is_plain and len(allowed.enum) > 0 and value not in allowed.enum
        if name in neutral or not any(name in other.properties for other in group.flat_branches):
            return False
        if group.keyword == "anyOf" and (group.discriminator is None or group.discriminator.is_implied):
            return one.additional is False
        return not one.is_open

    def check_complete(
        self,
        group: BranchGroup,
        fitting: Sequence[int],
        made: Mapping[str, Any],
        below: Mapping[str, str],
        option: str,
    ) -> None:
        """Refuse a value that fits several branches as far as it goes, and goes far enough for none of them."""
        if not self.is_strict or not self.is_final:
            return
        lacking = {index: self.lacks(group.flat_branches[index], made, option) for index in fitting}
        if not all(lacking.values()):
            return
        given = _listed([f"`{below[name]}`" for name in made if name in below], "and")
        needs = [
            f"`{group.names[index]}` needs {_listed(words, 'and')}"
            for index, words in list(lacking.items())[:MAX_NAMED]
        ]
        raise UsageError(
            f"{given} {'is' if given.count('`') == 2 else 'are'} not enough", why="; ".join(needs)
        )

    def lacks(self, one: FlatSchema, made: Mapping[str, Any], option: str) -> list[str]:
        """Return the options that a branch requires and nobody gave."""
        words = option_words(one.properties)
        return [
            f"--{option}.{words[name]}" if option else f"--{words[name]}"
            for name in one.properties
            if name in one.required
            and name not in made
            and not flatten(one.properties[name], self.resolve).is_read_only
        ]

    def fill(self, group: BranchGroup, index: int, made: dict[str, Any]) -> None:
        """Fill in what marks the branch: the discriminator, and what can have but one value in it."""
        one = group.flat_branches[index]
        by = group.discriminator
        if by is not None and group.tags[index] and (not by.is_implied or by.property in one.required):
            made.setdefault(by.property, group.tags[index][0])
        for name in one.properties:
            if name in made or name not in one.required:
                continue
            seen = flatten(one.properties[name], self.resolve)
            if len(seen.enum) == 1 and not seen.is_read_only and len(group.flat_branches) > 1:
                made[name] = seen.enum[0]

    def refuse(
        self,
        group: BranchGroup,
        names: Sequence[str],
        made: Mapping[str, Any],
        below: Mapping[str, str],
        neutral: set[str],
        option: str,
    ) -> None:
        """Refuse two properties that no branch has together, as far as options gave them."""
        if not self.is_strict:
            return
        for one in dict.fromkeys(names):
            for other in made:
                if one == other or (one not in below and other not in below):
                    continue
                with_one = self.holders(group, one, made, neutral)
                with_other = self.holders(group, other, made, neutral)
                if with_one and with_other and not set(with_one) & set(with_other):
                    raise self.conflict(group, (one, with_one), (other, with_other), below, option)

    def holders(self, group: BranchGroup, name: str, made: Mapping[str, Any], neutral: set[str]) -> list[int]:
        """Return the branches that a property belongs to; none where it tells nothing of them."""
        by = group.discriminator.property if group.discriminator is not None else ""
        if name == by and (tagged := self.tagged(group, made[name])) is not None:
            return [tagged]
        fitting = [
            index
            for index in range(len(group.flat_branches))
            if not self.excludes(group, index, name, made, neutral)
        ]
        return [] if len(fitting) == len(group.flat_branches) else fitting

    def conflict(
        self,
        group: BranchGroup,
        first: tuple[str, list[int]],
        second: tuple[str, list[int]],
        below: Mapping[str, str],
        option: str,
    ) -> UsageError:
        """Return the error that names two branches and their options."""
        called = [below.get(name, f"`{name}`") for name, _ in (first, second)]
        shown = [one if one.startswith("`") else f"`{one}`" for one in called]
        by = group.discriminator.property if group.discriminator is not None else ""
        verbs = ["picks" if name == by else "belongs to" for name, _ in (first, second)]
        if verbs[0] == verbs[1]:
            verbs[1] = "to"  # "one belongs to this, the other to that"
        belongs = [
            f"{word} {verb} {_listed([f'`{group.names[index]}`' for index in indexes], 'or')}"
            for word, verb, (_, indexes) in zip(shown, verbs, (first, second), strict=True)
        ]
        where = f"`--{option}`" if option else "The body"
        takes = [
            f"`{group.names[index]}` takes {self.options(group.flat_branches[index], option)}"
            for index in (first[1][0], second[1][0])
        ]
        return UsageError(
            f"{shown[0]} and {shown[1]} do not go together",
            why=f"{where} is one of several: {belongs[0]}, {belongs[1]}",
            hint="; ".join(takes),
            branches=[[group.names[index] for index in indexes] for _, indexes in (first, second)],
        )

    def options(self, one: FlatSchema, option: str) -> str:
        """Return the options of a branch, as a message lists them."""
        words = option_words(one.properties)
        names = sorted(one.properties, key=lambda name: (name not in one.required, name not in one.own))
        names = [name for name in names if not flatten(one.properties[name], self.resolve).is_read_only]
        return _listed(
            [f"--{option}.{words[name]}" if option else f"--{words[name]}" for name in names], "and"
        )

    def overlay(self) -> Any:
        """Return the schema that holds the example to what was given."""
        schemas: list[Any] = [_placed(path, branch) for path, branch in self.chosen]
        parents = dict.fromkeys(path[:size] for path in self.given for size in range(1, len(path)))
        schemas.extend(_placed(path, True) for path in parents)
        return {"allOf": schemas} if schemas else True


def _tag(group: BranchGroup, index: int, made: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the schema that holds an example to the discriminator's value, which a branch itself may leave open."""
    by = group.discriminator
    if by is not None and not by.is_implied and group.tags[index]:
        value = made.get(by.property)
        value = value if value in group.tags[index] else group.tags[index][0]
        yield {"required": [by.property], "properties": {by.property: {"enum": [value]}}}


def _placed(path: Path, schema: Any) -> Any:
    """Return a schema that a value fits when it has something at a path, and that fits the schema given."""
    for step in reversed(path):
        if step.startswith("[") and step.endswith("]"):
            index = int(step[1:-1]) if step != "[]" else 0
            schema = {"minItems": index + 1, "prefixItems": [*([True] * index), schema]}
        else:
            schema = {"required": [step], "properties": {step: schema}}
    return schema


def _listed(words: Iterable[str], conjunction: str) -> str:
    from dynacli.model.wording import enumerated

    return enumerated(list(dict.fromkeys(words)), conjunction, MAX_NAMED) or "no options"
