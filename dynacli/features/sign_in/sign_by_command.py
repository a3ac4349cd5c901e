"""Signing by a command in the configuration, for schemes that no standard defines.

The command reads the request as JSON from standard input, and writes `{"headers": {NAME: VALUE}}` to standard output.
"""

import json
import shlex
from base64 import b64encode
from collections.abc import Sequence

from dynacli.auth.credentials import Alternative, Credential
from dynacli.auth.references import run_helper
from dynacli.client.call_settings import CallSettings
from dynacli.client.credentials.chosen_security import ALWAYS
from dynacli.environment import invocation
from dynacli.errors import AuthError, UsageError
from dynacli.http.built_request import Request
from dynacli.record import record
from dynacli.request.build_request import check_header
from dynacli.secrets import Secret


@record
class Signer:
    """A command that signs requests.

    Args:
        scheme: Security scheme of the command.
        words: The program and its arguments.
    """

    scheme: str
    words: tuple[str, ...]

    @property
    def label(self) -> str:
        """Description for messages, without arguments."""
        return f"the command `{self.words[0]}` of `sign`"


def signer_of(
    settings: CallSettings, security: Sequence[Alternative]
) -> tuple[Signer | None, Sequence[Alternative]]:
    """Return the command that signs a call, if there is one, and the alternatives for other credentials.

    Args:
        security: Alternatives of security schemes for the call.
    """
    signers = {
        name: Signer(name, tuple(shlex.split(line) if isinstance(line, str) else line))
        for name, table in (settings.auth_tables or {}).items()
        if (line := table.get("sign"))
    }
    for alternative in security:
        for scheme in alternative:
            if scheme.name in signers:
                others = tuple(item for item in alternative if item.name != scheme.name)
                return signers[scheme.name], [others] if others else []
    if signers and settings.signs == ALWAYS and not settings.auth:
        return next(iter(signers.values())), security
    return None, security


def sign_by_command(signer: Signer, request: Request) -> tuple[Credential, ...]:
    """Return the headers that a command writes for a request.

    Args:
        request: The request with all other credentials. A streamed body is not passed to the command.

    Raises:
        AuthError: The command failed or wrote invalid output.
    """
    body = b64encode(request.body).decode() if isinstance(request.body, bytes) else None
    form = {"method": request.method, "url": request.url, "headers": request.headers, "body_base64": body}
    label = f"T{signer.label[1:]}"
    response = run_helper(list(signer.words), label, json.dumps(form).encode())
    try:
        headers = json.loads(response)["headers"]
        signed = tuple(_credential(signer, name, value) for name, value in headers.items())
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, UsageError):
        signed = ()
    if not signed:
        # The exception is hidden, because its text may quote a secret from the output.
        raise AuthError(
            f"{label} returns no headers that can be sent",
            reason='It must write `{"headers": {"NAME": "VALUE"}}` to standard output',
            hint=f"Run it yourself with a request on standard input, as `{invocation('help auth-config')}` says",
        )
    return signed


def _credential(signer: Signer, name: str, value: str) -> Credential:
    if not isinstance(value, str):
        raise TypeError
    check_header(name, value)
    secret = Secret(value)
    return Credential(signer.scheme, "header", name, "", secret, (secret,))
