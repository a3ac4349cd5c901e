"""Adds what was learned to a document that exists. Nothing that a user wrote is removed, except what contradicts.

Operations, parameters, responses and properties are added, and types become wider. A learned schema comes twice: as it
is written into a new document, and in its narrowest form, which says what every value has in common.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from dynacli.http.semantics import best_match, is_json, is_text_type
from dynacli.openapi.document.json_trees import (
    MISSING,
    copy_json,
    dict_or_empty,
    follow,
    from_fragment,
    list_or_empty,
)
from dynacli.openapi.model.kebab_names import free_name
from dynacli.openapi.model.operation import documented_status
from dynacli.openapi.model.path_templates import parameter_names, path_template
from dynacli.openapi.references import last_of_references, reference_of, reference_to
from dynacli.openapi.schema.observed_shape import STRING_FORMATS

_MAX_DEPTH = 40
_COMPONENTS = "#/components/schemas/"
_OF_TYPE = {
    **dict.fromkeys(("additionalProperties", "properties", "required"), "object"),
    "items": "array",
    **dict.fromkeys(("enum", "format"), "string"),
}
"""Keyword → the type whose values it is about."""


def merged_document(
    existing: dict[str, Any], learned: dict[str, Any], narrow: dict[str, Any]
) -> dict[str, Any]:
    """Return a document with what was learned.

    Args:
        existing: The document, OpenAPI 3.1 or later.
        learned: The learned document, as it would be new.
        narrow: The learned document with the narrowest schemas.
    """
    merger = _Merger(copy_json(existing), learned, narrow)
    merger.merge()
    return merger.tree


class _Merger:
    def __init__(self, tree: dict[str, Any], learned: dict[str, Any], narrow: dict[str, Any]) -> None:
        self.tree, self._learned, self._narrow = tree, learned, narrow
        self._components: dict[str, str] = {}
        self._schemes: dict[str, str] = {}
        self._visited: set[tuple[int, int]] = set()
        self._parts: list[dict[str, Any]] = []  # kept, because `_visited` has their identities
        self._never_sent = "writeOnly"

    def merge(self) -> None:
        """Add everything that was learned."""
        self._name_schemes()
        paths = self.tree.setdefault("paths", {})
        templates = {path_template(path): path for path in paths}
        for path, item in self._learned["paths"].items():
            known = templates.get(path_template(path))
            if known is None:
                paths[path] = {method: self._added_operation(operation) for method, operation in item.items()}
                continue
            existing = paths[known]
            for method, operation in item.items():
                if method in existing:
                    self._merge_operation(
                        existing, existing[method], operation, self._narrow["paths"][path][method]
                    )
                else:
                    existing[method] = _renamed(self._added_operation(operation), path, known)
        self._add_tags()

    def _add_tags(self) -> None:
        declared = [
            tag.get("name") for tag in list_or_empty(self.tree.get("tags")) if isinstance(tag, Mapping)
        ]
        used = {
            tag
            for item in self.tree["paths"].values()
            for operation in item.values()
            if isinstance(operation, Mapping)
            for tag in list_or_empty(operation.get("tags"))
        }
        added = [
            tag
            for tag in self._learned.get("tags", [])
            if tag["name"] in used and tag["name"] not in declared
        ]
        if declared and added:
            self.tree["tags"] = [*self.tree["tags"], *added]

    def _name_schemes(self) -> None:
        """Give each learned security scheme the name that the document has for it, or a new one."""
        existing = self._component_map("securitySchemes")
        for name, scheme in self._component_map("securitySchemes", self._learned).items():
            same = (key for key, other in existing.items() if _is_same_scheme(scheme, other))
            self._schemes[name] = next(same, "")

    def _component_map(self, kind: str, tree: dict[str, Any] | None = None) -> dict[str, Any]:
        tree = self.tree if tree is None else tree
        return dict_or_empty(dict_or_empty(tree.get("components")).get(kind))

    def _added_operation(self, operation: dict[str, Any]) -> dict[str, Any]:
        """Return a learned operation for the document, and add the components that it needs."""
        added: dict[str, Any] = self._added(operation)
        taken = {
            other.get("operationId")
            for item in self.tree["paths"].values()
            for other in item.values()
            if isinstance(other, Mapping)
        }
        name, number = added["operationId"], 2
        while added["operationId"] in taken:
            added["operationId"], number = f"{name}{number}", number + 1
        if "security" in added:
            added["security"] = [
                {self._scheme(key): [] for key in alternative} for alternative in added["security"]
            ]
        return added

    def _scheme(self, name: str) -> str:
        if not self._schemes[name]:
            schemes = self.tree.setdefault("components", {}).setdefault("securitySchemes", {})
            self._schemes[name] = free_name(name, schemes)
            schemes[self._schemes[name]] = self._learned["components"]["securitySchemes"][name]
        return self._schemes[name]

    def _added(self, value: Any) -> Any:
        """Return a learned value, with references to components of the document."""
        if isinstance(value, list):
            return [self._added(item) for item in value]
        if not isinstance(value, dict):
            return value
        ref = reference_of(value)
        if ref is not None and ref.startswith(_COMPONENTS):
            return reference_to(_COMPONENTS + self._component(ref.removeprefix(_COMPONENTS)))
        return {name: self._added(member) for name, member in value.items()}

    def _component(self, name: str) -> str:
        """Return the name of a learned component in the document."""
        if name in self._components:
            return self._components[name]
        schemas = self.tree.setdefault("components", {}).setdefault("schemas", {})
        learned = self._learned["components"]["schemas"][name]
        existing = dict_or_empty(schemas.get(name))
        is_same = bool(
            dict_or_empty(existing.get("properties")).keys() & learned.get("properties", {}).keys()
        )
        target = self._components[name] = name if is_same else free_name(name, schemas)
        if is_same:
            self._widen(existing, learned, self._narrow["components"]["schemas"][name], 0)
        else:
            schemas[target] = {}
            schemas[target] = self._added(learned)
        return target

    def _merge_operation(
        self, item: dict[str, Any], existing: dict[str, Any], learned: dict[str, Any], narrow: dict[str, Any]
    ) -> None:
        self._merge_parameters(item, existing, learned, narrow)
        self._never_sent = "readOnly"
        if "requestBody" in learned:
            body = self._resolved(existing.get("requestBody"))
            if not isinstance(body, dict):
                existing["requestBody"] = self._added(learned["requestBody"])
                existing["requestBody"].pop("required", None)  # earlier requests may have had none
            else:
                self._merge_content(body, learned["requestBody"], narrow["requestBody"])
                if not narrow["requestBody"].get("required") and body.get("required"):
                    body["required"] = False
        elif isinstance(body := self._resolved(existing.get("requestBody")), dict) and body.get("required"):
            body["required"] = False
        self._never_sent = "writeOnly"
        responses = existing.setdefault("responses", {})
        for status, response in learned["responses"].items():
            key = documented_status(int(status), responses)
            found = self._resolved(responses.get(key)) if key else None
            if not isinstance(found, dict):
                responses[status] = self._added(response)
            else:
                self._merge_content(found, response, narrow["responses"][status])

    def _merge_parameters(
        self, item: dict[str, Any], existing: dict[str, Any], learned: dict[str, Any], narrow: dict[str, Any]
    ) -> None:
        listed = [*list_or_empty(existing.get("parameters")), *list_or_empty(item.get("parameters"))]
        known = {
            (parameter.get("in"), parameter.get("name")): parameter
            for parameter in map(self._resolved, reversed(listed))
            if isinstance(parameter, dict)
        }
        narrow_query = {
            parameter["name"]: parameter
            for parameter in narrow.get("parameters", [])
            if parameter["in"] == "query"
        }
        for parameter in learned.get("parameters", []):
            if parameter["in"] != "query":
                continue
            of_document = known.get(("query", parameter["name"]))
            if of_document is None:
                added = {key: value for key, value in self._added(parameter).items() if key != "required"}
                existing["parameters"] = [*list_or_empty(existing.get("parameters")), added]
            elif isinstance(of_document.get("schema"), dict):
                found = narrow_query[parameter["name"]]
                self._widen(of_document["schema"], parameter["schema"], found["schema"], 0)
                if "allowEmptyValue" in parameter:
                    of_document["allowEmptyValue"] = True
        for (location, name), of_document in known.items():
            is_in_all = narrow_query.get(name, {}).get("required")
            if location == "query" and of_document.get("required") and not is_in_all:
                of_document["required"] = False

    def _merge_content(
        self, existing: dict[str, Any], learned: dict[str, Any], narrow: dict[str, Any]
    ) -> None:
        for name, media in learned.get("content", {}).items():
            content = existing.setdefault("content", {})
            key = best_match(name, map(str, content))
            found = self._resolved(content.get(key)) if key is not None else None
            if not isinstance(found, dict):
                content[name] = self._added(media)
            elif is_text_type(name) and not is_json(name):
                continue  # a text such as `true` may be a value of any type
            elif isinstance(found.get("schema"), dict) and "schema" in media:
                self._widen(found["schema"], media["schema"], narrow["content"][name]["schema"], 0)

    def _resolved(self, value: Any) -> Any:
        return _target(value, self.tree)

    def _widen(self, existing: dict[str, Any], learned: Any, narrow: dict[str, Any], depth: int) -> None:
        """Widen a schema of the document so that it allows what was seen."""
        schema, learned = self._resolved(existing), _target(learned, self._learned)
        if not isinstance(schema, dict) or not isinstance(learned, dict) or depth > _MAX_DEPTH:
            return
        if (id(schema), id(narrow)) in self._visited:
            return
        self._visited.add((id(schema), id(narrow)))
        branches = [key for key in ("anyOf", "oneOf", "allOf") if key in schema]
        if branches:
            self._widen_branches(schema, branches[0], learned, narrow, depth)
            return
        if "anyOf" in narrow:
            for of_learned, of_narrow in zip(learned.get("anyOf", []), narrow["anyOf"], strict=False):
                self._widen(schema, of_learned, of_narrow, depth + 1)
            return
        if "anyOf" in learned:  # a component, or a value of another type
            learned = _target(learned["anyOf"][0], self._learned)
        self._widen_type(schema, narrow)
        self._widen_strings(schema, narrow)
        if "properties" in narrow:
            self._widen_properties(schema, learned, narrow, depth)
        members = schema.get("additionalProperties")
        if isinstance(members, dict) and "additionalProperties" in narrow:
            self._widen(
                members,
                learned.get("additionalProperties", narrow["additionalProperties"]),
                narrow["additionalProperties"],
                depth + 1,
            )
        if isinstance(schema.get("items"), dict) and "items" in narrow and schema["items"]:
            self._widen(schema["items"], learned.get("items", narrow["items"]), narrow["items"], depth + 1)

    def _widen_branches(
        self,
        schema: dict[str, Any],
        keyword: str,
        learned: dict[str, Any],
        narrow: dict[str, Any],
        depth: int,
    ) -> None:
        branches = [branch for branch in list_or_empty(schema[keyword]) if isinstance(branch, dict)]
        if keyword == "allOf" and "properties" in narrow:
            self._widen_objects(branches, learned, narrow, depth, are_kinds=False)
            return
        pairs = list(zip(learned.get("anyOf", [learned]), narrow.get("anyOf", [narrow]), strict=False))
        for of_learned, of_narrow in pairs:
            for part in self._by_type(of_narrow):
                fitting = self._fitting(branches, part)
                if keyword != "allOf" and "properties" in part and len(fitting) > 1:
                    self._widen_objects(fitting, of_learned, part, depth, are_kinds=True)
                elif fitting:
                    self._widen(self._nearest(fitting, part), of_learned, part, depth + 1)
                elif keyword != "allOf":
                    added = self._added(of_learned)
                    new = {**added, "type": part["type"]} if "type" in added else added
                    schema[keyword] = [*schema[keyword], new]

    def _by_type(self, narrow: dict[str, Any]) -> list[dict[str, Any]]:
        """Return a narrowest schema as one for each type of a value or of its items, since each may have a branch."""
        types = _listed(narrow.get("type", []))
        parts = [narrow]
        if len(types) > 1:
            parts = [
                {
                    **{key: value for key, value in narrow.items() if _OF_TYPE.get(key, name) == name},
                    "type": name,
                }
                for name in types
            ]
        parts = [
            {**part, "items": items} if items else part
            for part in parts
            for items in (self._by_type(part["items"]) if "items" in part else [None])
        ]
        self._parts += parts
        return parts

    def _widen_objects(
        self,
        branches: list[dict[str, Any]],
        learned: dict[str, Any],
        narrow: dict[str, Any],
        depth: int,
        *,
        are_kinds: bool,
    ) -> None:
        """Widen each branch by the properties that it knows, and the nearest by those that none knows.

        If the branches are kinds of objects, what was learned does not tell which kind had a value or lacked it. So
        each kind is widened by the properties that it alone knows, and its required properties stay.
        """
        fitting = self._fitting(branches, narrow)
        nearest = self._nearest(fitting, narrow) if fitting else None
        known = [self._property_names(branch, 0) for branch in branches]
        count = Counter(name for names in known for name in names)
        for branch, names in zip(branches, known, strict=True):
            properties = {
                name: value
                for name, value in narrow["properties"].items()
                if (name in names and not (are_kinds and count[name] > 1))
                or (branch is nearest and not count[name])
            }
            part = {**narrow, "properties": properties}
            if are_kinds:
                part["required"] = list(names)
            self._parts.append(part)
            self._widen(branch, learned, part, depth + 1)

    def _property_names(self, schema: Any, depth: int) -> set[str]:
        """Return the names of the properties of a schema, and of its branches."""
        schema = dict_or_empty(self._resolved(schema))
        branches = [
            branch for key in ("anyOf", "oneOf", "allOf") for branch in list_or_empty(schema.get(key))
        ]
        names = set(dict_or_empty(schema.get("properties")))
        if depth < _MAX_DEPTH:
            names.update(*(self._property_names(branch, depth + 1) for branch in branches))
        return names

    def _nearest(self, fitting: list[dict[str, Any]], narrow: dict[str, Any]) -> dict[str, Any]:
        """Return the branch that has most in common with a value, of the branches that fit it."""
        names = dict_or_empty(narrow.get("properties")).keys()
        of_items = _types(dict_or_empty(narrow.get("items")))

        def in_common(branch: dict[str, Any]) -> int:
            schema = dict_or_empty(self._resolved(branch))
            items = dict_or_empty(self._resolved(schema.get("items")))
            return len(dict_or_empty(schema.get("properties")).keys() & names) + len(_types(items) & of_items)

        return max(fitting, key=in_common)

    def _fitting(self, branches: list[dict[str, Any]], narrow: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the branches that have the type of a value, and its constants."""
        types, members = _types(narrow), dict_or_empty(narrow.get("properties"))

        def fits(branch: dict[str, Any]) -> bool:
            schema = dict_or_empty(self._resolved(branch))
            if types and _types(schema) and not types & _types(schema):
                return False
            known = dict_or_empty(schema.get("properties"))
            return not any(_are_apart(known.get(name), member) for name, member in members.items())

        return [branch for branch in branches if fits(branch)]

    def _widen_type(self, schema: dict[str, Any], narrow: dict[str, Any]) -> None:
        if "type" not in schema or "type" not in narrow:
            return
        before = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        added = [name for name in _listed(narrow["type"]) if name not in before]
        if "number" in before:
            added = [name for name in added if name != "integer"]
        if not added:
            return
        types = [*before, *added]
        if "number" in types:
            types = [name for name in types if name != "integer"]
            if str(schema.get("format", "")).startswith("int"):
                del schema["format"]
        schema["type"] = types if len(types) > 1 else types[0]

    def _widen_strings(self, schema: dict[str, Any], narrow: dict[str, Any]) -> None:
        has_other_format = schema.get("format") != narrow.get("format")
        if "string" in _types(narrow) and schema.get("format") in STRING_FORMATS and has_other_format:
            del schema["format"]
        enum = schema.get("enum")
        if isinstance(enum, list):
            added = [value for value in narrow.get("enum", []) if value not in enum]
            if "null" in _types(narrow) and None not in enum:
                added.append(None)
            if added:
                schema["enum"] = [*enum, *added]

    def _widen_properties(
        self, schema: dict[str, Any], learned: dict[str, Any], narrow: dict[str, Any], depth: int
    ) -> None:
        existing = dict_or_empty(schema.get("properties"))
        required = list_or_empty(narrow.get("required"))
        if isinstance(schema.get("required"), list):
            still = [
                name
                for name in schema["required"]
                if name in required
                or dict_or_empty(self._resolved(existing.get(name))).get(self._never_sent) is True
            ]
            if still:
                schema["required"] = still
            else:
                del schema["required"]
        members = schema.get("additionalProperties")
        of_learned = dict_or_empty(learned.get("properties"))
        for name, of_narrow in narrow["properties"].items():
            if isinstance(existing.get(name), dict):
                if existing[name]:
                    self._widen(existing[name], of_learned.get(name, of_narrow), of_narrow, depth + 1)
            elif isinstance(members, dict) and members:
                self._widen(members, of_learned.get(name, of_narrow), of_narrow, depth + 1)
            elif name not in existing:
                schema.setdefault("properties", {})[name] = self._added(of_learned.get(name, of_narrow))
                existing = schema["properties"]


def _target(value: Any, tree: dict[str, Any]) -> Any:
    """Return the value at the end of a chain of references within a document; None if it leads nowhere."""

    def resolve(ref: str) -> Any:
        steps = from_fragment(ref)
        found = follow(tree, steps) if steps else None
        return None if found is MISSING else found

    return last_of_references(value, resolve)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _types(schema: Mapping[str, Any]) -> set[Any]:
    return set(_listed(schema["type"])) if "type" in schema else set()


def _are_apart(schema: Any, other: Any) -> bool:
    """Return whether a schema has a single constant, and the other has constants without it."""
    one, several = (
        [item["const"]] if "const" in item else list_or_empty(item.get("enum"))
        for item in map(dict_or_empty, (schema, other))
    )
    return len(one) == 1 and bool(several) and one[0] not in several


def _is_same_scheme(scheme: dict[str, Any], other: Any) -> bool:
    return isinstance(other, Mapping) and all(
        str(other.get(key, "")).lower() == str(value).lower() for key, value in scheme.items()
    )


def _renamed(operation: dict[str, Any], path: str, known: str) -> dict[str, Any]:
    """Return a learned operation with the names of path parameters that the document has."""
    names = dict(zip(parameter_names(path), parameter_names(known), strict=True))
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            parameter["name"] = names[parameter["name"]]
    return operation
