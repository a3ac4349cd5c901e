"""A form or a multipart body of one call: words → values, files among them → the body."""

from collections.abc import Mapping
from typing import Any

from dynacli.commands.call.uploads import file_value
from dynacli.commands.operation_command import OperationCommand
from dynacli.commands.run import Run
from dynacli.errors import UsageError
from dynacli.model.media_types import is_multipart
from dynacli.model.operation import Field
from dynacli.request.assemble_body import json_text
from dynacli.request.convert_words import convert_all
from dynacli.request.form_body import encode_form
from dynacli.request.payload import Payload
from dynacli.schema.form_encoding import Encodings

__all__ = ["FormBody"]


class FormBody:
    """Makes the body of one call.

    Args:
        run: The run, whose standard input may be the content of a file.
        command: The operation.
        media_type: The media type, with a boundary if the person named one.
    """

    def __init__(self, run: Run, command: OperationCommand, media_type: str) -> None:
        self._run = run
        self._media_type = media_type
        self._is_multipart = is_multipart(media_type)
        self._encodings = Encodings(
            command.raw_media_type(),
            command.api.catalog.resolve,
            command.api.catalog.meta["dialect"],
            is_multipart=self._is_multipart,
            has_examples=bool(run.option("example") or run.option("editor")),
        )

    def value(self, one: Field, words: list[str], *, is_strict: bool) -> Any:
        """Return the value of an option, which may be a file or several."""
        option = f"--{one.option}"
        is_item = len(one.path) == 2 and one.path[1].startswith("[")
        if len(one.path) == 1 or is_item:
            encoding = self._encodings.of(one.path[0])
            is_list = one.value.type == "array" and not is_item
            is_named = any(word.startswith("@") for word in words)
            if encoding.takes_file and (is_named or not encoding.takes_text):
                return file_value(self._run, words, encoding, option, is_list=is_list)
        elif self._is_multipart and one.value.format == "binary" and words[-1].startswith("@"):
            raise UsageError(
                f"{option} cannot be a file",
                why="It is a part of a JSON value, which has no form for the bytes of a file",
                hint="Only a property of its own in a multipart body can be a file",
            )
        return convert_all(words, one.value, option, is_strict=is_strict)

    def encode(self, body: Any) -> tuple[bytes | Payload, str]:
        """Return the body and its media type, with a boundary where there are parts.

        Raises:
            UsageError: It cannot be written the way the document asks for.
        """
        given = dict(_part_headers(self._run.option("part_header", ())))
        if not self._is_multipart:
            return encode_form(body, self._media_type, self._encodings.of, json_text), self._media_type
        from dynacli.request.multipart_body import Multipart, boundary_in, make_parts

        unknown = [name for name, _ in given if not isinstance(body, Mapping) or name not in body]
        if unknown:
            raise UsageError(
                f"There is no part `{unknown[0]}` for the header of `--part-header`",
                hint="Name the part as the document spells it, and give its content too",
            )
        essence = self._media_type.partition(";")[0].strip()
        if isinstance(body, list) and essence.lower() == "multipart/form-data":
            body = None  # its parts all need a name (RFC 7578, section 4.2)
        typed = boundary_in(str(self._run.option("content_type", "")))
        parts = make_parts(body, self._encodings, json_text, given)
        made = Multipart(parts, essence, typed or self._boundary())
        return made, made.media_type

    def _boundary(self) -> str:
        if self._run.option("dry_run"):
            from dynacli.request.multipart_body import PREVIEW_BOUNDARY

            return PREVIEW_BOUNDARY
        import secrets

        return secrets.token_hex(16)


def _part_headers(words: Any) -> list[tuple[tuple[str, str], str]]:
    headers = []
    for word in words:
        part, _, rest = word.partition(":")
        name, colon, value = rest.partition(":")
        if not part or not name.strip() or not colon:
            raise UsageError(
                "A value of --part-header cannot be read", hint="Write `--part-header PART:NAME:VALUE`"
            )
        headers.append(((part, name.strip().lower()), value.strip()))
    return headers
