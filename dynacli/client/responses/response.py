"""The response to a call that a Python program made."""

import json
import threading
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dynacli.client.call import sent_request

if TYPE_CHECKING:
    from dynacli.auth.secret import Masker
    from dynacli.client.call import Call
    from dynacli.client.described_operation import DescribedOperation
    from dynacli.client.pages.page_loop import AnsweredPage
    from dynacli.http.exchange import Response as WireResponse
    from dynacli.validation.finding import Finding, ValidationResult

__all__ = ["Headers", "Response"]


class Headers(Mapping[str, str]):
    """The headers of a response, by name in any case; the values of repeated ones are joined (RFC 9110, section 5.3).

    Attributes:
        pairs: (name, value) as they came, repeated ones repeated.
    """

    def __init__(self, pairs: tuple[tuple[str, str], ...]) -> None:
        self.pairs = pairs

    def __getitem__(self, name: str) -> str:
        """Return the value of a header, several joined by commas."""
        found = self.get_all(name)
        if not found:
            raise KeyError(name)
        return ", ".join(found)

    def __iter__(self) -> Iterator[str]:
        """Yield the names in lower case, each once."""
        return iter(dict.fromkeys(name.lower() for name, _ in self.pairs))

    def __len__(self) -> int:
        """Return how many headers there are, repeated ones counted once."""
        return len({name.lower() for name, _ in self.pairs})

    def get_all(self, name: str) -> list[str]:
        """Return all values of a header, none if it did not come."""
        return [value for key, value in self.pairs if key.lower() == name.lower()]


class Response:
    """The response to one call.

    Attributes:
        status: The status code of the final response.
        headers: Its headers, by name in any case.
        content: Its body in bytes, without its content encoding.
        request: The request that was sent, with its secrets masked.
        seconds: From the start of sending until the body was read.
        findings: What in the response does not match the document; empty if nothing does, or nothing was validated.
        tolerated: What in the request and the response does not match the document to the letter, and is a finding at
            the level `exact`.
        not_validated: What could not be validated, a reason each.
        is_validated: Whether the response was validated at all.
        items: The items of a page of `Api.pages`; None if it has none, and for any other response.
    """

    def __init__(
        self,
        call: "Call",
        response: "WireResponse",
        validation: "ValidationResult | None",
        lock: threading.RLock,
        items: list[Any] | None = None,
    ) -> None:
        self._call, self._response, self._lock = call, response, lock
        self.items = items
        self.status: int = response.status
        self.headers = Headers(response.headers)
        self.content: bytes = response.body
        self.request = sent_request(call)
        self.seconds: float = response.seconds
        self._note_validation(validation)

    def _note_validation(self, validation: "ValidationResult | None") -> None:
        self._validation = validation
        self.is_validated = validation is not None
        self.findings: tuple[Finding, ...] = tuple(validation.findings) if validation is not None else ()
        self.tolerated: tuple[Finding, ...] = tuple(
            finding for validated in self.validations for finding in validated.tolerated
        )
        reasons = (*validation.failures, *validation.not_validated) if validation is not None else ()
        self.not_validated: tuple[str, ...] = tuple(dict.fromkeys(reasons))

    def __repr__(self) -> str:
        """Return the status and what was asked for."""
        return f"<Response {self.status} to {self._call.described.operation.name}>"

    @property
    def data(self) -> Any:
        """The value of the body: of JSON its value, of JSON lines and sequences a list, of other text the text.

        It is None if there is no body, and the bytes if they are no text. A body that is not the JSON that
        its media type promises is text, too.
        """
        from dynacli.media.body_value import NoValueError, body_value
        from dynacli.text.body_text import decoded

        media_type = self._response.header("content-type")
        try:
            return body_value(self.content, media_type, json.loads)
        except NoValueError:
            text = decoded(self.content, media_type)
            return self.content if text is None else text

    @property
    def following(self) -> "AnsweredPage | None":
        """What the response tells of the next page of its list; None if it tells of none."""
        from dynacli.client.pages.page_loop import answered_page

        with self._lock:
            return answered_page(self._call, self._response) if 200 <= self.status < 300 else None

    @property
    def described(self) -> "DescribedOperation":
        """The operation that was called, in its document."""
        return self._call.described

    @property
    def validations(self) -> "tuple[ValidationResult, ...]":
        """The results on the request and on the response, as far as each was validated."""
        of_request = self._call.validating.validation if self._call.validating is not None else None
        return tuple(validated for validated in (of_request, self._validation) if validated is not None)

    @property
    def redirects(self) -> tuple[int, ...]:
        """The statuses that were followed on the way to the response."""
        return tuple(status for status, _ in self._response.hops)

    @cached_property
    def masker(self) -> "Masker":
        """What masks the secrets that the call has carried, or got by a cookie."""
        from dynacli.client.responses.response_errors import response_masker

        return response_masker(self._call.signed, self._response.headers)

    def raise_for_status(self) -> "Response":
        """Return the response itself if its status is a 2xx.

        Raises:
            HttpError: It is not.
        """
        if 200 <= self.status < 300:
            return self
        from dynacli.client.responses.response_errors import http_error

        raise self._call.signed.masker.mask_error(http_error(self._call, self._response))

    def raise_for_findings(self) -> "Response":
        """Return the response itself if it matches the document.

        Raises:
            MismatchError: Something does; it names each finding with its place.
        """
        if self._validation is None or self._validation.is_valid:
            return self
        from dynacli.client.responses.response_errors import mismatch_error

        with self._lock:
            raise mismatch_error(self._call, self._response, self._validation)
