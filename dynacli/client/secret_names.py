"""Passwords in bodies: the fields that the document declares as passwords, and bodies without their values."""

from contextlib import suppress
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallValues
from dynacli.http.built_request import Request
from dynacli.http.semantics import is_form, is_structured
from dynacli.request.assemble_body import encode
from dynacli.secrets import MASK, Masker, Secret, mask_text, secret_texts


def without_passwords(
    described: DescribedOperation, values: CallValues, request: Request
) -> tuple[Request, Masker]:
    """Return a request with masked passwords in its body, and a masker for the same passwords.

    Args:
        values: Values from which the request was built.
        request: The request without credentials and secret parameters.
    """
    names, content = password_names(described), request.body
    value, is_json = values.form, False
    if value is None and isinstance(content, bytes):
        from dynacli.text.json_budget import read_limited  # most calls have no body

        with suppress(ValueError, RecursionError):
            value, is_json = read_limited(content), True
    masker = Masker(map(Secret, secret_texts(value, names, guesses=False)))

    def masked(piece: Any) -> Any:
        if not isinstance(piece, bytes):
            return piece
        text = masker.mask(piece.decode("utf-8", "surrogateescape"))
        if is_json or values.form is None:  # a form built by dynacli was masked field by field
            text = mask_text(text, names, guesses=False)
        return text.encode("utf-8", "surrogateescape")

    if values.form is not None and is_structured(values.media_type) and not is_form(values.media_type):
        # These formats may escape a secret, or write its length before it.
        content = encode(masker.mask_value(values.form), values.media_type, described.sent_schema)
    whole = described.media_type.value.format if described.media_type is not None else ""
    if content is not None and whole == "password":
        content = MASK.encode()
    elif isinstance(content, bytes | None):
        content = masked(content)
    else:
        content = content.changed(masked)
    return request._replace(body=content), masker


def password_names(described: DescribedOperation) -> set[str]:
    """Return the names of all body fields that the document declares as passwords, at any depth.

    Raises:
        DamagedCatalogError: The catalog is damaged.
    """
    names, catalog, body = set[str](), described.api.catalog, described.operation.body
    if body is None:
        return names
    fields = (field for media_type in body.content for field in media_type.fields)
    names.update(field.path[-1] for field in fields if field.value.format == "password")
    if not described.is_documented:
        return names
    stack: list[Any] = [catalog.part(described.operation.name)["operation"].get("requestBody")]
    followed: set[str] = set()
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
        if not isinstance(node, dict):
            continue
        ref, properties = node.get("$ref"), node.get("properties")
        if isinstance(ref, str) and ref not in followed:
            followed.add(ref)
            with suppress(LookupError, ValueError):
                stack.append(catalog.resolve(ref))
        for name, schema in properties.items() if isinstance(properties, dict) else ():
            if _is_password(schema):
                names.add(name)
        stack.extend(node.values())
    return names


def _is_password(schema: Any) -> bool:
    while isinstance(schema, dict) and schema.get("format") != "password":
        schema = schema.get("items")
    return isinstance(schema, dict)
