"""What to do about a 401 or 403: which credential was sent, how it was sent, and what the server asks for."""

from shlex import quote
from typing import TYPE_CHECKING

from dynacli.auth.challenges import schemes_asked_for
from dynacli.auth.credentials import is_known, variables_of
from dynacli.auth.missing_credential import missing_credential
from dynacli.auth.secret import MASK
from dynacli.client.credentials.own_scheme import KINDS, declares_none
from dynacli.environment import invocation
from dynacli.model.operation import Operation, SecurityScheme
from dynacli.text.terminal import visible

if TYPE_CHECKING:
    from dynacli.client.call import Call
    from dynacli.http.send import Answer

__all__ = ["prefix_hint", "sign_in_hint"]

_CHECK = "Check the credential: it may be wrong, expired, or without the right for this"
_USUAL_WORDS = ("Bearer", "Token")


def sign_in_hint(call: "Call", answer: "Answer") -> str:
    """Return the hint for a response that refuses a credential, or wants one."""
    api, operation, signed = call.described.api, call.described.operation, call.signed
    if signed.shown != signed.request:
        return prefix_hint(call, answer) or _CHECK
    values = _challenges(answer)
    is_declared = any(is_known(scheme) for alternative in operation.security for scheme in alternative)
    if answer.status == 401 and api.is_registered and not is_declared and declares_none(api):
        return f"The document declares no way to sign in. Add one: `{_own_scheme_line(api.name, values)}`"
    if operation.security:
        registered = api.name if api.is_registered else ""
        variables = variables_of(call.env, api.prefix)
        return missing_credential([each for each in operation.security if each], variables, registered).hint
    return "The document asks for no credential here; give one with `-H` if there is one"


def prefix_hint(call: "Call", answer: "Answer", said: str = "") -> str:
    """Return how a word is put before a key in `Authorization` that was sent without one; empty if that is not so.

    Args:
        said: What the server says, which may have the word, as in `Bearer SECRET`.
    """
    sent, shown = (
        [value for name, value in request.headers if name.lower() == "authorization"]
        for request in (call.signed.request, call.signed.shown)
    )
    api = call.described.api
    scheme = _key_in_authorization(call.described.operation)
    # A key with a word of its own is masked as a whole.
    if scheme is None or MASK not in shown or any(" " in value for value in sent) or not api.is_registered:
        return ""
    asked = schemes_asked_for(_challenges(answer))
    words = [each.prefix or "Bearer" for each in asked if each.prefix or each.scheme == "bearer"]
    words = words or [word for word in dict.fromkeys((scheme.name, *_USUAL_WORDS)) if _is_shown(word, said)]
    key = f"auth.{_toml_key(scheme.name)}.prefix="
    lines = [f"`{invocation('api set', api.name)} {quote(key + word)}`" for word in words or _USUAL_WORDS]
    listed = visible(" or ".join(lines), keep="")
    return f"The key went into `Authorization` without a word before it, which most servers want: {listed}"


def _challenges(answer: "Answer") -> list[str]:
    return [value for name, value in answer.headers if name.lower() == "www-authenticate"]


def _is_shown(word: str, said: str) -> bool:
    """Return whether a message has a word before a secret: `as in 'Bearer SECRET' or "Token <key>"`."""
    import re

    return re.search(rf"(?<!\w){re.escape(word)} [<{{$\[A-Z]", said) is not None and word.isalnum()


def _key_in_authorization(operation: Operation) -> SecurityScheme | None:
    schemes = (scheme for alternative in operation.security for scheme in alternative)
    return next(
        (
            scheme
            for scheme in schemes
            if scheme.type == "apiKey"
            and (scheme.location, scheme.parameter.lower()) == ("header", "authorization")
        ),
        None,
    )


def _toml_key(name: str) -> str:
    import json
    import re

    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def _own_scheme_line(name: str, challenges: list[str]) -> str:
    """Return the line that adds the scheme that the server asks for; a bearer token if it does not say."""
    line = invocation("auth login", name)
    for scheme in schemes_asked_for(challenges):
        if scheme.type == "apiKey":
            return f"{line} --scheme apikey --name {quote(scheme.parameter)}"
        if scheme.scheme in KINDS:
            return f"{line} --scheme {scheme.scheme}"
    return f"{line} --scheme bearer"
