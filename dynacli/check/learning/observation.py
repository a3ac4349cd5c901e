"""An answer as the learning of a document reads it: with the values that findings point to."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from dynacli.auth.secret import Masker
from dynacli.check.check_records import CheckedOperation
from dynacli.document.pointer import MISSING, follow, split
from dynacli.model.media_types import is_json, is_media_type, split_media_type

__all__ = ["Observation", "observations_of"]

_UNKNOWN_STATUS = ("undocumented-status", "status")


class Observation:
    """One answer.

    Args:
        operation: What dynacli calls the operation.
        method: In upper case.
        path: The operation's path, a template.
        status: The answer's.
        headers: The answer's.
        body: Decoded.
        masker: Takes the secrets of the call out; nothing that holds one is learned.
        forgiven: (rule, pointer) of findings that the configuration switches off.
    """

    def __init__(
        self,
        operation: str,
        method: str,
        path: str,
        status: int,
        headers: tuple[tuple[str, str], ...],
        body: bytes,
        masker: Masker,
        forgiven: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        self.operation = operation
        self.method = method
        self.path = path
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body
        self.masker = masker
        self.forgiven = forgiven

    @property
    def content_type(self) -> str:
        """The header's value, empty where there is none."""
        return self.headers.get("content-type", "")

    @property
    def media_type(self) -> str:
        """The media type's name in lower case; empty where there is none that could stand in a document."""
        name = split_media_type(self.content_type)[0]
        return name if is_media_type(name) and "*" not in name else ""

    @property
    def is_sequence(self) -> bool:
        """Whether the body is one value after the other."""
        from dynacli.validation.bodies.sequences import is_sequence

        return is_sequence(self.media_type)

    @cached_property
    def value(self) -> Any:
        """The body as a JSON value, a sequence as the list of its items; `MISSING` where it is none."""
        from dynacli.validation.bodies.read_body import UncheckedError, UnreadableError, read_json
        from dynacli.validation.bodies.sequences import read_items

        name, parameters = split_media_type(self.content_type)
        try:
            if self.is_sequence:
                return self.masker.mask_value(read_items(name, parameters, self.body))
            if is_json(name):
                return self.masker.mask_value(read_json(self.body, parameters))
        except (UnreadableError, UncheckedError, RecursionError):
            return MISSING
        return MISSING

    def at(self, pointer: str) -> Any:
        """Return the value that a finding points to; `MISSING` where it cannot be had."""
        if pointer.startswith("header/"):
            name = pointer.split("/")[1].lower()
            return self.masker.mask(self.headers[name]) if name in self.headers else MISSING
        if pointer and not pointer.startswith("/"):
            return MISSING
        return follow(self.value, split(pointer)) if self.value is not MISSING else MISSING


def observations_of(checked: Iterable[CheckedOperation]) -> list[Observation]:
    """Return the answers of a check, as far as they were judged."""
    found = []
    for one in checked:
        operation = one.operation
        for exchange in one.exchanges:
            answer, verdict = exchange.answer, exchange.verdict
            if answer is None or verdict is None:
                continue
            forgiven = {(finding.rule, finding.pointer) for finding, _ in verdict.suppressed}
            if all((finding.rule, finding.pointer) != _UNKNOWN_STATUS for finding in verdict.findings):
                forgiven.add(
                    _UNKNOWN_STATUS
                )  # a 404 for a value that was made up says nothing of the document
            found.append(
                Observation(
                    operation.name,
                    operation.method,
                    operation.path,
                    answer.status,
                    answer.headers,
                    answer.body,
                    exchange.masker,
                    frozenset(forgiven),
                )
            )
    return found
