"""Which branches of a schema a value belongs to, by its discriminators and by the options that were given.

Pure. Validation is left to the judge: this only refuses a mixture of branches in terms of the options that made it,
fills in the discriminator of the branch, and tells the example maker which branch is meant.
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
"""How many options or branches a message names."""
_MAX_DEPTH = 100


class BranchSelection(NamedTuple):
    """The branches that a value belongs to.

    Args:
        value: The value, discriminators filled in.
        missing: The options that the chosen branches require and nobody gave.
        overlay: A schema that only values of the chosen branches match, and only with the objects
            in which options were given.
    """

    value: Any
    missing: tuple[str, ...]
    overlay: Any


def select_branches(
    schema: Any,
    resolve: Resolve,
    value: Any,
    options: Mapping[Path, str],
    *,
    is_strict: bool = True,
    is_final: bool = True,
) -> BranchSelection:
    """Return the branches that a value belongs to, at each place along the given options.

    Args:
        schema: The schema of the whole value.
        value: A JSON value; it is not changed.
        options: Path → the option that gave the value there, as messages name it, such as `--pet.name`.
        is_strict: Whether a mixture of branches is an error.
        is_final: Whether nothing more is filled in, so that a value which is complete for no branch is an error, too.

    Raises:
        UsageError: Options of two branches were given that exclude each other.
    """
    selector = _Selector(resolve, options, is_strict=is_strict, is_final=is_final)
    filled = selector.select(schema, value, (), "", 0)
    return BranchSelection(filled, tuple(selector.missing), selector.overlay())


class _Selector:
    """Selects the branches of a value, place by place.

    Attributes:
        missing: The options that the chosen branches require and nobody gave.
        chosen: Path → schema of each chosen branch.
    """

    def __init__(
        self, resolve: Resolve, options: Mapping[Path, str], *, is_strict: bool, is_final: bool
    ) -> None:
        self.resolve = resolve
        self.options = options
        self.is_strict = is_strict
        self.is_final = is_final
        self.missing: list[str] = []
        self.chosen: list[tuple[Path, Any]] = []

    def select(self, schema: Any, value: Any, path: Path, option: str, depth: int) -> Any:
        """Return the value at a place, filled in."""
        below = self.options_below(path)
        if not below or depth > _MAX_DEPTH:
            return value
        flat = flatten(schema, self.resolve)
        if isinstance(value, list):
            return [
                self.select(flat.items, item, (*path, f"[{index}]"), f"{option}[{index}]", depth + 1)
                for index, item in enumerate(value)
            ]
        if not isinstance(value, Mapping):
            return value
        filled = dict(value)
        described = self.choose(flat, filled, path, option, below)
        words: dict[str, str] = {}
        for name, schemas in described.items():
            words = words or option_words(flat.properties)
            word = words.get(name, name)
            inner = schemas[0] if len(schemas) == 1 else {"allOf": schemas}
            inner_option = f"{option}.{word}" if option else word
            filled[name] = self.select(inner, filled[name], (*path, name), inner_option, depth + 1)
        return filled

    def options_below(self, path: Path) -> dict[str, str]:
        """Return step → an option that was given there or deeper, for each step below a place."""
        size = len(path)
        return {
            given_path[size]: option
            for given_path, option in self.options.items()
            if len(given_path) > size and given_path[:size] == path
        }

    def choose(
        self, flat: FlatSchema, filled: dict[str, Any], path: Path, option: str, below: Mapping[str, str]
    ) -> dict[str, list[Any]]:
        """Choose the branches at a place, fill in their discriminators, and return property → its schemas.

        Args:
            flat: The schema of the place.
            filled: The value of the place, to be filled in.
            path: The path to the place.
            option: The option of the place without dashes.
            below: Step → option, as `options_below` returns them.
        """
        described: dict[str, list[Any]] = {name: [] for name in filled}
        waiting = list(flat.groups)
        chosen: list[FlatSchema] = []
        is_undecided = False
        neutral = set(flat.outside_branches)
        while waiting:
            group = waiting.pop(0)
            index = self.pick(group, filled, option, below, neutral)
            if index is None:
                is_undecided = True
                continue
            branch = group.flat_branches[index]
            self.chosen.append((path, group.branches[index]))
            self.chosen.extend((path, tag) for tag in _tag_schema(group, index, filled))
            chosen.append(branch)
            neutral |= branch.outside_branches
            waiting.extend(branch.groups)
        for branch in chosen:
            lacking = self.lacking(branch, filled, option)
            self.missing.extend(name for name in lacking if name not in self.missing)
        for name, schemas in described.items():
            own = flat.properties.get(name)
            if own is not None and (is_undecided or not chosen or name in flat.outside_branches):
                schemas.append(own)
            elif chosen:
                schemas.extend(branch.properties[name] for branch in chosen if name in branch.properties)
            if not schemas:
                parts = (part_of(schema, name) for schema in (flat, *chosen))
                schemas.append(next((part for part in parts if part), True))
        return described

    def pick(
        self,
        group: BranchGroup,
        filled: dict[str, Any],
        option: str,
        below: Mapping[str, str],
        neutral: set[str],
    ) -> int | None:
        """Return the index of the branch that applies; None where several may.

        Args:
            neutral: The properties that no choice of branches depends on.

        Raises:
            UsageError: No branch allows the given options together.
        """
        by = group.discriminator.property if group.discriminator is not None else ""
        possible = [
            index
            for index in range(len(group.flat_branches))
            if not any(self.excludes(group, index, name, filled, neutral) for name in filled)
        ]
        tagged = self.tagged(group, filled.get(by)) if by in filled else None
        if tagged is not None:
            if tagged not in possible:
                self.refuse(group, [by, *filled], filled, below, neutral, option)
            return tagged
        if not possible:
            self.refuse(group, list(filled), filled, below, neutral, option)
            return None
        if group.keyword == "discriminator" and not any(
            name in below and name not in neutral for name in filled
        ):
            return None  # the value may be of the base schema, which the branches only add to
        if len(possible) > 1:
            is_tagged = group.discriminator is not None and not group.discriminator.is_implied
            if len(possible) < len(group.flat_branches) and not is_tagged:
                self.check_complete(group, possible, filled, below, option)
            return None
        self.fill(group, possible[0], filled)
        return possible[0]

    def tagged(self, group: BranchGroup, value: Any) -> int | None:
        """Return the index of the branch that a discriminator's value picks; None where it picks none."""
        for index, tags in enumerate(group.tags):
            if value in tags:
                return index
        default = group.discriminator.default if group.discriminator is not None else ""
        for index, branch in enumerate(group.flat_branches):
            if default and default in branch.entries:
                return index
        return None

    def excludes(
        self, group: BranchGroup, index: int, name: str, filled: Mapping[str, Any], neutral: set[str]
    ) -> bool:
        """Return whether a branch cannot apply because a property is there."""
        branch = group.flat_branches[index]
        if branch.type not in {"object", ANY} and not branch.is_union:
            return True
        value = filled[name]
        if name in branch.properties:
            allowed = flatten(branch.properties[name], self.resolve).enum
            is_scalar = isinstance(value, str | int | float) and not isinstance(value, bool)
            # A value that no other branch lists marks a branch; why a value is wrong is for validation to explain.
            return is_scalar and len(allowed) > 0 and value not in allowed
        if name in neutral or not any(name in other.properties for other in group.flat_branches):
            return False
        if group.keyword == "anyOf" and (group.discriminator is None or group.discriminator.is_implied):
            return branch.additional is False
        return not branch.is_open

    def check_complete(
        self,
        group: BranchGroup,
        possible: Sequence[int],
        filled: Mapping[str, Any],
        below: Mapping[str, str],
        option: str,
    ) -> None:
        """Refuse a value that may be of several branches and lacks something for each of them.

        Raises:
            UsageError: It does, nothing more is filled in, and mixtures are errors.
        """
        if not self.is_strict or not self.is_final:
            return
        lacking = {index: self.lacking(group.flat_branches[index], filled, option) for index in possible}
        if not all(lacking.values()):
            return
        given_options = _enumerated([f"`{below[name]}`" for name in filled if name in below])
        needs = [
            f"`{group.names[index]}` needs {_enumerated(options)}"
            for index, options in list(lacking.items())[:MAX_NAMED]
        ]
        raise UsageError(
            f"{given_options} {'is' if given_options.count('`') == 2 else 'are'} not enough",
            why="; ".join(needs),
        )

    def lacking(self, branch: FlatSchema, filled: Mapping[str, Any], option: str) -> list[str]:
        """Return the options that a branch requires and nobody gave."""
        names = (name for name in branch.properties if name in branch.required and name not in filled)
        return self.options_of(branch, names, option)

    def options_of(self, branch: FlatSchema, names: Iterable[str], option: str) -> list[str]:
        """Return the options of properties of a branch, without those that are read-only."""
        words = option_words(branch.properties)
        return [
            f"--{option}.{words[name]}" if option else f"--{words[name]}"
            for name in names
            if not flatten(branch.properties[name], self.resolve).is_read_only
        ]

    def fill(self, group: BranchGroup, index: int, filled: dict[str, Any]) -> None:
        """Fill in the properties that mark a branch: its discriminator, and others with a single allowed value."""
        branch = group.flat_branches[index]
        by = group.discriminator
        if by is not None and group.tags[index] and (not by.is_implied or by.property in branch.required):
            filled.setdefault(by.property, group.tags[index][0])
        for name in branch.properties:
            if name in filled or name not in branch.required:
                continue
            flat = flatten(branch.properties[name], self.resolve)
            if len(flat.enum) == 1 and not flat.is_read_only and len(group.flat_branches) > 1:
                filled[name] = flat.enum[0]

    def refuse(
        self,
        group: BranchGroup,
        names: Sequence[str],
        filled: Mapping[str, Any],
        below: Mapping[str, str],
        neutral: set[str],
        option: str,
    ) -> None:
        """Refuse two properties that no branch has together, where an option gave at least one of them.

        Raises:
            UsageError: There are such properties, and mixtures are errors.
        """
        if not self.is_strict:
            return
        for first in dict.fromkeys(names):
            for second in filled:
                if first == second or (first not in below and second not in below):
                    continue
                with_first = self.holders(group, first, filled, neutral)
                with_second = self.holders(group, second, filled, neutral)
                if with_first and with_second and not set(with_first) & set(with_second):
                    raise self.conflict(group, (first, with_first), (second, with_second), below, option)

    def holders(
        self, group: BranchGroup, name: str, filled: Mapping[str, Any], neutral: set[str]
    ) -> list[int]:
        """Return the branches that a property belongs to; empty where all may have it."""
        by = group.discriminator.property if group.discriminator is not None else ""
        if name == by and (tagged := self.tagged(group, filled[name])) is not None:
            return [tagged]
        count = len(group.flat_branches)
        holders = [index for index in range(count) if not self.excludes(group, index, name, filled, neutral)]
        return [] if len(holders) == count else holders

    def conflict(
        self,
        group: BranchGroup,
        first: tuple[str, list[int]],
        second: tuple[str, list[int]],
        below: Mapping[str, str],
        option: str,
    ) -> UsageError:
        """Return the error that names two properties, their branches, and the options of these branches."""
        sources = [below.get(name, f"`{name}`") for name, _ in (first, second)]
        shown = [source if source.startswith("`") else f"`{source}`" for source in sources]
        by = group.discriminator.property if group.discriminator is not None else ""
        verbs = ["picks" if name == by else "belongs to" for name, _ in (first, second)]
        if verbs[0] == verbs[1]:
            verbs[1] = "to"  # "`--a` belongs to `Cat`, `--b` to `Dog`"
        belongs = [
            f"{source} {verb} {_enumerated([f'`{group.names[index]}`' for index in indexes], 'or')}"
            for source, verb, (_, indexes) in zip(shown, verbs, (first, second), strict=True)
        ]
        where = f"`--{option}`" if option else "The body"
        takes = [
            f"`{group.names[index]}` takes {self.described_options(group.flat_branches[index], option)}"
            for index in (first[1][0], second[1][0])
        ]
        return UsageError(
            f"{shown[0]} and {shown[1]} do not go together",
            why=f"{where} is one of several: {belongs[0]}, {belongs[1]}",
            hint="; ".join(takes),
            branches=[[group.names[index] for index in indexes] for _, indexes in (first, second)],
        )

    def described_options(self, branch: FlatSchema, option: str) -> str:
        """Return the options of a branch for a message, required ones first."""
        names = sorted(
            branch.properties,
            key=lambda name: (name not in branch.required, name not in branch.outside_branches),
        )
        return _enumerated(self.options_of(branch, names, option))

    def overlay(self) -> Any:
        """Return the schema that makes an example agree with the given options."""
        schemas: list[Any] = [_at_path(path, branch) for path, branch in self.chosen]
        parents = dict.fromkeys(path[:size] for path in self.options for size in range(1, len(path)))
        schemas.extend(_at_path(path, True) for path in parents)
        return {"allOf": schemas} if schemas else True


def _tag_schema(group: BranchGroup, index: int, filled: Mapping[str, Any]) -> Iterator[Any]:
    """Yield a schema that demands the discriminator's value, which the branch's own schema may leave open."""
    by = group.discriminator
    if by is not None and not by.is_implied and group.tags[index]:
        value = filled.get(by.property)
        value = value if value in group.tags[index] else group.tags[index][0]
        yield {"required": [by.property], "properties": {by.property: {"enum": [value]}}}


def _at_path(path: Path, schema: Any) -> Any:
    """Return the schema of values that have something at a path which matches a schema."""
    for step in reversed(path):
        if step.startswith("[") and step.endswith("]"):
            index = int(step[1:-1]) if step != "[]" else 0
            schema = {"minItems": index + 1, "prefixItems": [*([True] * index), schema]}
        else:
            schema = {"required": [step], "properties": {step: schema}}
    return schema


def _enumerated(words: Iterable[str], conjunction: str = "and") -> str:
    from dynacli.model.wording import enumerated

    return enumerated(list(dict.fromkeys(words)), conjunction, MAX_NAMED) or "no options"
