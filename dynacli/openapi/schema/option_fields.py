"""The options of a body or an object parameter: their names, types and descriptions.

The compiler lists the options of each operation once. Names of deeper options, and names with an array index or a map
key, are found at run time: dynacli follows the name through the same schemas.

The given options, and the discriminators of a value, select branches of the schema. If options belong to branches that
exclude each other, an error names them. dynacli fills in the discriminators of the selected branches, and can make an
example for them. Validation checks everything else.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dynacli.errors import UsageError
from dynacli.openapi.model.kebab_names import kebab, spelled_out
from dynacli.openapi.model.operation import AGAIN, ANY, EACH, MORE, Choice, Field, ValueType
from dynacli.openapi.schema.flatten_schema import BranchGroup, FlatSchema, FlatSchemas, flatten, value_type
from dynacli.openapi.schema.read_schema import Resolve
from dynacli.record import replace

_PLAIN = re.compile(r"[A-Za-z0-9$@_:<>-]+")

_MAX_FIELDS = 160
"""Maximum number of listed options for a media type; in a larger schema, some objects are not expanded."""
_MAX_LEVELS = 5
_MAX_CHOICES = 40
"""Maximum number of listed choices between branches for a media type."""
_MAX_BRANCHES = 60
"""Maximum number of listed branches for a choice."""
_MAX_NAMED = 6
"""Maximum number of options or branches in a message."""
_MAX_DEPTH = 100


FieldPath = tuple[str, ...]


class OptionListing(NamedTuple):
    """The options of a schema.

    Args:
        value: The type of the whole value.
        fields: The options, in document order.
        choices: The locations with several branches to choose from.
        is_cut: Whether deeper options were left out.
    """

    value: ValueType
    fields: tuple[Field, ...]
    choices: tuple[Choice, ...]
    is_cut: bool


class _Node:
    """A location with an option, and the listed locations below it.

    Args:
        field: The option.
        schema: The schema of the location.
        below: The schema with the properties below the location: the schema of the items, or `schema` itself.
        entries: The references to this schema and to the schemas around it.
    """

    __slots__ = ("below", "children", "entries", "field", "path", "prefix", "schema")

    def __init__(self, field: Field, schema: FlatSchema, below: FlatSchema, entries: frozenset[str]) -> None:
        self.field = field
        self.schema = schema
        self.below = below
        self.entries = entries
        self.children: list[_Node] = []
        is_array = schema.items is not None and below is not schema
        self.path = (*field.path, EACH) if is_array else field.path
        self.prefix = f"{field.option}{EACH}" if is_array else field.option


def list_fields(schema: Any, flat_schemas: FlatSchemas) -> OptionListing:
    """Return the options of a schema.

    The first level is always complete. Objects below it are expanded level by level, up to `_MAX_FIELDS` options:
    needed objects first, and small objects before large ones.
    """
    root = flat_schemas(schema)
    path: tuple[str, ...] = ()
    prefix = ""
    entries, top = _entry_names(root), root
    while top.items is not None and not top.properties and len(path) < _MAX_LEVELS:
        top = flat_schemas(top.items)
        path, prefix, entries = (*path, EACH), f"{prefix}{EACH}", entries | _entry_names(top)
    nodes = _children(top, path, prefix, entries, flat_schemas, is_needed=not path)
    count = len(nodes)
    level = nodes
    for _ in range(_MAX_LEVELS - 1):
        expandable = [node for node in level if node.field.below == MORE]
        expandable.sort(key=lambda node: (not node.field.is_needed, len(node.below.properties)))
        for node in expandable:
            if count + len(node.below.properties) > _MAX_FIELDS:
                continue
            node.children = _children(
                node.below,
                node.path,
                node.prefix,
                node.entries,
                flat_schemas,
                is_needed=node.field.is_needed and node.path == node.field.path,
                branch=node.field.branch,
            )
            count += len(node.children)
        level = [child for node in level for child in node.children]
    fields = tuple(_fields_of_nodes(nodes))
    choices = (*_choices_of(top, prefix), *_choices_below(nodes))[:_MAX_CHOICES]
    value = value_type(root, flat_schemas.resolve, flat_schemas)
    return OptionListing(value, fields, choices, is_cut=any(field.below for field in fields))


def _children(
    parent: FlatSchema,
    path: tuple[str, ...],
    prefix: str,
    entries: frozenset[str],
    flat_schemas: FlatSchemas,
    *,
    is_needed: bool,
    branch: str = "",
) -> list[_Node]:
    words = option_words(parent.properties)
    nodes = []
    for name, described in parent.properties.items():
        schema = flat_schemas(described)
        if schema.is_read_only:
            continue
        below = schema
        if schema.items is not None and not schema.properties:
            item = flat_schemas(schema.items)
            below = item if item.properties else schema
        is_recursive = _is_expanded(schema, entries) or _is_expanded(below, entries)
        is_required = name in parent.required
        field = Field(
            (*path, name),
            f"{prefix}.{words[name]}" if prefix else words[name],
            value_type(schema, flat_schemas.resolve, flat_schemas),
            is_required=is_required or name in parent.required_in_branches,
            is_deprecated=schema.is_deprecated,
            description=schema.description,
            is_needed=is_required and is_needed,
            branch=_branch_names(parent.branches.get(name, ())) or branch,
            below=(AGAIN if is_recursive else MORE) if below.properties else "",
        )
        nodes.append(_Node(field, schema, below, entries | _entry_names(schema) | _entry_names(below)))
    return nodes


def _is_expanded(schema: FlatSchema, entries: frozenset[str]) -> bool:
    """Return whether a schema, or each of its branches, was already expanded at a level above."""
    return bool(schema.entries & entries) or (
        not schema.entries and bool(schema.branch_entries) and schema.branch_entries <= entries
    )


def _entry_names(schema: FlatSchema) -> frozenset[str]:
    return schema.entries | schema.branch_entries


def _fields_of_nodes(nodes: Sequence[_Node]) -> Iterator[Field]:
    for node in nodes:
        if not node.children:
            yield node.field
            continue
        # An array, or a value of several types, can also be given as a whole.
        if node.schema.type != "object" or _is_alone_required(node):
            yield replace(node.field, below="")
        yield from _fields_of_nodes(node.children)


def _is_alone_required(node: _Node) -> bool:
    """Return whether an object is required, but none of its properties is."""
    return node.field.is_required and not any(
        child.field.is_required and child.field.branch == node.field.branch for child in node.children
    )


def _choices_below(nodes: Sequence[_Node]) -> Iterator[Choice]:
    for node in nodes:
        yield from _choices_of(node.below, node.prefix)
        yield from _choices_below(node.children)


def _choices_of(schema: FlatSchema, prefix: str) -> Iterator[Choice]:
    """Yield the choices between the branches of a schema, for help."""
    for group in schema.groups:
        # For a discriminator one branch is enough, because the base schema is not among the flattened branches.
        fewest = 1 if group.keyword == "discriminator" else 2
        if sum(bool(branch.properties) for branch in group.flat_branches) < fewest:
            continue
        by = group.tag_name and option_words(schema.properties).get(group.tag_name, group.tag_name)
        shown = zip(group.names[:_MAX_BRANCHES], group.tags, strict=False)
        yield Choice(
            option=prefix,
            by=by,
            branches=tuple((name, tags[0] if tags else "") for name, tags in shown),
            more=max(len(group.names) - _MAX_BRANCHES, 0),
        )


def _branch_names(names: tuple[str, ...]) -> str:
    if len(names) > 2:
        return f"{names[0]}, {names[1]} and {len(names) - 2} more"
    return " or ".join(names)


def find_field(schema: Any, resolve: Resolve, option: str, *, allows_any_name: bool = True) -> Field | None:
    """Return the field for the name of an option, or None.

    A step of a name is a property name in kebab case or in the document's spelling, or `[0]` or `0` for an item of an
    array. If the schema describes a map, a step can be any key.

    Args:
        option: The name without dashes, for example `criteria[0].criterion-text`.
        allows_any_name: Whether the first step may be a key that the schema does not name. If it may, a body that
            is a map accepts every mistyped option as a key.
    """
    current = flatten(schema, resolve)
    path: list[str] = []
    parent, name, rest = current, "", option
    while rest or not path:
        parent = current
        found = _step(current, rest, is_any_allowed=bool(path) or allows_any_name)
        if found is None:
            return None
        name, following, rest = found
        path.append(name)
        current = flatten(following, resolve)
        if rest.startswith("."):
            rest = rest[1:]
            if not rest or rest.startswith("["):
                return None
    return Field(
        tuple(path),
        option,
        value_type(current, resolve),
        is_required=name in parent.required,
        is_deprecated=current.is_deprecated,
        description=current.description,
    )


def _step(schema: FlatSchema, rest: str, *, is_any_allowed: bool) -> tuple[str, Any, str] | None:
    """Return the first step of an option's name, the schema at this step, and the rest of the name."""
    if rest.startswith("["):
        index, closing, following = rest[1:].partition("]")
        if not closing or not index.isdecimal() or not index.isascii() or following[:1] not in {"", ".", "["}:
            return None
        if schema.items is None and not _allows_any_type(schema) and schema.type != "array":
            return None
        return f"[{int(index)}]", schema.items, following
    known = {word: name for name, word in option_words(schema.properties).items()}
    known.update({name: name for name in schema.properties})
    end = min((at for mark in ".[" if (at := rest.find(mark)) >= 0), default=len(rest))
    token = rest[:end]
    if token in known:
        return known[token], schema.properties[known[token]], rest[end:]
    # The name of a property in the document may contain a dot or a bracket.
    longer = (word for word in known if rest.startswith(word) and rest[len(word) :][:1] in {"", ".", "["})
    if word := max(longer, key=len, default=""):
        return known[word], schema.properties[known[word]], rest[len(word) :]
    if token.isdecimal() and token.isascii() and (schema.items is not None or schema.type == "array"):
        return f"[{int(token)}]", schema.items, rest[end:]  # `criteria.0`: no shell expands it
    if not token or not is_any_allowed:
        return None
    described = part_of(schema, token)
    return None if described is False else (token, described, rest[end:])


def part_of(schema: FlatSchema, name: str) -> Any:
    """Return the schema of a property that an object schema does not list; False if it allows no such property."""
    for pattern, described in schema.patterns.items():
        from dynacli.openapi.schema.example_value import matches_pattern

        if matches_pattern(name, pattern) is not False:
            return described
    if not _is_map(schema):
        return False
    return True if schema.additional is None else schema.additional


def _is_map(schema: FlatSchema) -> bool:
    """Return whether a value may have properties of any name: the schema says so, or names no properties."""
    if schema.type != "object" and not schema.is_union:
        return _allows_any_type(schema)
    if schema.additional is not None:
        return isinstance(schema.additional, Mapping) or schema.additional is True
    return schema.type == "object" and not schema.properties and not schema.patterns


def _allows_any_type(schema: FlatSchema) -> bool:
    """Return whether a schema names no type and no values."""
    return schema.type == ANY and not schema.is_union and not schema.enum


def parse_steps(option: str) -> tuple[str, ...]:
    """Split `a.b[0].c` into its steps `("a", "b", "[0]", "c")`; empty if it has no such steps."""
    steps: list[str] = []
    for part in option.split("."):
        name, bracket, rest = part.partition("[")
        if name:
            steps.append(name)
        elif not bracket or steps:  # `a..b`, `a.[0]`
            return ()
        while bracket:
            index, closing, rest = rest.partition("]")
            if not closing or not index.isdecimal() or not index.isascii():
                return ()
            steps.append(f"[{int(index)}]")
            if rest and not rest.startswith("["):
                return ()
            bracket, rest = rest[:1], rest[1:]
    return tuple(steps)


def option_words(properties: Mapping[str, Any]) -> dict[str, str]:
    """Return property name → its name in options; if two names clash, the first one is in kebab case."""
    taken: set[str] = set()
    words: dict[str, str] = {}
    for name in properties:
        word = kebab(name)
        if not word or word in taken:
            word = _other_word(name, taken)
        taken.add(word)
        words[name] = word
    return words


def _other_word(name: str, taken: set[str]) -> str:
    if name not in taken and _PLAIN.fullmatch(name):
        return name
    first = spelled_out(name) or spelled_out(name, is_whole=True) or "empty"
    word, number = first, 2
    while word in taken:
        word, number = f"{first}-{number}", number + 1
    return word


class BranchSelection(NamedTuple):
    """The branches that a value belongs to.

    Args:
        value: The value, with discriminators filled in.
        missing: The options that the chosen branches require and that are not given.
        overlay: A schema that restricts examples to the chosen branches, and requires the objects of given options.
    """

    value: Any
    missing: tuple[str, ...]
    overlay: Any


def select_branches(
    schema: Any,
    resolve: Resolve,
    value: Any,
    options: Mapping[FieldPath, str],
    *,
    is_strict: bool = True,
    is_final: bool = True,
) -> BranchSelection:
    """Return the branches that a value belongs to, at each location of a given option.

    Args:
        value: A JSON value; it is not changed.
        options: Path → the option that gave the value there, as messages name it, such as `--pet.name`.
        is_strict: Whether options of branches that exclude each other are an error.
        is_final: Whether the value is complete, so that a value that lacks properties for each branch is an error, too.

    Raises:
        UsageError: The given options exclude each other, or are not enough for any branch.
    """
    selector = _Selector(resolve, options, is_strict=is_strict, is_final=is_final)
    filled = selector.select(schema, value, (), "", 0)
    return BranchSelection(filled, tuple(selector.missing), selector.overlay())


class _Selector:
    """Selects the branches of a value, location by location.

    Attributes:
        missing: The options that the chosen branches require and that are not given.
        chosen: The path and the schema of each chosen branch.
    """

    def __init__(
        self, resolve: Resolve, options: Mapping[FieldPath, str], *, is_strict: bool, is_final: bool
    ) -> None:
        self.resolve = resolve
        self.options = options
        self._below: dict[FieldPath, dict[str, str]] = {}
        for path, option in options.items():
            for size in range(min(len(path), _MAX_DEPTH + 2)):
                self._below.setdefault(path[:size], {})[path[size]] = option
        self.is_strict = is_strict
        self.is_final = is_final
        self.missing: list[str] = []
        self.chosen: list[tuple[FieldPath, Any]] = []

    def select(self, schema: Any, value: Any, path: FieldPath, option: str, depth: int) -> Any:
        """Return the value at a location, with discriminators filled in."""
        below = self._below.get(path)
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
        place = _Place(self, flat, dict(value), option, below)
        chosen = place.choose()
        self.chosen.extend((path, chosen_schema) for chosen_schema in chosen)
        words: dict[str, str] = {}
        for name, schemas in place.schemas_of_members().items():
            words = words or option_words(flat.properties)
            word = words.get(name, name)
            inner = schemas[0] if len(schemas) == 1 else {"allOf": schemas}
            inner_option = f"{option}.{word}" if option else word
            place.value[name] = self.select(inner, place.value[name], (*path, name), inner_option, depth + 1)
        return place.value

    def overlay(self) -> Any:
        """Return the schema that makes an example fit the given options."""
        schemas: list[Any] = [_at_path(path, branch) for path, branch in self.chosen]
        parents = dict.fromkeys(path[:size] for path in self.options for size in range(1, len(path)))
        schemas.extend(_at_path(path, True) for path in parents)
        return {"allOf": schemas} if schemas else True


class _Place:
    """An object value whose branches are chosen.

    Args:
        flat: The schema of the value.
        value: The value; its discriminators are filled in.
        option: The option of the value, without dashes.
        below: Property → a given option for this property or for a value in it.

    Attributes:
        branches: The chosen branches.
        neutral: The properties that no choice of branches depends on.
        tags_unless_of_heirs: Discriminators of branches that other branches inherit from. They are filled in only if
            no inheriting branch is chosen.
    """

    def __init__(
        self,
        selector: _Selector,
        flat: FlatSchema,
        value: dict[str, Any],
        option: str,
        below: Mapping[str, str],
    ) -> None:
        self.selector = selector
        self.flat = flat
        self.value = value
        self.names = list(value)
        self.option = option
        self.below = below
        self.branches: list[FlatSchema] = []
        self.neutral = set(flat.outside_branches)
        self.is_undecided = False
        self.tags_unless_of_heirs: dict[str, Any] = {}

    def choose(self) -> list[Any]:
        """Choose the branches, fill in their discriminators, and return the chosen schemas."""
        picked: list[tuple[BranchGroup, int]] = []
        waiting = list(self.flat.groups)
        while waiting:
            group = waiting.pop(0)
            index = self.pick(group)
            if index is None:
                self.is_undecided = True
                continue
            branch = group.flat_branches[index]
            picked.append((group, index))
            self.branches.append(branch)
            self.neutral |= branch.outside_branches
            waiting.extend(branch.groups)
        for name, tag in self.tags_unless_of_heirs.items():
            self.value.setdefault(name, tag)
        schemas = [
            schema
            for group, index in picked
            for schema in (group.branches[index], *_tag_schema(group, index, self.value))
        ]
        missing = self.selector.missing
        for branch in self.branches:
            missing.extend(option for option in self.lacking(branch) if option not in missing)
        return schemas

    def schemas_of_members(self) -> dict[str, list[Any]]:
        """Return property → its schemas, for each property that had a value before the branches were chosen."""
        described: dict[str, list[Any]] = {}
        for name in self.names:
            own = self.flat.properties.get(name)
            has_own = self.is_undecided or not self.branches or name in self.flat.outside_branches
            if own is not None and has_own:
                schemas = [own]
            else:
                holders = [branch for branch in self.branches if name in branch.properties]
                schemas = [branch.properties[name] for branch in holders]
            parts = (part_of(schema, name) for schema in (self.flat, *self.branches))
            described[name] = schemas or [next(filter(None, parts), True)]
        return described

    def pick(self, group: BranchGroup) -> int | None:
        """Return the index of the branch that applies; None if several branches may apply.

        Raises:
            UsageError: No branch allows the given options together.
        """
        possible = [
            index
            for index in range(len(group.flat_branches))
            if not any(self.excludes(group, index, name) for name in self.value)
        ]
        by = group.tag_name
        tagged = _tagged(group, self.value[by]) if by in self.value else None
        if tagged is not None:
            if tagged not in possible:
                self.refuse(group, [by, *self.value])
            return tagged
        if not possible:
            self.refuse(group, list(self.value))
            return None
        if group.keyword == "discriminator" and not any(
            name in self.below and name not in self.neutral for name in self.value
        ):
            return None  # the value may match the base schema, which the branches only extend
        if len(possible) > 1:
            is_tagged = group.discriminator is not None and not group.discriminator.is_implied
            if len(possible) < len(group.flat_branches) and not is_tagged:
                self.check_complete(group, possible)
            return None
        self.fill(group, possible[0])
        return possible[0]

    def excludes(self, group: BranchGroup, index: int, name: str) -> bool:
        """Return whether a branch cannot apply because the value has a property."""
        branch = group.flat_branches[index]
        if branch.type not in {"object", ANY} and not branch.is_union:
            return True
        value = self.value[name]
        if name in branch.properties:
            allowed = flatten(branch.properties[name], self.selector.resolve).enum
            is_scalar = isinstance(value, str | int | float) and not isinstance(value, bool)
            # A value that the branch does not list excludes it. Validation explains values that are invalid.
            return is_scalar and len(allowed) > 0 and value not in allowed
        if name in self.neutral or not any(name in other.properties for other in group.flat_branches):
            return False
        if group.keyword == "anyOf" and (group.discriminator is None or group.discriminator.is_implied):
            return branch.additional is False
        return not branch.is_open

    def check_complete(self, group: BranchGroup, possible: Sequence[int]) -> None:
        """Check that a value has all required properties of one of several possible branches.

        Raises:
            UsageError: The value is complete, but lacks required properties of each branch.
        """
        if not self.selector.is_strict or not self.selector.is_final:
            return
        lacking = {index: self.lacking(group.flat_branches[index]) for index in possible}
        if not all(lacking.values()):
            return
        given_options = _enumerated([f"`{self.below[name]}`" for name in self.value if name in self.below])
        needs = [
            f"`{group.names[index]}` needs {_enumerated(options)}"
            for index, options in list(lacking.items())[:_MAX_NAMED]
        ]
        raise UsageError(
            f"{given_options} {'is' if given_options.count('`') == 2 else 'are'} not enough",
            reason="; ".join(needs),
        )

    def lacking(self, branch: FlatSchema) -> list[str]:
        """Return the options that a branch requires and that are not given."""
        names = (name for name in branch.properties if name in branch.required and name not in self.value)
        return self.options_of(branch, names)

    def options_of(self, branch: FlatSchema, names: Iterable[str]) -> list[str]:
        """Return the options of properties of a branch, without read-only properties."""
        words = option_words(branch.properties)
        return [
            f"--{self.option}.{words[name]}" if self.option else f"--{words[name]}"
            for name in names
            if not flatten(branch.properties[name], self.selector.resolve).is_read_only
        ]

    def fill(self, group: BranchGroup, index: int) -> None:
        """Fill in the discriminator of a branch, and its required properties with a single allowed value."""
        branch = group.flat_branches[index]
        by = group.discriminator
        if by is not None and group.tags[index] and (not by.is_implied or by.property in branch.required):
            has_heirs = any(inner.tag_name == by.property for inner in branch.groups)
            filled = self.tags_unless_of_heirs if has_heirs else self.value
            filled.setdefault(by.property, group.tags[index][0])
        for name in branch.properties:
            if name in self.value or name not in branch.required:
                continue
            flat = flatten(branch.properties[name], self.selector.resolve)
            if len(flat.enum) == 1 and not flat.is_read_only and len(group.flat_branches) > 1:
                self.value[name] = flat.enum[0]

    def refuse(self, group: BranchGroup, names: Sequence[str]) -> None:
        """Refuse two properties that no branch has together, if an option gave at least one of them.

        Raises:
            UsageError: The value has two such properties.
        """
        if not self.selector.is_strict:
            return
        for first in dict.fromkeys(names):
            for second in self.value:
                if first == second or (first not in self.below and second not in self.below):
                    continue
                with_first, with_second = self.holders(group, first), self.holders(group, second)
                if with_first and with_second and not set(with_first) & set(with_second):
                    raise self.conflict(group, {first: with_first, second: with_second})

    def holders(self, group: BranchGroup, name: str) -> list[int]:
        """Return the branches that may have a property; empty if all may have it."""
        if name == group.tag_name and (tagged := _tagged(group, self.value[name])) is not None:
            return [tagged]
        count = len(group.flat_branches)
        holders = [index for index in range(count) if not self.excludes(group, index, name)]
        return [] if len(holders) == count else holders

    def conflict(self, group: BranchGroup, holders: Mapping[str, list[int]]) -> UsageError:
        """Return the error about two properties, with their branches and the options of these branches."""
        sources = [f"`{self.below.get(name, name)}`" for name in holders]
        verbs = ["picks" if name == group.tag_name else "belongs to" for name in holders]
        if verbs[0] == verbs[1]:
            verbs[1] = "to"  # "`--a` belongs to `Cat`, `--b` to `Dog`"
        branches = [[group.names[index] for index in indexes] for indexes in holders.values()]
        belongs = [
            f"{source} {verb} {_enumerated([f'`{name}`' for name in names], 'or')}"
            for source, verb, names in zip(sources, verbs, branches, strict=True)
        ]
        takes = [
            f"`{group.names[index]}` takes {self.described_options(group.flat_branches[index])}"
            for index, *_ in holders.values()
        ]
        where = f"`--{self.option}`" if self.option else "The body"
        return UsageError(
            f"{sources[0]} and {sources[1]} cannot be combined",
            reason=f"{where} is one of several: {belongs[0]}, {belongs[1]}",
            hint="; ".join(takes),
            branches=branches,
        )

    def described_options(self, branch: FlatSchema) -> str:
        """Return the options of a branch for a message, required ones first."""
        names = sorted(
            branch.properties,
            key=lambda name: (name not in branch.required, name not in branch.outside_branches),
        )
        return _enumerated(self.options_of(branch, names))


def _tagged(group: BranchGroup, value: Any) -> int | None:
    """Return the index of the branch that a discriminator's value picks; None if it picks none."""
    for index, tags in enumerate(group.tags):
        if value in tags:
            return index
    default = group.discriminator.default if group.discriminator is not None else ""
    for index, branch in enumerate(group.flat_branches):
        if default and default in branch.entries:
            return index
    return None


def _tag_schema(group: BranchGroup, index: int, filled: Mapping[str, Any]) -> Iterator[Any]:
    """Yield a schema that requires the discriminator's value, because the schema of the branch may not require it."""
    by = group.discriminator
    if by is not None and not by.is_implied and group.tags[index]:
        value = filled.get(by.property)
        value = value if value in group.tags[index] else group.tags[index][0]
        yield {"required": [by.property], "properties": {by.property: {"enum": [value]}}}


def _at_path(path: FieldPath, schema: Any) -> Any:
    """Return a schema that requires a value at a path, and this value to match another schema."""
    for step in reversed(path):
        if step.startswith("[") and step.endswith("]"):
            index = int(step[1:-1]) if step != "[]" else 0
            schema = {"minItems": index + 1, "prefixItems": [*([True] * index), schema]}
        else:
            schema = {"required": [step], "properties": {step: schema}}
    return schema


def _enumerated(words: Iterable[str], conjunction: str = "and") -> str:
    from dynacli.openapi.model.wording import enumerated

    return enumerated(list(dict.fromkeys(words)), conjunction, _MAX_NAMED) or "no options"
