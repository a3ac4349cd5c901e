"""The security requirements of an operation, with the schemes that they name."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dynacli.document.references.scan import follow_references
from dynacli.model.lenient_reading import list_or_empty, text_or_empty
from dynacli.model.operation import SecurityScheme, has_password_flow

__all__ = ["Security"]

_TYPES = frozenset({"http", "apiKey", "oauth2", "openIdConnect", "mutualTLS"})
"""OpenAPI 3.2.0, "Security Scheme Object"."""
_WITH_TOKEN = frozenset({"oauth2", "openIdConnect"})


def _with_one_token(schemes: tuple[SecurityScheme, ...]) -> Iterator[tuple[SecurityScheme, ...]]:
    """Yield the alternatives that a requirement comes to: of several tokens, each by itself.

    Each would be the `Authorization` of the request, which there is once (RFC 9110, section 11.6.2), so that one has to
    do for all. The documents of Google's APIs require two flows of OAuth 2 together.
    """
    tokens = [scheme for scheme in schemes if scheme.type in _WITH_TOKEN or scheme.scheme == "bearer"]
    if len(tokens) < 2:
        yield schemes
        return
    for token in tokens:
        yield tuple(scheme for scheme in schemes if scheme is token or scheme not in tokens)


class Security:
    """Reads the security requirements of operations; each mistake of a scheme is warned of once."""

    def __init__(self, tree: Mapping[str, Any], warn: Callable[..., None]) -> None:
        self._tree = tree
        self._warn = warn
        components = tree.get("components")
        schemes = components.get("securitySchemes") if isinstance(components, Mapping) else None
        self._schemes: Mapping[str, Any] = schemes if isinstance(schemes, Mapping) else {}
        self._warned: set[str] = set()

    def of_operation(
        self, operation: Mapping[str, Any], where: tuple[str, ...]
    ) -> tuple[tuple[SecurityScheme, ...], ...]:
        """Return the alternatives of an operation, each a set of schemes that go together, with one token at most."""
        is_own = "security" in operation
        declared = operation["security"] if is_own else self._tree.get("security")
        steps = (*where, "security") if is_own else ("security",)
        # A single requirement that is not in a list is clear enough.
        alternatives = [declared] if isinstance(declared, Mapping) else list_or_empty(declared)
        return tuple(
            schemes
            for alternative in alternatives
            if isinstance(alternative, Mapping)
            for schemes in _with_one_token(
                tuple(self._scheme(str(name), scopes, steps) for name, scopes in alternative.items())
            )
        )

    def _scheme(self, name: str, scopes: Any, steps: tuple[str, ...]) -> SecurityScheme:
        scheme = follow_references(self._tree, self._schemes.get(name))
        if not isinstance(scheme, Mapping):
            self._warn_once(name, f"security scheme `{name}` is not defined; nothing is sent for it", steps)
            return SecurityScheme(name)
        kind = text_or_empty(scheme.get("type"))
        if kind not in _TYPES:
            place = ("components", "securitySchemes", name)
            why = f"there is no type `{kind}`" if kind else "it has no type"
            message = f"security scheme `{name}` cannot be used, {why}; nothing is sent for it"
            self._warn_once(name, message, place)
        return SecurityScheme(
            name=name,
            type=kind,
            scheme=text_or_empty(scheme.get("scheme")).lower(),  # RFC 9110, section 11.1: case-insensitive
            location=text_or_empty(scheme.get("in")),
            parameter=text_or_empty(scheme.get("name")),
            scopes=tuple(scope for scope in list_or_empty(scopes) if isinstance(scope, str)),
            has_password_flow=has_password_flow(scheme),
        )

    def _warn_once(self, name: str, message: str, steps: tuple[str, ...]) -> None:
        if name not in self._warned:  # and not for each of a thousand operations
            self._warned.add(name)
            self._warn(message, *steps)
