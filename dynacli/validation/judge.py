"""The judge of one operation: its requests before they are sent, its answers when they are there."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.catalog.store.catalog_file import Catalog, DamagedCatalogError
from dynacli.model.operation import Operation
from dynacli.validation.bodies.read_forms import UnreadBody
from dynacli.validation.findings.finding import Finding, Verdict, shortened
from dynacli.validation.import_openapi_core import load_engine
from dynacli.validation.judging_session import Session, reason_of
from dynacli.validation.operation_document import Located, listed_properties, locate, operation_document
from dynacli.validation.streamed_body import Passing, Streamed

if TYPE_CHECKING:
    from dynacli.validation.schemas.dialects import Direction

__all__ = ["Answered", "Judge", "Sent"]


class Sent(NamedTuple):
    """A request as it is judged: texts as they are on the wire, decoded, and the values behind them.

    Args:
        querystring: (name, text) of the parameter that is the whole query, percent-encoded, where there is one.
        credentials: The names of the security schemes whose credentials go with it; None where that is not told,
            and then nothing is missed.
    """

    path: Mapping[str, str]
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    cookies: list[tuple[str, str]]
    media_type: str
    body: bytes | None
    values: Mapping[tuple[str, str], Any]
    querystring: tuple[str, str] | None = None
    credentials: frozenset[str] | None = None


class Answered(NamedTuple):
    """An answer as it is judged.

    Args:
        headers: Name → value, or pairs as they came, repeated ones repeated.
        content_type: The header's value, empty where there is none.
        body: One that is judged while it comes is not read to its end where nothing asks for that.
        redirects: The statuses of the redirects that led to it.
    """

    status: int
    headers: Mapping[str, str] | Iterable[tuple[str, str]]
    content_type: str
    body: bytes | Streamed | UnreadBody
    redirects: tuple[int, ...] = ()


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
        self._is_swagger = str(catalog.meta["openapi"]).strip().startswith("2")
        self._engine: Any = load_engine()
        self._spec = self._engine.make_path(self._document)

    def request(self, sent: Sent, *, is_exact: bool = False) -> Verdict:
        """Return what in a request does not match the document.

        Args:
            is_exact: Whether properties of the body that the document does not mention are findings, too.
        """
        verdict, session = Verdict(), Session()
        body_schemas: list[tuple[Any, Any, str]] = []
        with _noted(verdict):
            errors = self._engine.request_validator(
                self._spec, self._version, self._steps, sent.values, body_schemas, session
            )(
                content_type=sent.media_type,
                body=sent.body,
                path=sent.path,
                query=sent.query,
                headers=sent.headers,
                cookies=sent.cookies,
                querystring=sent.querystring,
            )
            self._collect(verdict, session, "request", errors, is_exact=is_exact)
            verdict.extend(self._missing_security(sent))
        if is_exact:
            self._collect_undocumented(verdict, session, "request", body_schemas)
        return verdict

    def response(self, answered: Answered, *, is_exact: bool = False) -> Verdict:
        """Return what in an answer breaks the document.

        Args:
            is_exact: Whether what the document does not mention is a finding too.
        """
        verdict, session = Verdict(), Session()
        if self._is_behind_a_redirect(answered):
            text = f"the document describes the redirect, `{answered.redirects[0]}`, and not what it leads to"
            verdict.unchecked.append(text)
            return verdict
        body_schemas: list[tuple[Any, Any, str]] = []
        if isinstance(answered.body, Streamed):
            body_schemas = self._looking(verdict, session, is_exact=is_exact)
        with _noted(verdict):
            errors = self._engine.response_validator(
                self._spec,
                self._version,
                self._steps,
                body_schemas,
                session,
                is_exact=is_exact,
                is_swagger=self._is_swagger,
            )(
                status_code=answered.status,
                content_type=answered.content_type,
                data=answered.body,
                headers=answered.headers,
            )
            self._collect(verdict, session, "response", errors, is_exact=is_exact)
        if isinstance(body_schemas, Passing):
            verdict.extend(body_schemas.found)
            if body_schemas.more:
                text = f"{body_schemas.more:,} more items hold what the document does not mention"
                verdict.unchecked.append(text)
        elif is_exact:
            self._collect_undocumented(verdict, session, "response", body_schemas)
        return verdict

    def _looking(self, verdict: Verdict, session: Session, *, is_exact: bool) -> Passing:
        """Return what looks, while a body comes, for what in it is not documented."""
        if not is_exact:
            return Passing(lambda _: ())
        from dynacli.validation.schemas.undocumented_values import Exact

        exact = Exact(
            self._engine.schema_validator(self._spec, self._version, "response", session), "response"
        )

        def look(one: tuple[Any, Any, str]) -> list[Finding]:
            found: list[Finding] = []
            with _noted(verdict):
                found.extend(exact.undocumented(*one))
            return found

        return Passing(look)

    def _is_behind_a_redirect(self, answered: Answered) -> bool:
        """Whether an operation is documented to redirect, and the answer is one of where that leads.

        A download whose 302 is described says nothing of the file; a `default` is meant for the operation itself.
        """
        if not answered.redirects:
            return False
        listed = {one.status.upper() for one in self._operation.responses}

        def is_listed(status: int) -> bool:
            return not listed.isdisjoint({str(status), f"{status // 100}XX"})

        return is_listed(answered.redirects[0]) and not is_listed(answered.status)

    def _collect(
        self, verdict: Verdict, session: Session, where: str, errors: Iterator[Exception], *, is_exact: bool
    ) -> None:
        found = list(errors)
        verdict.unchecked.extend(session.unchecked)
        verdict.failures.extend(session.failures)
        for one in found:
            with _noted(verdict):
                self._one(verdict, where, one, is_exact=is_exact)

    def _collect_undocumented(
        self, verdict: Verdict, session: Session, where: "Direction", body_schemas: list[tuple[Any, Any, str]]
    ) -> None:
        from dynacli.validation.schemas.undocumented_values import Exact

        with _noted(verdict):
            exact = Exact(self._engine.schema_validator(self._spec, self._version, where, session), where)
            for schema, value, pointer in body_schemas:
                verdict.extend(exact.undocumented(schema, value, pointer))
                if exact.left:
                    verdict.unchecked.append(exact.left)

    def _missing_security(self, sent: Sent) -> Iterator[Finding]:
        alternatives = [[one.name for one in schemes] for schemes in self._operation.security]
        if sent.credentials is None or not alternatives:
            return
        if any(sent.credentials.issuperset(names) for names in alternatives):
            return
        shown = " or ".join(" with ".join(f"`{one}`" for one in names) for names in alternatives)
        text = f"the document requires credentials for {shown}, and the request has none"
        yield Finding("request", "missing-security", "security", text, alternatives, sorted(sent.credentials))

    def _one(self, verdict: Verdict, where: str, error: Exception, *, is_exact: bool) -> None:
        cause = error.__cause__ or error
        engine = self._engine
        if isinstance(cause, engine.NotedError):
            return
        if isinstance(cause, engine.UncheckedError):
            verdict.unchecked.append(_about(error, str(cause)))
        elif isinstance(error, engine.ResponseNotFound):
            self._undocumented_status(verdict, error, is_exact=is_exact)
        elif isinstance(cause, engine.UndocumentedBodyError):
            text = "the document describes no body for this answer"
            if is_exact:
                verdict.extend(
                    [Finding(where, "undocumented-body", "", text, None, None, *self._located(cause))]
                )
            else:
                verdict.unchecked.append(text)
        elif isinstance(cause, engine.UndocumentedHeaderError):
            text = (
                f"the document describes `{cause.name}` for the answer `{cause.answer}`, and not for this one"
            )
            place, got, located = f"header/{cause.name}", shortened(cause.value), self._located(cause)
            verdict.extend([Finding(where, "undocumented-header", place, text, None, got, *located)])
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
            located = locate(self._document, [*self._steps, "responses"])
            verdict.extend(
                [Finding("response", "undocumented-status", "status", text, listed, status, *located)]
            )
        else:
            verdict.unchecked.append(text)

    def _findings(self, where: str, error: Any, cause: Any) -> Iterator[Finding]:
        place = _place(error)
        schema_errors = getattr(cause, "schema_errors", None)
        if schema_errors is not None:
            # Imported for those calls alone that break the document.
            from dynacli.validation.findings.explain_error import explain

            steps = getattr(cause, "schema_steps", [])
            for schema_error in schema_errors:
                for one in explain(schema_error, partial(listed_properties, self._document)):
                    path = [*steps, *one.schema_path]
                    located = locate(self._document, path)
                    pointer, message = place + one.pointer, one.message
                    if one.got is None and self._version == "3.0":
                        from dynacli.validation.schemas.nullable import why_no_null

                        why = why_no_null(self._document, path, one.rule)
                        message = f"{message}; {why}" if why else message
                    yield Finding(where, one.rule, pointer, message, one.expected, one.got, *located)
            return
        rule, pointer, message, expected, got = self._outside_of_schemas(where, place, cause)
        yield Finding(where, rule, pointer, message, expected, got, *self._located(cause))

    def _located(self, cause: Any) -> Located:
        return locate(self._document, list(getattr(cause, "schema_steps", ())))

    def _outside_of_schemas(self, where: str, place: str, cause: Any) -> tuple[str, str, str, Any, Any]:
        """Return rule, pointer, message, expected and got of what no schema says."""
        if isinstance(cause, self._engine.UnreadableError):
            return "unreadable-body", place, str(cause), None, None
        if isinstance(cause, self._engine.MediaTypeNotFound):
            listed = list(cause.availableMimetypes)
            names = ", ".join(f"`{one}`" for one in listed) or "none"
            name = cause.mimetype.partition(";")[0].strip()
            came = f"the media type is `{name}`" if name else "there is no media type"
            text = f"{came}, and the document has {names}"
            return "undocumented-media-type", "header/Content-Type", text, listed, cause.mimetype or None
        kind = type(cause).__name__
        if kind in {"MissingData", "MissingRequiredRequestBody"}:
            what = "requires a body" if where == "request" else "describes a body"
            return "missing-body", "", f"the document {what}, and there is none", None, None
        if kind in _MESSAGES:
            rule, text = _MESSAGES[kind]
            return rule, place, text, None, None
        # Reading a value failed before any schema was asked.
        wanted, value = getattr(cause, "type", None), getattr(cause, "value", None)
        text = "the value cannot be read as the document describes it"
        if isinstance(wanted, str) and isinstance(value, str):
            from dynacli.validation.findings.keyword_sentences import shown

            text = f"expected {wanted}, got {shown(value)}"
        return "type", place, text, wanted, shortened(value)


_MESSAGES = {
    "MissingRequiredParameter": ("missing-parameter", "the document requires this parameter"),
    "MissingRequiredHeader": ("missing-header", "the document requires this header"),
    "EmptyQueryParameterValue": ("empty-value", "the document does not allow an empty value"),
}


@contextmanager
def _noted(verdict: Verdict) -> Iterator[None]:
    """Turn whatever ends the judging into a reason why nothing was judged."""
    try:
        yield
    except DamagedCatalogError:
        verdict.failures.append("the compiled document is damaged; it is compiled again at the next call")
    except RecursionError:
        verdict.unchecked.append("the value or its schema is nested too deeply")
    except Exception as error:  # noqa: BLE001  - see below
        # Documents hold what no validator was written for: a media type that is text,
        # parameters that are no list. Whatever the libraries raise on one of them says
        # that nothing was judged, and neither the call nor its answer may be lost for it.
        verdict.failures.append(reason_of(error))


def _about(error: Any, reason: str) -> str:
    """Return a reason with the parameter or header that it is about; a body needs no name."""
    place = _place(error)
    location, _, name = place.partition("/")
    return f"{location} `{name}`: {reason}" if place else reason


def _place(error: Any) -> str:
    """Return where the value of a parameter or header stands; empty for a body, whose pointer says it all."""
    name = getattr(error, "name", None)
    if not isinstance(name, str):
        return ""
    return f"{getattr(error, 'location', 'header')}/{name}"
