"""Security definitions of Swagger 2.0 → security schemes of OpenAPI 3.0."""

from typing import Any

from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["convert_requirements", "convert_scheme"]

_FLOWS = {
    "implicit": ("implicit", ("authorizationUrl",)),
    "password": ("password", ("tokenUrl",)),
    "application": ("clientCredentials", ("tokenUrl",)),
    "accessCode": ("authorizationCode", ("authorizationUrl", "tokenUrl")),
}
"""`flow` (2.0, "Security Scheme Object") → its name and its URLs in 3.0."""

_OF_FLOW = ("flow", "authorizationUrl", "tokenUrl", "scopes")


def convert_scheme(raw: Any, place: ConvertedPlace) -> Any:
    """Return a security scheme; a scheme as in OpenAPI 3.0, or a value that is no object, is returned unchanged."""
    if not isinstance(raw, dict):
        return raw
    if raw.get("type") == "basic":
        converted = {**raw, "type": "http"}
        converted["scheme"] = place.below("scheme").note_made("basic", place.below("type").old)
        return converted
    if raw.get("type") == "oauth2" and "flows" not in raw:
        return _oauth2(raw, place)
    return dict(raw)


def _oauth2(raw: dict[str, Any], place: ConvertedPlace) -> dict[str, Any]:
    converted: dict[str, Any] = {key: value for key, value in raw.items() if key not in _OF_FLOW}
    flow_name = raw.get("flow")
    origin = place.below("flow") if "flow" in raw else place
    old = origin.old
    place.below("flows").note_made({}, old)
    converted["flows"] = {}
    if not isinstance(flow_name, str) or flow_name not in _FLOWS:
        known = ", ".join(f"`{name}`" for name in _FLOWS)
        origin.warn(f"The `flow` of this security definition is none of {known}")
        return converted
    name, urls = _FLOWS[flow_name]
    flow = place.relocated((), ("flows", name))
    flow.note_made({}, old)
    converted["flows"][name] = {}
    for key in (*urls, "scopes"):
        if key in raw:
            flow.below(key).note_origin()
            converted["flows"][name][key] = raw[key]
    if not isinstance(raw.get("scopes"), dict):
        if "scopes" in raw:
            place.below("scopes").warn("The scopes are no object and are ignored")
        converted["flows"][name]["scopes"] = flow.below("scopes").note_made({}, old)
    return converted


def convert_requirements(raw: Any, schemes: dict[str, str], place: ConvertedPlace) -> Any:
    """Return security requirements with the new names of schemes; a value that is no list is returned unchanged."""
    if not isinstance(raw, list):
        return raw
    converted: list[Any] = []
    for index, alternative in enumerate(raw):
        if not isinstance(alternative, dict):
            converted.append(alternative)
            continue
        converted.append({})
        for name, scopes in alternative.items():
            new = schemes.get(name) or str(name)
            converted[index][new] = scopes
            if new != name:
                place.relocated((index, name), (index, new)).note_origin()
    return converted
