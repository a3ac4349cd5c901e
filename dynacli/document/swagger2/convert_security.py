"""Security definitions of Swagger 2.0 → security schemes of OpenAPI 3.0."""

from typing import Any

from dynacli.document.swagger2.conversion_ledger import Ledger
from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["convert_requirements", "convert_scheme"]

_FLOWS = {
    "implicit": ("implicit", ("authorizationUrl",)),
    "password": ("password", ("tokenUrl",)),
    "application": ("clientCredentials", ("tokenUrl",)),
    "accessCode": ("authorizationCode", ("authorizationUrl", "tokenUrl")),
}
"""`flow` (2.0, "Security Scheme Object") → its name in 3.0 and the URLs that it has."""

_OF_FLOW = ("flow", "authorizationUrl", "tokenUrl", "scopes")


def convert_scheme(raw: Any, spot: ConvertedPlace, ledger: Ledger) -> Any:
    """Return a security scheme; what is no object is returned as it is.

    Args:
        raw: The Security Scheme Object of 2.0; one that is written as in 3.0 stays so.
        spot: Where it is.
        ledger: Takes warnings, and what moved.
    """
    if not isinstance(raw, dict):
        return raw
    if raw.get("type") == "basic":
        made = {**raw, "type": "http"}
        made["scheme"] = ledger.made("basic", spot.below("scheme"), spot.below("type").old)
        return made
    if raw.get("type") == "oauth2" and "flows" not in raw:
        return _oauth2(raw, spot, ledger)
    return dict(raw)


def _oauth2(raw: dict[str, Any], spot: ConvertedPlace, ledger: Ledger) -> dict[str, Any]:
    made: dict[str, Any] = {key: value for key, value in raw.items() if key not in _OF_FLOW}
    given = raw.get("flow")
    old = spot.below("flow").old if "flow" in raw else spot.old
    ledger.made({}, spot.below("flows"), old)
    made["flows"] = {}
    if not isinstance(given, str) or given not in _FLOWS:
        ledger.warn(
            "The `flow` of this security definition is none of " + ", ".join(f"`{name}`" for name in _FLOWS),
            spot.below("flow") if "flow" in raw else spot,
        )
        return made
    name, urls = _FLOWS[given]
    flow = spot.moved((), ("flows", name))
    ledger.made({}, flow, old)
    made["flows"][name] = {}
    for key in (*urls, "scopes"):
        if key in raw:
            ledger.came(flow.below(key))
            made["flows"][name][key] = raw[key]
    if not isinstance(raw.get("scopes"), dict):
        if "scopes" in raw:
            ledger.warn("The scopes are no object and are ignored", spot.below("scopes"))
        made["flows"][name]["scopes"] = ledger.made({}, flow.below("scopes"), old)
    return made


def convert_requirements(raw: Any, schemes: dict[str, str], spot: ConvertedPlace, ledger: Ledger) -> Any:
    """Return the security requirements, with the names that schemes have now.

    Args:
        raw: The list of 2.0; what is none is returned as it is.
        schemes: Names of security definitions → those of their schemes.
        spot: Where it is.
        ledger: Takes what moved.
    """
    if not isinstance(raw, list):
        return raw
    made: list[Any] = []
    for index, alternative in enumerate(raw):
        if not isinstance(alternative, dict):
            made.append(alternative)
            continue
        made.append({})
        for name, scopes in alternative.items():
            new = schemes.get(name) or str(name)
            made[index][new] = scopes
            if new != name:
                ledger.came(spot.moved((index, name), (index, new)))
    return made
