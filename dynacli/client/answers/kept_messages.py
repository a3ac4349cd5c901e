"""The request and the answer of a call as the history keeps them with `full`: secrets masked, large bodies left out."""

import json
from typing import TYPE_CHECKING, Any

from dynacli.auth.secret import MASK, Masker
from dynacli.client.answers.answer_errors import answer_masker
from dynacli.client.answers.mask_body import is_secret_header, mask_text, password_fields
from dynacli.client.call import Call
from dynacli.request import preview
from dynacli.urls import with_masked_secrets

if TYPE_CHECKING:
    from dynacli.http.send import Answer

__all__ = ["kept_messages"]

_LARGEST = 256 * 1024
"""Bytes of the largest body that is kept."""


def kept_messages(call: Call, answer: "Answer | None", masker: Masker) -> str:
    """Return the messages of a call as JSON.

    Args:
        answer: None where none came.
        masker: Takes the secrets of the call out of a text.
    """
    known, signed = frozenset(password_fields(call.described.operation)), call.signed
    body = signed.request.body
    request = signed.shown._replace(body=body if isinstance(body, bytes) and len(body) <= _LARGEST else None)
    kept: dict[str, Any] = {"request": {**preview.as_json(request), "size": _size_of(body)}}
    kept["request"]["url"] = with_masked_secrets(request.url, known)
    _mask(kept["request"], masker, known, signed.secret_headers)
    if answer is not None:
        content = answer.body if len(answer.body) == answer.size <= _LARGEST else b""
        shown = preview.as_json(signed.shown._replace(body=content or None))
        kept["answer"] = {
            "status": answer.status,
            "reason": answer.reason,
            "http_version": answer.http_version,
            "headers": [[name, value] for name, value in answer.headers],
            "body": shown["body"],
            "body_base64": shown["body_base64"],
        }
        _mask(kept["answer"], answer_masker(signed, answer.headers), known, signed.secret_headers)
    return json.dumps(masker.mask_value(kept))


def _size_of(body: Any) -> int | None:
    if body is None:
        return 0
    return len(body) if isinstance(body, bytes) else body.length


def _mask(message: dict[str, Any], masker: Masker, names: frozenset[str], headers: frozenset[str]) -> None:
    """Mask what is secret in the headers and the body of a message."""
    message["headers"] = [
        [name, _masked_header(name, masker.mask(value), headers)] for name, value in message["headers"]
    ]
    if message["body"]:
        message["body"] = masker.mask(mask_text(message["body"], names))


def _masked_header(name: str, value: str, headers: frozenset[str]) -> str:
    return MASK if is_secret_header(name, headers) and not value.endswith(f" {MASK}") else value
