"""Objects of OpenAPI 3.1 → 3.0."""

from collections.abc import Mapping
from operator import gt, lt
from typing import Any

from dynacli.export.versions._conversion_walk import Here, leave_out, leave_out_components
from dynacli.openapi.document.objects import WEBHOOKS
from dynacli.openapi.document.references.scan import NEWEST_DIALECTS, follow_references
from dynacli.openapi.model.media_types import is_binary
from dynacli.openapi.schema.read_schema import list_of, mapping_of, names_in, types_of

__all__ = [
    "BOOLEANS_IN_3_0",
    "document_in_3_0",
    "operation_in_3_0",
    "path_item_in_3_0",
    "reference_in_3_0",
    "schema_in_3_0",
    "security_schemes_in_3_0",
]

_VERSION = "3.0.3"
_WITH_SCOPES = frozenset({"oauth2", "openIdConnect"})


def document_in_3_0(node: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return a document of 3.1 in 3.0; webhooks become an extension, which many programs read."""
    made = dict(node)
    made["openapi"] = _VERSION
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
    leave_out_components(made, here, "pathItems", "a path item")
    _security(made, here)
    return made


def _info(info: dict[str, Any], here: Here) -> dict[str, Any]:
    made = leave_out(dict(info), here, "the document", "summary", at=("info",))
    license_ = made.get("license")
    if isinstance(license_, dict) and "identifier" in license_:
        made["license"] = {key: value for key, value in license_.items() if key != "identifier"}
        made["license"].setdefault("url", f"https://spdx.org/licenses/{license_['identifier']}.html")
    return made


def path_item_in_3_0(node: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return a path item in 3.0, which has no components for them: one of those is brought here."""
    ref = node.get("$ref")
    if isinstance(ref, str) and ref.startswith("#/components/pathItems/"):
        return here.bring(node, "a path item")
    return node


def operation_in_3_0(node: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return an operation in 3.0, where it has to say something of its responses."""
    made = dict(node)
    if not made.get("responses"):
        made["responses"] = {"default": {"description": ""}}
    _security(made, here)
    return made


def reference_in_3_0(node: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return an object without what stands beside its reference, which 3.0 ignores."""
    if not isinstance(node.get("$ref"), str):
        return node
    leave_out(dict(node), here, "a reference", "summary", "description")
    return {"$ref": node["$ref"]}


def security_schemes_in_3_0(node: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return the security schemes in 3.0, which knows none for the certificates of clients."""
    made = dict(node)
    for name in node:
        if _kind_of_scheme(name, here) == "mutualTLS":
            leave_out(made, here, "the security schemes, a certificate of the client", name)
    return made


def _security(made: dict[str, Any], here: Here) -> None:
    """Leave out of security requirements what 3.0 cannot say: certificates, and roles where there are no scopes."""
    requirements = made.get("security")
    if not isinstance(requirements, list):
        return
    made["security"] = []
    for index, requirement in enumerate(requirements):
        kept = dict(requirement) if isinstance(requirement, dict) else requirement
        for name, scopes in requirement.items() if isinstance(requirement, dict) else ():
            kind = _kind_of_scheme(name, here)
            if kind == "mutualTLS":
                leave_out(
                    kept, here, "the security, a certificate of the client", name, at=("security", index)
                )
            elif scopes and kind and kind not in _WITH_SCOPES:
                here.lose("the roles of a security requirement", "security", index, name)
                kept[name] = []
        made["security"].append(kept)


def _kind_of_scheme(name: str, here: Here) -> str:
    schemes = here.tree.get("components", {}).get("securitySchemes", {})
    scheme = follow_references(here.tree, schemes.get(name)) if isinstance(schemes, dict) else None
    return str(scheme.get("type", "")) if isinstance(scheme, dict) else ""


BOOLEANS_IN_3_0: Mapping[bool, Any] = {True: {}, False: {"not": {}}}
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


def schema_in_3_0(schema: dict[str, Any], here: Here) -> dict[str, Any]:
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
    _content(made, schema)
    _items(made, here)
    _properties(made, here)
    leave_out(made, here, "a schema", *(key for key in made if key not in _KNOWN and key[:2] != "x-"))
    if "enum" in made and not made["enum"]:
        del made["enum"]
        _also(made, BOOLEANS_IN_3_0[False])
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


def _plain_branches(made: dict[str, Any], here: Here) -> None:
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
    """Let other keywords stand in the place of one; where the schema has one of them already, both count."""
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


def _example(made: dict[str, Any], here: Here) -> None:
    if "examples" not in made:
        return
    examples = list_of(made, "examples")
    if examples and "example" not in made:
        if len(examples) > 1:
            here.lose("all but the first of the `examples` of a schema", "examples")
        _replace(made, "examples", {"example": examples[0]})
    else:
        leave_out(made, here, "a schema", *(["examples"] if examples else []))
        made.pop("examples", None)


def _content(made: dict[str, Any], schema: dict[str, Any]) -> None:
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


def _items(made: dict[str, Any], here: Here) -> None:
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


def _properties(made: dict[str, Any], here: Here) -> None:
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
