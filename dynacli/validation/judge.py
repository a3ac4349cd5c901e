"""The judge of one operation: its requests before they are sent, its answers when they are there."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.catalog.model import Operation
from dynacli.catalog.store import Catalog, DamagedCatalogError
from dynacli.validation.document import locate, operation_document
from dynacli.validation.engine import load_engine
from dynacli.validation.explain import explain
from dynacli.validation.findings import Finding, Verdict, shortened
from dynacli.validation.session import Session

__all__ = ["Answered", "Judge", "Sent"]


class Sent(NamedTuple):
    """A request as it is judged: texts as they are on the wire, decoded, and the values behind them.

    Args:
        querystring: (name, text) of the parameter that is the whole query, percent-encoded, where there is one.
    """

    path: Mapping[str, str]
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    cookies: list[tuple[str, str]]
    media_type: str
    body: bytes | None
    values: Mapping[tuple[str, str], Any]
    querystring: tuple[str, str] | None = None


class Answered(NamedTuple):
    """An answer as it is judged.

    Args:
        content_type: The header's value, empty where there is none.
    """

    status: int
    headers: Mapping[str, str]
    content_type: str
    body: bytes


class Judge:
    """Judges by openapi-core, on a document that holds this operation alone.

    Args:
        catalog: Where components are read from when a schema leads to them.
        operation: The operation.
    """

    def __init__(self, catalog: Catalog, operation: Operation) -> None:
        self._catalog = catalog
        self._operation = operation
        self._document, steps = operation_document(catalog, operation)
        self._steps = ("paths", operation.path, *steps)
        self._version: str = catalog.meta["dialect"]
        self._engine: Any = load_engine()
        self._spec = self._engine.make_path(self._document)

    def request(self, sent: Sent) -> Verdict:
        """Return what in a request does not match the document."""
        verdict, session = Verdict(), Session()
        errors = self._engine.request_validator(
            self._spec,
            self._version,
            self._steps,
            sent.values,
            session,
        )
        self._collect(
            verdict,
            session,
            "request",
            lambda: errors(
                content_type=sent.media_type,
                body=sent.body,
                path=sent.path,
                query=sent.query,
                headers=sent.headers,
                cookies=sent.cookies,
                querystring=sent.querystring,
            ),
        )
        return verdict

    def response(self, answered: Answered, *, is_exact: bool = False) -> Verdict:
        """Return what in an answer breaks the document.

        Args:
            is_exact: Whether what the document does not mention is a finding too.
        """
        verdict, session = Verdict(), Session()
        body_schemas: list[tuple[Any, Any, str]] = []
        errors = self._engine.response_validator(
            self._spec,
            self._version,
            self._steps,
            body_schemas,
            session,
        )
        self._collect(
            verdict,
            session,
            "response",
            lambda: errors(
                status_code=answered.status,
                content_type=answered.content_type,
                data=answered.body,
                headers=answered.headers,
            ),
            is_exact=is_exact,
        )
        if is_exact:
            from dynacli.validation.exact import undocumented_properties

            for schema, value, pointer in body_schemas:
                verdict.extend(undocumented_properties(schema, value, self._catalog.resolve, pointer))
        return verdict

    def _collect(
        self, verdict: Verdict, session: Session, where: str, errors: Any, *, is_exact: bool = False
    ) -> None:
        try:
            found = list(errors())
        except DamagedCatalogError:
            verdict.failures.append("the compiled document is damaged; it is compiled again at the next call")
            return
        except RecursionError:
            verdict.unchecked.append("the value or its schema is nested too deeply")
            return
        except Exception as error:  # noqa: BLE001  - see below
            # Documents hold what no validator was written for: a media type that is text,
            # parameters that are no list. Whatever the libraries raise on one of them says
            # that nothing was judged, and neither the call nor its answer may be lost for it.
            verdict.failures.append(f"the document cannot be used here ({type(error).__name__})")
            return
        verdict.unchecked.extend(session.unchecked)
        verdict.failures.extend(session.failures)
        for one in found:
            self._one(verdict, where, one, is_exact=is_exact)

    def _one(self, verdict: Verdict, where: str, error: Exception, *, is_exact: bool) -> None:
        cause = error.__cause__ or error
        engine = self._engine
        if isinstance(cause, engine.UncheckedError):
            verdict.unchecked.append(str(cause))
        elif isinstance(error, engine.ResponseNotFound):
            self._undocumented_status(verdict, error, is_exact=is_exact)
        elif isinstance(cause, engine.UndocumentedBodyError):
            text = "the document describes no body for this answer"
            if is_exact:
                verdict.extend([Finding(where, "undocumented-body", "", text)])
            else:
                verdict.unchecked.append(text)
        else:
            verdict.extend(self._findings(where, error, cause))

    def _undocumented_status(self, verdict: Verdict, error: Any, *, is_exact: bool) -> None:
        """Judge a status that the document does not have.

        OpenAPI 3.1.1, "Responses Object": the documentation "is not necessarily expected to cover all possible
        HTTP response codes", but it is "to cover a successful operation response and any known errors".
        So where a document says how success looks, another success breaks it; else nobody would notice that
        the body was not judged. Another error is a note, and a finding for whoever asks for everything.
        """
        listed = [str(one) for one in error.availableresponses]
        shown = ", ".join(f"`{one}`" for one in listed) or "no answers at all"
        text = f"the document has no answer with status {error.http_status}, only {shown}"
        is_other_success = str(error.http_status).startswith("2") and any(
            one.startswith("2") for one in listed
        )
        if is_exact or is_other_success:
            status = int(error.http_status)
            verdict.extend([Finding("response", "undocumented-status", "status", text, listed, status)])
        else:
            verdict.unchecked.append(text)

    def _findings(self, where: str, error: Any, cause: Any) -> Iterator[Finding]:
        place = _place(error)
        schema_errors = getattr(cause, "schema_errors", None)
        if schema_errors is not None:
            steps = getattr(cause, "schema_steps", [])
            for schema_error in schema_errors:
                for one in explain(schema_error):
                    yield Finding(
                        where,
                        one.rule,
                        place + one.pointer,
                        one.message,
                        one.expected,
                        one.got,
                        locate(self._document, [*steps, *one.schema_path]),
                    )
            return
        kind = type(cause).__name__
        if isinstance(cause, self._engine.UnreadableError):
            yield Finding(where, "unreadable-body", place, str(cause))
        elif isinstance(cause, self._engine.MediaTypeNotFound):
            listed = list(cause.availableMimetypes)
            shown = ", ".join(f"`{one}`" for one in listed) or "none"
            name = cause.mimetype.partition(";")[0].strip()
            came = f"the media type is `{name}`" if name else "there is no media type"
            yield Finding(
                where,
                "undocumented-media-type",
                "header/Content-Type",
                f"{came}, and the document has {shown}",
                listed,
                cause.mimetype or None,
            )
        elif kind in {"MissingData", "MissingRequiredRequestBody"}:
            what = "requires a body" if where == "request" else "describes a body"
            yield Finding(where, "missing-body", "", f"the document {what}, and there is none")
        elif kind == "MissingRequiredParameter":
            yield Finding(where, "missing-parameter", place, "the document requires this parameter")
        elif kind == "MissingRequiredHeader":
            yield Finding(where, "missing-header", place, "the document requires this header")
        elif kind == "EmptyQueryParameterValue":
            yield Finding(where, "empty-value", place, "the document does not allow an empty value")
        else:
            # Reading a value failed before any schema was asked.
            got = shortened(getattr(cause, "value", None))
            wanted = getattr(cause, "type", None)
            yield Finding(
                where, "type", place, "the value cannot be read as the document describes it", wanted, got
            )


def _place(error: Any) -> str:
    """Return where the value of a parameter or header stands; empty for a body, whose pointer says it all."""
    name = getattr(error, "name", None)
    if not isinstance(name, str):
        return ""
    return f"{getattr(error, 'location', 'header')}/{name}"
