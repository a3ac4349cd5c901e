"""Objects of OpenAPI 3.1 → 3.0, except schemas."""

from typing import Any

from dynacli.document.objects import WEBHOOKS
from dynacli.document.references.scan import NEWEST_DIALECTS, follow_references
from dynacli.export.versions.conversion_walk import Here
from dynacli.export.versions.left_out import leave_out, leave_out_components

__all__ = [
    "document_in_3_0",
    "operation_in_3_0",
    "path_item_in_3_0",
    "reference_in_3_0",
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
    """Return an operation in 3.0, where it has to say something of its answers."""
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
