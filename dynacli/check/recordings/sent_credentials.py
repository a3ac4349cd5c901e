"""The credentials that a request has, as far as the document's security schemes say where they would be."""

from dynacli.auth.credentials import is_supported, kind_of
from dynacli.model.operation import Operation, SecurityScheme
from dynacli.validation.judged_messages import JudgedRequest

__all__ = ["sent_credentials"]


def sent_credentials(request: JudgedRequest, operation: Operation) -> frozenset[str]:
    """Return the names of the operation's security schemes for which a request has a credential, right or wrong."""
    schemes = {scheme.name: scheme for alternative in operation.security for scheme in alternative}
    return frozenset(name for name, scheme in schemes.items() if _has_credential(request, scheme))


def _has_credential(request: JudgedRequest, scheme: SecurityScheme) -> bool:
    kind = kind_of(scheme)
    if kind == "mutualTLS" or not is_supported(scheme):
        return True  # a certificate is no part of the request, and nobody knows what an unknown scheme sends
    headers = {name.lower(): value for name, value in request.headers.items()}
    if kind != "apiKey":
        # Where two schemes are wanted together, each has a header of its own, and both are joined here.
        parts = (part.strip().partition(" ") for part in headers.get("authorization", "").split(","))
        return any(given.lower() == kind and credential.strip() for given, _, credential in parts)
    match scheme.location:
        case "header":
            return bool(headers.get(scheme.parameter.lower()))
        case "query":
            return any(name == scheme.parameter and value for name, value in request.query)
        case _:
            return any(name == scheme.parameter and value for name, value in request.cookies)
