"""Judging at a level of validation: openapi-core judges; at `warn` it is not asked about what is beyond doubt."""

from typing import TYPE_CHECKING

from dynacli.http.semantics import is_sequence
from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.openapi.model.operation import Operation
from dynacli.validation.finding import Verdict
from dynacli.validation.judged_messages import JudgedRequest, JudgedResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynacli.validation._accept_messages import OperationSchemas
    from dynacli.validation.judge import Judge
    from dynacli.validation.operation_document import DocumentPlace

__all__ = ["JudgeByLevel"]


class JudgeByLevel:
    """Judges the requests and responses of an operation.

    Args:
        catalog: The components are read from it when a schema refers to them.
        operation: The operation.
        may_accept: Whether what compiled schemas accept is valid without asking openapi-core, which gives the same
            verdict and takes most of the time of a call.
        is_exact: Whether what the document does not mention is a finding, too.
    """

    def __init__(
        self,
        catalog: Catalog,
        operation: Operation,
        *,
        may_accept: bool = True,
        is_exact: bool = False,
    ) -> None:
        self._catalog, self._operation = catalog, operation
        documented = [name for response in operation.responses for name in response.media_types]
        # The items of a stream are judged as they come, so openapi-core is imported before the call is made.
        self._may_accept = may_accept and not any(map(is_sequence, documented))
        self._is_exact = is_exact
        self._schemas: OperationSchemas | None = None
        self._judge: Judge | None = None

    def request(self, request: JudgedRequest) -> Verdict:
        """Return the verdict on a request."""

        def is_right(schemas: "OperationSchemas") -> bool:
            from dynacli.validation._accept_messages import accepts_request

            return accepts_request(schemas, request)

        if self._accepts(is_right):
            return Verdict(is_accepted=True)
        return self._asked().request(request, is_exact=self._is_exact)

    def response(self, response: JudgedResponse) -> Verdict:
        """Return the verdict on a response."""

        def is_right(schemas: "OperationSchemas") -> bool:
            from dynacli.validation._accept_messages import accepts_response

            return accepts_response(schemas, response)

        if self._accepts(is_right):
            return Verdict(is_accepted=True)
        return self._asked().response(response, is_exact=self._is_exact)

    @property
    def responses_place(self) -> "DocumentPlace":
        """The place of the operation's responses in the document."""
        return self._asked().responses_place

    def prepare(self) -> None:
        """Do what judging the response will need, while there is time for it.

        Schemas of responses are compiled; where a response cannot be accepted by them, openapi-core is imported.
        """
        if self._judge is not None or not self._may_accept:
            return
        from dynacli.validation._accept_messages import can_accept_success

        if not self._accepts(can_accept_success):
            self._asked()

    def _accepts(self, is_right: "Callable[[OperationSchemas], bool]") -> bool:
        """Return whether nothing need be asked, as a check by the schemas of the operation tells."""
        if not self._may_accept:
            return False
        if self._schemas is None:
            from dynacli.lean_imports import import_jsonschema_rs

            import_jsonschema_rs()
            from dynacli.validation._accept_messages import OperationSchemas

            self._schemas = OperationSchemas(self._catalog, self._operation)
        try:
            return is_right(self._schemas)
        except LookupError:  # openapi-core says which reference leads nowhere
            return False

    def _asked(self) -> "Judge":
        if self._judge is None:
            from dynacli.validation.judge import Judge

            self._judge = Judge(self._catalog, self._operation)
        return self._judge
