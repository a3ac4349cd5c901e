"""The environment variables that credentials come from: their names, and what they may hold.

A document chooses the names of its security schemes, and so a part of the variables' names.
It must not be able to reach another API's variable that way, or one of dynacli's settings.
"""

import re
from collections.abc import Iterable, Mapping

from dynacli.auth.secret import Secret
from dynacli.environment import Environment
from dynacli.errors import AuthError
from dynacli.library.configuration.configuration import DEMO, Configuration

__all__ = ["ADHOC", "SETTINGS", "Variables", "prefix_of", "secrets_in", "variables_of"]

ADHOC = "DYNACLI"
"""The prefix for a document that is not registered."""

SETTINGS = frozenset(
    {
        "DYNACLI_CACHE_DIR",
        "DYNACLI_CACHE_LIMIT",
        "DYNACLI_CONFIG_DIR",
        "DYNACLI_ERROR_FORMAT",
        "DYNACLI_HISTORY",
        "DYNACLI_PROFILE",
        "DYNACLI_REFRESH",
        "DYNACLI_STATE_DIR",
        "DYNACLI_VALIDATE",
    }
)

_OTHERS = re.compile(r"[^A-Z0-9]+")
_PAIR = frozenset({"USERNAME", "PASSWORD"})
_GENERIC = re.compile(r".+_(TOKEN|KEY|USERNAME|PASSWORD)")


def prefix_of(name: str) -> str:
    """Return the prefix of a registered API's variables: `DYNACLI_GIT_HUB` for `git-hub`."""
    return f"{ADHOC}_" + re.sub(r"[^A-Z0-9]", "_", name.upper())


def secrets_in(variables: Mapping[str, str], headers: Iterable[str] = ()) -> list[Secret]:
    """Return whatever may be a secret in variables and in headers like `Authorization: Bearer abc`."""
    secrets = [
        Secret(value.strip())
        for name, value in variables.items()
        if name.startswith(f"{ADHOC}_") and name not in SETTINGS
    ]
    for header in headers:
        value = header.partition(":")[2].strip()
        secrets.extend([Secret(value), Secret(value.partition(" ")[2])])
    return secrets


def variables_of(env: Environment, prefix: str) -> "Variables":
    """Return the variables of an API, kept apart from those of the other registered ones.

    Args:
        prefix: The beginning of their names.

    Raises:
        FileError: The configuration cannot be read.
    """
    return Variables(prefix, env.variables, [prefix_of(name) for name in (*Configuration(env).apis(), DEMO)])


class Variables:
    """The variables of one API.

    Args:
        prefix: The beginning of their names.
        values: The environment.
        others: The prefixes of other APIs, whose variables are not read.
    """

    def __init__(
        self, prefix: str, values: Mapping[str, str] | None = None, others: Iterable[str] = ()
    ) -> None:
        self.prefix = prefix
        self._values = values or {}
        self._others = tuple(other for other in others if len(other) > len(prefix))

    def generic(self, word: str) -> str:
        """Return a name without a scheme: `DYNACLI_<API>_TOKEN`."""
        return f"{self.prefix}_{word}"

    def own(self, scheme: str) -> str:
        """Return the name for one scheme: `DYNACLI_<API>_<SCHEME>`.

        Where that could be another variable's name, two underscores stand before the scheme.
        """
        word = _OTHERS.sub("_", scheme.upper()).strip("_")
        plain = self.generic(word)
        is_taken = (
            not word
            or word in _PAIR
            or plain in SETTINGS
            or any(plain.startswith(f"{other}_") for other in self._others)
            # `DYNACLI_GITHUB_TOKEN` may be set before `github` is registered.
            or (self.prefix == ADHOC and _GENERIC.fullmatch(word) is not None)
        )
        return f"{self.prefix}__{word}" if is_taken else plain

    def is_set(self, name: str) -> bool:
        """Return whether a variable has a value."""
        return bool(self._values.get(name, "").strip())

    def value(self, name: str) -> str:
        """Return a value for a header, a URL or a cookie; empty where the variable is not set.

        Raises:
            AuthError: The value cannot be sent; the message names the variable and never shows the value.
        """
        # White space around a value is never meant: it comes from files, and from `$(cat FILE)` in some shells.
        value = self.text(name).strip()
        try:
            value.encode("latin-1")
        except UnicodeEncodeError:
            raise AuthError(
                f"The value of `{name}` holds a character that a request cannot carry",
                why="Headers are Latin-1 (RFC 9110, section 5.5)",
                hint="Set it again",
            ) from None
        return value

    def text(self, name: str) -> str:
        """Return a value that is encoded before it is sent; empty where the variable is not set.

        Raises:
            AuthError: The value holds a control character or is not text.
        """
        value = self._values.get(name, "").rstrip("\r\n")
        if any(char < " " or "\x7f" <= char <= "\x9f" for char in value):
            raise AuthError(
                f"The value of `{name}` holds a control character", hint="Set it again, without line breaks"
            )
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise AuthError(f"The value of `{name}` is not text in UTF-8", hint="Set it again")
        return value
