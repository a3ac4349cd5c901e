"""The conversion of a document to another version of OpenAPI: 3.0 and 3.2 become 3.1, and 3.1 becomes 3.0.

Rules change the objects of the document one by one, and references follow. A rule returns an object with the keywords
of the new version. What stands below the object may stand elsewhere in the result, and is converted after it, so a rule
leaves it as the old version has it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from operator import gt, lt
from typing import Any, NamedTuple

from dynacli.openapi.document.json_trees import MISSING, follow, fragment_of, from_fragment, join
from dynacli.openapi.document.objects import (
    CONTENT,
    DATA,
    DOCUMENT,
    ENCODING,
    EXAMPLE,
    HEADER,
    OPERATION,
    PARAMETER,
    PATH_ITEM,
    REQUEST_BODY,
    SCHEMA,
    WEBHOOKS,
    ObjectKind,
    kind_at,
    kind_below,
)
from dynacli.openapi.document.references.cut_document import without_lost_links
from dynacli.openapi.document.references.scan import (
    NEWEST_DIALECTS,
    Site,
    StepLink,
    Steps,
    all_sites,
    follow_references,
    link_of,
    past_references,
    sites_of,
    steps_of,
)
from dynacli.openapi.model.media_types import is_binary
from dynacli.openapi.schema.normal_form import normal_keywords
from dynacli.openapi.schema.read_schema import list_of, mapping_of, names_in, types_of

_VERSION_3_0 = "3.0.3"
_WITH_SCOPES = frozenset({"oauth2", "openIdConnect"})
_BOOLEANS_IN_3_0: Mapping[bool, Any] = {True: {}, False: {"not": {}}}
"""What stands for a schema that is true or false."""
_KNOWN = frozenset(
    {"title", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength"}
    | {"minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxProperties", "minProperties"}
    | {"required", "enum", "type", "not", "allOf", "oneOf", "anyOf", "items", "properties"}
    | {"additionalProperties", "description", "format", "default", "nullable", "discriminator", "readOnly"}
    | {"writeOnly", "example", "externalDocs", "deprecated", "xml", "$ref"}
)
_WITHOUT_EFFECT = frozenset(
    {"$defs", "definitions", "$id", "$schema", "$comment", "$anchor", "$dynamicAnchor", "$vocabulary"}
    | {"minContains", "maxContains", "nullable"}
)
"""Keywords that restrict nothing by themselves; what is referred to in a definition becomes a component."""
_IN_PLACE = frozenset(
    {"$ref", "allOf", "anyOf", "oneOf", "if", "dependentSchemas", "patternProperties", "not"}
)
_BOUNDS = (("exclusiveMinimum", "minimum", gt), ("exclusiveMaximum", "maximum", lt))
_DESCRIBE = frozenset(
    {"title", "description", "deprecated", "default", "example", "examples", "externalDocs"}
)
_VERSION_3_1 = "3.1.1"
_DIALECT_OF_3_2 = "https://spec.openapis.org/oas/3.2/"
_BESIDE_REFERENCE = frozenset({"$ref", "summary", "description"})
_CONTENT = {
    "byte": {"contentEncoding": "base64"},
    "base64": {"contentEncoding": "base64"},
    "binary": {"contentMediaType": "application/octet-stream"},
}
"""Format in 3.0 → the keywords for it in 3.1."""
_NEWER = frozenset(
    {"const", "patternProperties", "propertyNames", "if", "then", "else", "contains", "minContains"}
    | {"maxContains", "prefixItems", "additionalItems", "dependencies", "dependentSchemas"}
    | {"dependentRequired", "unevaluatedItems", "unevaluatedProperties", "$dynamicRef", "$schema"}
)
"""Keywords that restrict nothing in 3.0, which does not know them, and would in 3.1."""
_RESTRICT = ("$ref", "enum", "allOf", "oneOf", "anyOf", "not", "discriminator")
_SECURITY_SCHEMES = kind_at(kind_at(DOCUMENT, "components"), "securitySchemes")
_MEDIA_TYPE = CONTENT.members or CONTENT


class Loss(NamedTuple):
    """Something that the new version cannot say.

    Args:
        message: What it is.
        pointer: The JSON pointer of its place in the old document.
    """

    message: str
    pointer: str


class _Here:
    """The place of the object that a rule converts.

    Attributes:
        tree: The old document.
    """

    def __init__(self, _walk: "_Walk", old: StepLink, brought: Sequence[str]) -> None:
        self.tree = _walk.tree
        self.old = old
        self.brought = brought
        self.moved: dict[Steps, StepLink] = {}
        self._walk = _walk

    def lose(self, message: str, *steps: str | int) -> None:
        """Note that the new version cannot say something; the steps lead to it from the object."""
        moved = self.moved.get(tuple(map(str, steps[:1])))
        place = (*steps_of(self.old), *steps) if moved is None else (*steps_of(moved), *steps[1:])
        self._walk.losses.append(Loss(message, join(place)))

    def move(self, old: Iterable[str | int], new: Iterable[str | int]) -> None:
        """Note that a part of the object stands elsewhere in the result; both are steps from the object."""
        link = self.old
        for step in old:
            link = (link, str(step))
        self.moved[tuple(map(str, new))] = link

    def bring(self, node: dict[str, Any], what: str) -> dict[str, Any]:
        """Return the target of a reference in its place, with the members beside the reference applied to it.

        Args:
            node: The object with the reference.
            what: What it is, for a message.
        """
        target = follow_references(self.tree, node)
        if node["$ref"] in self.brought or not isinstance(target, dict):
            self.lose(f"{what} that contains itself" if target else f"{what} that is nowhere")
            return {}
        self.brought = (*self.brought, node["$ref"])
        own = {key: value for key, value in node.items() if key != "$ref"}
        steps = past_references(self.tree, from_fragment(node["$ref"]) or ())
        for key in target.keys() - own.keys():
            self.moved[(key,)] = link_of((*(steps or ()), key))
        return {**target, **own}


_Rule = Callable[[dict[str, Any], _Here], dict[str, Any]]
_Rules = Mapping[ObjectKind, Sequence[_Rule]]
"""Kind of an object → the rules that are applied to it in turn."""


def _walk(
    tree: dict[str, Any], rules: _Rules, booleans: Mapping[bool, Any] | None = None
) -> tuple[dict[str, Any], list[Loss]]:
    """Return a document to whose objects rules were applied, and what got lost; the argument is not changed.

    Args:
        tree: The document, in which every reference is a pointer.
        rules: The rules.
        booleans: What stands for a schema that is true or false; None if it may stay.
    """
    walking = _Walk(tree, rules, booleans)
    made = walking.convert(tree, DOCUMENT, None, None, {}, ())
    walking.lead_references(made)
    return made, walking.losses


class _Walk:
    def __init__(self, tree: dict[str, Any], rules: _Rules, booleans: Mapping[bool, Any] | None) -> None:
        self.tree, self._rules, self._booleans = tree, rules, booleans
        self.losses: list[Loss] = []
        self._new: dict[Steps, Steps] = {}

    def convert(
        self,
        node: Any,
        kind: ObjectKind,
        old: StepLink,
        new: StepLink,
        moved: Mapping[Steps, StepLink],
        brought: Sequence[str],
    ) -> Any:
        """Return a part of the document converted.

        Args:
            node: The part.
            kind: The kind of the part.
            old: The steps to it in the old document.
            new: The steps to it in the new one.
            moved: The parts in it that have come from elsewhere: steps to each from here → its steps in the old one.
            brought: The references around it whose targets were brought here.
        """
        if () in moved:
            old = moved[()]
            self._new.setdefault(steps_of(old), steps_of(new))
        if isinstance(node, bool) and kind is SCHEMA and self._booleans is not None:
            return self._booleans[node]
        if isinstance(node, list):
            return [
                self.convert(item, kind, (old, index), (new, index), _below(moved, str(index)), brought)
                for index, item in enumerate(node)
            ]
        if not isinstance(node, dict):
            return node
        if rules := self._rules.get(kind):
            here = _Here(self, old, brought)
            for rule in rules:
                node = rule(node, here)
            moved, brought = {**moved, **here.moved}, here.brought
        if kind is EXAMPLE:
            return node
        made = {}
        for key, value in node.items():
            inner = kind_below(kind, key, value)
            if inner is DATA or (key == "additionalProperties" and isinstance(value, bool)):
                made[key] = value
            else:
                below = _below(moved, key) if moved else moved
                made[key] = self.convert(value, inner, (old, key), (new, key), below, brought)
        return made

    def lead_references(self, made: dict[str, Any]) -> None:
        """Let references lead to the new places; a target that is nowhere becomes a component."""
        waiting = list(all_sites(made))
        known: dict[str, str] = {}
        while waiting:
            site = waiting.pop()
            steps = from_fragment(site.ref) if isinstance(site.ref, str) else None
            if steps is None or site.keyword not in {"$ref", "mapping"}:
                continue
            if site.ref not in known:
                known[site.ref] = self._led(made, site, steps, waiting)
            site.node[site.name or site.keyword] = known[site.ref]

    def _led(self, made: dict[str, Any], site: Site, steps: Steps, waiting: list[Site]) -> str:
        """Return the reference that leads to the same part in the new document."""
        old = past_references(self.tree, steps)
        if old is None:
            return str(site.ref)
        new = self._new_steps(old)
        if follow(made, new) is not MISSING:
            return str(site.ref) if new == steps else fragment_of(new)
        section = site.kind.section
        part = follow(self.tree, old)
        if not section or part is MISSING:
            return str(site.ref)
        named = made.setdefault("components", {}).setdefault(section, {})
        new = ("components", section, _free_name(old, named))
        self._new[old] = new
        named[new[-1]] = self.convert(part, site.kind, link_of(old), link_of(new), {}, ())
        waiting.extend(sites_of(named[new[-1]], site.kind, link_of(new)))
        return fragment_of(new)

    def _new_steps(self, old: Steps) -> Steps:
        for length in range(len(old) if self._new else 0, 0, -1):
            if old[:length] in self._new:
                return (*self._new[old[:length]], *old[length:])
        return old


def _below(moved: Mapping[Steps, StepLink], step: str) -> Mapping[Steps, StepLink]:
    """Return what has come from elsewhere into a member, with the steps from there."""
    return {steps[1:]: old for steps, old in moved.items() if steps[:1] == (step,)}


def _free_name(old: Steps, taken: Mapping[str, Any]) -> str:
    """Return a name for a component that is made of a part of the document."""
    name = "".join(char if char.isascii() and (char.isalnum() or char in "._-") else "_" for char in old[-1])
    names: Iterator[str] = (f"{name}-{number}" for number in count(2))
    return name if name not in taken else next(name for name in names if name not in taken)


def _leave_out(
    made: dict[str, Any], here: _Here, owner: str, *fields: str, at: tuple[str | int, ...] = ()
) -> dict[str, Any]:
    """Remove fields from an object, note those that were there as lost, and return the object.

    Args:
        made: The object, which is changed.
        owner: What it is, for messages.
        fields: The fields.
        at: The steps to it from the place.
    """
    for field in fields:
        if field in made:
            del made[field]
            here.lose(f"`{field}` of {owner}", *at, field)
    return made


def _leave_out_components(made: dict[str, Any], here: _Here, section: str, owner: str) -> None:
    """Remove a section from the components of a document; wherever one of them is referred to, it is brought there."""
    components = made.get("components")
    if not isinstance(components, dict) or section not in components:
        return
    made["components"] = {key: value for key, value in components.items() if key != section}
    used = {str(site.ref) for site in sites_of(here.tree)}
    for name in components[section]:
        if fragment_of(("components", section, name)) not in used:
            here.lose(f"{owner} that nothing refers to", "components", section, name)


def _document_in_3_0(node: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return a document of 3.1 in 3.0; webhooks become an extension, which many programs read."""
    made = dict(node)
    made["openapi"] = _VERSION_3_0
    dialect = made.pop("jsonSchemaDialect", None)
    if isinstance(dialect, str) and dialect.rstrip("#") not in NEWEST_DIALECTS:
        here.lose("the dialect of its schemas", "jsonSchemaDialect")
    if isinstance(made.get("info"), dict):
        made["info"] = _info(made["info"], here)
    webhooks = made.pop(WEBHOOKS[0], None)
    if isinstance(webhooks, dict):
        here.lose(f"webhooks, which are in the extension `{WEBHOOKS[1]}` now", WEBHOOKS[0])
        here.move([WEBHOOKS[0]], [WEBHOOKS[1]])
        made[WEBHOOKS[1]] = webhooks
    made.setdefault("paths", {})
    _leave_out_components(made, here, "pathItems", "a path item")
    _security(made, here)
    return made


def _info(info: dict[str, Any], here: _Here) -> dict[str, Any]:
    made = _leave_out(dict(info), here, "the document", "summary", at=("info",))
    license_ = made.get("license")
    if isinstance(license_, dict) and "identifier" in license_:
        made["license"] = {key: value for key, value in license_.items() if key != "identifier"}
        made["license"].setdefault("url", f"https://spdx.org/licenses/{license_['identifier']}.html")
    return made


def _path_item_in_3_0(node: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return a path item in 3.0, which has no components for them: one of those is brought here."""
    ref = node.get("$ref")
    if isinstance(ref, str) and ref.startswith("#/components/pathItems/"):
        return here.bring(node, "a path item")
    return node


def _operation_in_3_0(node: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return an operation in 3.0, if it has to say something of its responses."""
    made = dict(node)
    if not made.get("responses"):
        made["responses"] = {"default": {"description": ""}}
    _security(made, here)
    return made


def _reference_in_3_0(node: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return an object without what stands beside its reference, which 3.0 ignores."""
    if not isinstance(node.get("$ref"), str):
        return node
    _leave_out(dict(node), here, "a reference", "summary", "description")
    return {"$ref": node["$ref"]}


def _security_schemes_in_3_0(node: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return the security schemes in 3.0, which knows none for the certificates of clients."""
    made = dict(node)
    for name in node:
        if _kind_of_scheme(name, here) == "mutualTLS":
            _leave_out(made, here, "the security schemes, a certificate of the client", name)
    return made


def _security(made: dict[str, Any], here: _Here) -> None:
    """Leave out of security requirements what 3.0 cannot say: certificates, and roles if there are no scopes."""
    requirements = made.get("security")
    if not isinstance(requirements, list):
        return
    made["security"] = []
    for index, requirement in enumerate(requirements):
        kept = dict(requirement) if isinstance(requirement, dict) else requirement
        for name, scopes in requirement.items() if isinstance(requirement, dict) else ():
            kind = _kind_of_scheme(name, here)
            if kind == "mutualTLS":
                _leave_out(
                    kept, here, "the security, a certificate of the client", name, at=("security", index)
                )
            elif scopes and kind and kind not in _WITH_SCOPES:
                here.lose("the roles of a security requirement", "security", index, name)
                kept[name] = []
        made["security"].append(kept)


def _kind_of_scheme(name: str, here: _Here) -> str:
    schemes = here.tree.get("components", {}).get("securitySchemes", {})
    scheme = follow_references(here.tree, schemes.get(name)) if isinstance(schemes, dict) else None
    return str(scheme.get("type", "")) if isinstance(scheme, dict) else ""


def _schema_in_3_0(schema: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return a schema of 3.1 with the keywords of 3.0."""
    made = {key: value for key, value in schema.items() if key not in _WITHOUT_EFFECT}
    dialect = schema.get("$schema")
    if isinstance(dialect, str) and dialect.rstrip("#") not in NEWEST_DIALECTS:
        here.lose("the dialect of a schema", "$schema")
    if "discriminator" in made:
        _plain_branches(made, here)
    _constant(made)
    _types(made)
    _bounds(made)
    _example(made, here)
    _describe_content(made, schema)
    _merge_prefix_items(made, here)
    _properties(made, here)
    _leave_out(made, here, "a schema", *(key for key in made if key not in _KNOWN and key[:2] != "x-"))
    if "enum" in made and not made["enum"]:
        del made["enum"]
        _also(made, _BOOLEANS_IN_3_0[False])
    if "required" in made:
        names = list(dict.fromkeys(names_in(made["required"])))
        made |= {"required": names}
        if not names:
            del made["required"]
    if isinstance(made.get("$ref"), str) and len(made) > 1:
        # Nothing has an effect beside a `$ref` (OpenAPI 3.0.4, "Reference Object").
        ref = made.pop("$ref")
        made["allOf"] = [*list_of(made, "allOf"), {"$ref": ref}]
    return made


def _also(made: dict[str, Any], other: Mapping[str, Any]) -> None:
    """Let a schema demand what another one demands, too."""
    if made.keys().isdisjoint(other):
        made |= other
    else:
        made["allOf"] = [*list_of(made, "allOf"), dict(other)]


def _plain_branches(made: dict[str, Any], here: _Here) -> None:
    """Leave out what describes a reference in the branches of a discriminator, whose values name references alone."""
    for keyword in ("oneOf", "anyOf"):
        branches = list_of(made, keyword)
        for index, branch in enumerate(branches):
            is_described = isinstance(branch, dict) and "$ref" in branch and branch.keys() - {"$ref"}
            if is_described and branch.keys() <= _DESCRIBE | {"$ref"}:
                here.lose("what describes a branch of a discriminator", keyword, index)
                branches = [*branches[:index], {"$ref": branch["$ref"]}, *branches[index + 1 :]]
        if keyword in made:
            made[keyword] = branches


def _constant(made: dict[str, Any]) -> None:
    if "const" in made:
        _replace(made, "const", {"enum": [made["const"]]})


def _replace(made: dict[str, Any], keyword: str, other: Mapping[str, Any]) -> None:
    """Let other keywords stand instead of one; if the schema has one of them already, both count."""
    if (made.keys() - {keyword}).isdisjoint(other):
        items = list(made.items())
        made.clear()
        for key, value in items:
            made.update(other if key == keyword else {key: value})
    else:
        del made[keyword]
        _also(made, other)


def _types(made: dict[str, Any]) -> None:
    """Say several types by `anyOf`, and null by `nullable`; a schema below is still one of 3.1."""
    if "type" not in made:
        return
    kinds = list(dict.fromkeys(types_of(made)))
    real = [kind for kind in kinds if kind != "null"]
    if len(real) == 1:
        _replace(made, "type", {"type": real[0], **({"nullable": True} if len(kinds) > 1 else {})})
    elif real:
        choices = [{"type": kind} for kind in real]
        if len(kinds) > len(real):
            choices[0] = {"type": [real[0], "null"]}  # type: ignore[dict-item]
        _replace(made, "type", {"anyOf": choices})
    elif kinds:
        values = made.get("enum")
        if isinstance(values, list):
            made["enum"] = [None] if None in values else []
        # `nullable` means something, and pleases linters, beside a `type` alone: that of no value here.
        made |= {"type": "string", "nullable": True}
        made.setdefault("enum", [None])
    else:
        del made["type"]


def _bounds(made: dict[str, Any]) -> None:
    """Let an exclusive bound be a flag beside the bound; of two bounds, the narrower one counts."""
    for exclusive, bound, is_narrower in _BOUNDS:
        value: Any = made.get(exclusive)
        if exclusive not in made or isinstance(value, bool):
            continue
        other: Any = made.get(bound)
        if isinstance(other, int | float) and is_narrower(other, value):
            del made[exclusive]
        else:
            made.pop(bound, None)
            _replace(made, exclusive, {bound: value, exclusive: True})


def _example(made: dict[str, Any], here: _Here) -> None:
    if "examples" not in made:
        return
    examples = list_of(made, "examples")
    if examples and "example" not in made:
        if len(examples) > 1:
            here.lose("all but the first of the `examples` of a schema", "examples")
        _replace(made, "examples", {"example": examples[0]})
    else:
        _leave_out(made, here, "a schema", *(["examples"] if examples else []))
        made.pop("examples", None)


def _describe_content(made: dict[str, Any], schema: dict[str, Any]) -> None:
    """Say what a string holds by its `format`."""
    encoding = made.get("contentEncoding")
    found = {"base64": "byte", "base64url": "base64url", "binary": "binary"}.get(str(encoding), "")
    media_type = made.get("contentMediaType")
    if not found and encoding is None and isinstance(media_type, str) and is_binary(schema):
        found = "binary"
    if found and made.get("format", found) in (found, encoding):
        keyword = "contentMediaType" if encoding is None else "contentEncoding"
        made.pop("format", None)
        kind = {} if "type" in made or "anyOf" in made else {"type": "string"}
        _replace(made, keyword, {**kind, "format": found})
        if media_type == "application/octet-stream":
            made.pop("contentMediaType", None)


def _merge_prefix_items(made: dict[str, Any], here: _Here) -> None:
    """Let each item be any of those that stood at a place of their own."""
    first = list_of(made, "prefixItems")
    if first:
        rest = made.get("items", True)
        here.lose("which item stands at which place", "prefixItems")
        del made["prefixItems"]
        if rest is False:
            made["maxItems"] = min(made.get("maxItems", len(first)), len(first))
        if rest is True:
            made["items"] = {}
        else:
            for index in range(len(first)):
                here.move(("prefixItems", index), ("items", "anyOf", index))
            last = [] if rest is False else [rest]
            here.move(("items",), ("items", "anyOf", len(first)))
            made["items"] = {"anyOf": [*first, *last]}
    if made.get("type") == "array":
        made.setdefault("items", {})


def _properties(made: dict[str, Any], here: _Here) -> None:
    """Allow further properties as far as their names tell whether they are allowed."""
    if made.get("unevaluatedProperties") is False and made.keys().isdisjoint(
        _IN_PLACE | {"additionalProperties"}
    ):
        _replace(made, "unevaluatedProperties", {"additionalProperties": False})
    patterns = mapping_of(made, "patternProperties")
    if not patterns:
        made.pop("patternProperties", None)
        return
    here.lose("names of properties by `patternProperties`", "patternProperties")
    more = made.get("additionalProperties", True)
    del made["patternProperties"]
    if more is True:
        return
    choices = [*patterns.values(), *([] if more is False else [more])]
    steps: list[tuple[str, ...]] = [("patternProperties", name) for name in patterns]
    steps.append(("additionalProperties",))
    is_single = len(choices) == 1
    for index, old in enumerate(steps[: len(choices)]):
        here.move(old, ("additionalProperties", *(() if is_single else ("anyOf", index))))
    made["additionalProperties"] = choices[0] if is_single else {"anyOf": choices}


def _document_in_3_1(node: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return a document of 3.0 in 3.1: its version, and webhooks that an extension held."""
    made: dict[str, Any] = {}
    for key, value in node.items():
        if key == WEBHOOKS[1] and isinstance(value, dict) and WEBHOOKS[0] not in node:
            here.move([key], [WEBHOOKS[0]])
            made[WEBHOOKS[0]] = value
        else:
            made[key] = value
    return {**made, "openapi": _VERSION_3_1}


def _reference_in_3_1(node: dict[str, Any], _here: _Here) -> dict[str, Any]:
    """Return an object without what stands beside its reference, which 3.0 ignores, except a description."""
    if not isinstance(node.get("$ref"), str):
        return node
    return {key: value for key, value in node.items() if key in _BESIDE_REFERENCE}


def _parameter_in_3_1(node: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return a parameter in 3.1, which has `allowReserved` and `allowEmptyValue` in a query alone."""
    made = dict(node)
    if made.get("in") != "query":
        for key in ("allowReserved", "allowEmptyValue"):
            if made.pop(key, False):
                here.lose(f"`{key}` of a parameter that is not in the query", key)
    if made.get("style") == "cookie":
        _leave_out(made, here, "a parameter", "style", "explode")
    return made


def _header_in_3_1(node: dict[str, Any], _here: _Here) -> dict[str, Any]:
    """Return a header without the fields that mean something for parameters alone."""
    return {key: value for key, value in node.items() if key not in {"allowReserved", "allowEmptyValue"}}


def _document_of_3_2_in_3_1(node: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return a document of 3.2 in 3.1."""
    made = {key: value for key, value in node.items() if key != "$self"}
    if str(made.get("jsonSchemaDialect")).startswith(_DIALECT_OF_3_2):
        del made["jsonSchemaDialect"]  # that of 3.1 says the same of schemas
    made["openapi"] = _VERSION_3_1
    _servers(made, here)
    _leave_out_of_items(made, here, "tags", "a tag", "summary", "parent", "kind")
    _leave_out_components(made, here, "mediaTypes", "a media type")
    return made


def _path_item_in_3_1(node: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return a path item of 3.2 in 3.1, which has no methods but its own."""
    made = dict(node)
    _servers(made, here)
    if "query" in made:
        here.lose("an operation of the method QUERY", "query")
        del made["query"]
    more = made.pop("additionalOperations", None)
    for method in more if isinstance(more, dict) else ():
        here.lose(f"an operation of the method {method}", "additionalOperations", method)
    _parameters(made, here)
    return made


def _operation_in_3_1(node: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return an operation of 3.2 in 3.1."""
    made = dict(node)
    _servers(made, here)
    _parameters(made, here)
    return made


def _parameters(made: dict[str, Any], here: _Here) -> None:
    parameters = made.get("parameters")
    if not isinstance(parameters, list):
        return
    kept: list[Any] = []
    for index, parameter in enumerate(parameters):
        target = follow_references(here.tree, parameter)
        if isinstance(target, dict) and target.get("in") == "querystring":
            here.lose("a parameter that is the whole query", "parameters", index)
        else:
            if len(kept) < index:
                here.move(["parameters", index], ["parameters", len(kept)])
            kept.append(parameter)
    made["parameters"] = kept


def _servers(made: dict[str, Any], here: _Here) -> None:
    _leave_out_of_items(made, here, "servers", "a server", "name")


def _leave_out_of_items(made: dict[str, Any], here: _Here, key: str, owner: str, *fields: str) -> None:
    """Leave fields out of each object of a list."""
    items = made.get(key)
    if isinstance(items, list):
        made[key] = [
            _leave_out(dict(item), here, owner, *fields, at=(key, index)) if isinstance(item, dict) else item
            for index, item in enumerate(items)
        ]


def _media_type_in_3_1(node: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return a media type of 3.2 in 3.1; one that is a reference is brought here."""
    made = here.bring(node, "a media type") if isinstance(node.get("$ref"), str) else dict(node)
    return _leave_out(
        made, here, "a media type", "description", "itemSchema", "prefixEncoding", "itemEncoding"
    )


def _encoding_in_3_1(node: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return an encoding of 3.2 in 3.1."""
    return _leave_out(dict(node), here, "an encoding", "encoding", "prefixEncoding", "itemEncoding")


def _response_in_3_1(node: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return a response of 3.2 in 3.1, which has to have a description."""
    if "$ref" in node:
        return node
    made = dict(node)
    if not isinstance(made.get("description"), str):
        made["description"] = made.pop("summary", "")
    return _leave_out(made, here, "a response", "summary")


def _example_in_3_1(node: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return an example of 3.2 in 3.1, whose only value is the one before it is written."""
    made = {"value" if key == "dataValue" else key: value for key, value in node.items()}
    return _leave_out(made, here, "an example", "serializedValue")


def _security_scheme_in_3_1(node: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return a security scheme of 3.2 in 3.1."""
    made = _leave_out(dict(node), here, "a security scheme", "deprecated", "oauth2MetadataUrl")
    flows = made.get("flows")
    if isinstance(flows, dict):
        made["flows"] = _leave_out(
            dict(flows), here, "a security scheme", "deviceAuthorization", at=("flows",)
        )
    return made


def _schema_of_3_2_in_3_1(schema: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return a schema of 3.2 in 3.1, which differ in discriminators and in what they say of XML."""
    made = dict(schema)
    if isinstance(made.get("discriminator"), dict):
        made["discriminator"] = _leave_out(
            dict(made["discriminator"]), here, "a discriminator", "defaultMapping", at=("discriminator",)
        )
    xml = made.get("xml")
    if isinstance(xml, dict) and "nodeType" in xml:
        made["xml"] = _xml(dict(xml), schema, here)
    return made


def _xml(xml: dict[str, Any], schema: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return what is reported of XML with `attribute` and `wrapped` instead of `nodeType`."""
    is_list = "array" in str(schema.get("type"))
    match xml["nodeType"]:
        case "attribute":
            added = {"attribute": True}
        case "element":
            added = {"wrapped": True} if is_list else {}
        case "none" if is_list:
            added = {}
        case _:
            return _leave_out(xml, here, "XML", "nodeType", at=("xml",))
    del xml["nodeType"]
    return {**xml, **added}


def _schema_in_3_1(schema: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Return a schema of 3.0 with the keywords of 3.1."""
    normal = dict(normal_keywords(schema, "3.0") or schema)
    newer = [key for key in normal if key in _NEWER]
    _leave_out(normal, here, "a schema, which means nothing in 3.0", *newer)
    made: dict[str, Any] = {}
    # An exclusive bound stands where its flag stood.
    for key in dict.fromkeys((*schema, *normal)):
        if key not in normal or key == "nullable":
            continue
        value = schema[key] if key == "discriminator" else normal[key]
        if key == "example":
            made.setdefault("examples", [value])
        elif key == "format" and isinstance(value, str) and value in _CONTENT and _is_string_schema(normal):
            made |= _CONTENT[value]
        else:
            made[key] = value
    return _with_null(made, here) if schema.get("nullable") is True else made


def _is_string_schema(schema: dict[str, Any]) -> bool:
    return schema.get("type") in ("string", ["string", "null"])


def _with_null(made: dict[str, Any], here: _Here) -> dict[str, Any]:
    """Let a schema allow null as whoever wrote `nullable` means it.

    Strictly, it adds null to the `type` beside it alone (OpenAPI 3.0.4, "Schema Object"). Yet many documents have it
    beside a reference, and no validator refuses their nulls for it at any but the strictest level.
    """
    if "type" in made:
        values = list_of(made, "enum")
        return {**made, "enum": [*values, None]} if values and None not in values else made
    inner = {key: made[key] for key in _RESTRICT if key in made}
    if not inner:
        return made
    if inner.keys() == {"anyOf"}:
        return {**made, "anyOf": [*list_of(made, "anyOf"), {"type": "null"}]}
    if inner.keys() == {"allOf"} and len(list_of(made, "allOf")) == 1:
        here.move(("allOf", 0), ("anyOf", 0))
        inner = made["allOf"][0]
    else:
        for key in inner:
            here.move((key,), ("anyOf", 0, key))
    outer = {key: value for key, value in made.items() if key not in _RESTRICT}
    return {**outer, "anyOf": [inner, {"type": "null"}]}


class Converted(NamedTuple):
    """A converted document.

    Args:
        tree: The document; what did not change is shared with the document that it was made from.
        losses: What could not be carried over.
    """

    tree: dict[str, Any]
    losses: Sequence[Loss]


def _kind_of_section(section: str) -> ObjectKind:
    """Return the kind of the components of a section."""
    section_kind = kind_at(kind_at(DOCUMENT, "components"), section)
    return section_kind.members or section_kind


_RESPONSE, _SECURITY_SCHEME = _kind_of_section("responses"), _kind_of_section("securitySchemes")
_REFERRING = (
    PARAMETER,
    HEADER,
    REQUEST_BODY,
    EXAMPLE,
    _RESPONSE,
    _SECURITY_SCHEME,
    _kind_of_section("links"),
)

_UP: dict[ObjectKind, _Rule] = {
    DOCUMENT: _document_in_3_1,
    SCHEMA: _schema_in_3_1,
    PARAMETER: _parameter_in_3_1,
    HEADER: _header_in_3_1,
}
_FROM_3_2: dict[ObjectKind, _Rule] = {
    DOCUMENT: _document_of_3_2_in_3_1,
    PATH_ITEM: _path_item_in_3_1,
    OPERATION: _operation_in_3_1,
    PARAMETER: _parameter_in_3_1,
    HEADER: _header_in_3_1,
    _MEDIA_TYPE: _media_type_in_3_1,
    ENCODING: _encoding_in_3_1,
    _RESPONSE: _response_in_3_1,
    EXAMPLE: _example_in_3_1,
    _SECURITY_SCHEME: _security_scheme_in_3_1,
    SCHEMA: _schema_of_3_2_in_3_1,
}
_DOWN: dict[ObjectKind, _Rule] = {
    DOCUMENT: _document_in_3_0,
    PATH_ITEM: _path_item_in_3_0,
    OPERATION: _operation_in_3_0,
    _SECURITY_SCHEMES: _security_schemes_in_3_0,
    SCHEMA: _schema_in_3_0,
}
_REFERENCES_IN_3_1 = dict.fromkeys(_REFERRING, _reference_in_3_1)
_REFERENCES_IN_3_0 = dict.fromkeys(_REFERRING, _reference_in_3_0)
_STEPS: Mapping[tuple[str, str], tuple[Mapping[ObjectKind, _Rule], ...]] = {
    ("3.0", "3.1"): (_REFERENCES_IN_3_1, _UP),
    ("3.1", "3.0"): (_REFERENCES_IN_3_0, _DOWN),
    ("3.2", "3.1"): (_REFERENCES_IN_3_1, _FROM_3_2),
    # A path item is brought here before anything is left out of it.
    ("3.2", "3.0"): (_REFERENCES_IN_3_0, {PATH_ITEM: _path_item_in_3_0}, _FROM_3_2, _DOWN),
}
"""The version of a document, and that it is to have → the rules, which are applied in turn."""


def convert_version(tree: dict[str, Any], version: str, wanted: str) -> Converted:
    """Return a document in another version of OpenAPI; one that has it already stays as it is.

    Args:
        tree: The document, in which every reference is a pointer; it is not changed.
        version: The version of the tree: `3.0`, `3.1` or `3.2`.
        wanted: `3.0` or `3.1`.
    """
    steps = _STEPS.get((version, wanted))
    if not steps:
        return Converted(tree, ())
    kinds = dict.fromkeys(kind for step in steps for kind in step)
    rules = {kind: [step[kind] for step in steps if kind in step] for kind in kinds}
    made, losses = _walk(tree, rules, _BOOLEANS_IN_3_0 if wanted == "3.0" else None)
    if version == "3.2":
        made = without_lost_links(made)
    return Converted(made, losses)
