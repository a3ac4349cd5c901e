"""The validator of one operation, for requests before they are sent and for responses after they arrive.

The terms of this package:

- To *validate* is to check a message against the document.
- A *finding* is a defect: a location in a request or response that does not match the document.
- The *result* of a message has its findings, and the reasons for parts that were not validated.
- A finding is *tolerated* if it counts only at the level `exact`: the document forbids a value literally, but its
  author means to allow it.
- *Notes* are recorded by keywords during validation. The validator adds them to the result.

`import openapi_core` takes longer than a whole call, mostly for functions that dynacli replaces or does not use:
evaluating schemas, resolving references, validating documents, fetching, reading settings, and unmarshalling. So if
dynacli is the program, placeholders replace these modules and import them on first use. This takes a quarter of the
time. A test compares findings and versions with the plain import.
"""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import dynacli
from dynacli.lean_imports import DeferredFunctions, DeferredModule, import_lean
from dynacli.openapi.catalog.catalog_file import Catalog, DamagedCatalogError
from dynacli.openapi.model.operation import ANY_BODY, Operation
from dynacli.openapi.schema.evaluation.compiled_schema import TOO_DEEP, ValidationNotes
from dynacli.openapi.schema.evaluation.schema_error import shortened_value
from dynacli.validation.finding import Finding, ValidationResult, reason_of
from dynacli.validation.operation_document import DocumentPlace, listed_properties, locate, operation_document
from dynacli.validation.read_body import ValidatedValue
from dynacli.validation.streamed_body import PassingValues, StreamedBody
from dynacli.validation.validated_messages import ValidatedRequest, ValidatedResponse

if TYPE_CHECKING:
    from openapi_core.templating.responses.exceptions import ResponseNotFound

    from dynacli.openapi.schema.read_schema import Direction
    from dynacli.validation._undocumented_values import UndocumentedProperties

_lock = threading.Lock()

# The `__init__` of the package imports unnecessary modules. Its submodules are the real ones.
_DEFERRED = ("openapi_core",)
_PACKAGES = frozenset({*_DEFERRED, "jsonschema_path", "dynacli.validation._document_path"})

_NOT_CALLED = (
    *("email.message", "email.parser", "jsonschema._format", "jsonschema._utils", "jsonschema.exceptions"),
    *("jsonschema.protocols", "jsonschema.validators", "jsonschema_path.handlers"),
    *("jsonschema_path.handlers.protocols", "jsonschema_path.readers", "jsonschema_path.retrievers"),
    *(
        "more_itertools",
        "openapi_schema_validator",
        "openapi_spec_validator",
        "openapi_spec_validator.versions",
    ),
    *("openapi_spec_validator.validation.types", "openapi_spec_validator.versions.datatypes", "referencing"),
    *("referencing._core", "referencing.jsonschema", "werkzeug.datastructures", "xml.etree.ElementTree"),
)
"""Modules that only few calls need."""
UNAUTHORIZED = frozenset({401, 403})
"""Statuses with which a server asks for another credential."""
_TOO_MANY_REQUESTS = 429
_MESSAGES = {
    "MissingRequiredParameter": ("missing-parameter", "the document requires this parameter"),
    "MissingRequiredHeader": ("missing-header", "the document requires this header"),
    "EmptyQueryParameterValue": ("empty-value", "the document does not allow an empty value"),
}


def load_engine() -> types.ModuleType:
    """Return `dynacli.validation._openapi_core_setup`, imported the fast way if dynacli is the program."""
    name = "dynacli.validation._openapi_core_setup"
    with _lock:
        if name in sys.modules or not dynacli.is_own_process or not sys.modules.keys().isdisjoint(_PACKAGES):
            return import_module(name)
        stand_ins: dict[str, Any] = {module: DeferredFunctions(module) for module in _NOT_CALLED}
        stand_ins[
            "xml.etree.ElementTree"
        ].ParseError = SyntaxError  # it is caught, and is a subclass of this one
        # openapi-core makes paths of empty documents, for which jsonschema-path would need `referencing`.
        stand_ins["jsonschema_path"] = DeferredModule("dynacli.validation._document_path")
        return import_lean(name, stand_ins, _PACKAGES, deferred=_DEFERRED)


def excuse_of_status(status: int, operation: Operation) -> str:
    """Return the reason why an undocumented status is not about the operation; empty if it is."""
    if status in UNAUTHORIZED and operation.security:
        return "only says something of the credential"
    return "only says that the calls came too fast" if status == _TOO_MANY_REQUESTS else ""


class Validator:
    """Validates the requests and responses of an operation with openapi-core, using a document of this operation.

    Args:
        catalog: The compiled document, from which components are read on first use.
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
        self._validators: dict[str, Any] = {}

    def request(self, request: ValidatedRequest, *, is_exact: bool = False) -> ValidationResult:
        """Return the validation result for a request.

        Args:
            request: The request.
            is_exact: Whether query pairs and properties that the document does not mention are findings, too.
        """
        validation, validators = ValidationResult(), self._begin("request", request.end)
        body_values: list[ValidatedValue] = []
        with _exceptions_into(validation):
            errors = self._engine.request_errors(
                self._spec, self._version, self._steps, request, body_values, validators
            )
            self._collect(validation, validators.notes, "request", errors, is_exact=is_exact)
            validation.extend(self._missing_security(request))
        if is_exact:
            validation.extend(self._undeclared_pairs(request))
            validation.extend(self._undeclared_body(request))
            self._collect_undocumented(validation, validators, "request", body_values)
        return validation

    def response(self, response: ValidatedResponse, *, is_exact: bool = False) -> ValidationResult:
        """Return the validation result for a response.

        Args:
            response: The response.
            is_exact: Whether parts that the document does not mention are findings, too.
        """
        validation, validators = ValidationResult(), self._begin("response", response.end)
        if self._is_behind_a_redirect(response):
            text = f"the document describes the redirect, `{response.redirects[0]}`, but not the response after it"
            validation.not_validated.append(text)
            return validation
        body_values: list[ValidatedValue] = []
        if isinstance(response.body, StreamedBody):
            body_values = self._passing_values(validation, validators, is_exact=is_exact)
        with _exceptions_into(validation):
            errors = self._engine.response_errors(
                self._spec,
                self._version,
                self._steps,
                response,
                body_values,
                validators,
                is_exact=is_exact,
                is_swagger=self._is_swagger,
            )
            self._collect(validation, validators.notes, "response", errors, is_exact=is_exact)
        if isinstance(body_values, PassingValues):
            validation.extend(body_values.findings)
            if body_values.cut:
                text = f"{body_values.cut:,} more items hold what the document does not mention"
                validation.not_validated.append(text)
        elif is_exact:
            self._collect_undocumented(validation, validators, "response", body_values)
        return validation

    def _begin(self, direction: Direction, end: float) -> Any:
        """Return the evaluator of schemas for a direction, reset for a new message and its time limit."""
        validators = self._validators.get(direction)
        if validators is None or validators.schemas.is_used_up:
            notes = ValidationNotes(is_swagger=self._is_swagger)
            validators = self._engine.schema_validators(self._document, self._version, direction, notes)
            self._validators[direction] = validators
        validators.notes.begin(end)
        return validators

    def _passing_values(
        self, validation: ValidationResult, validators: Any, *, is_exact: bool
    ) -> PassingValues:
        """Return a list that finds undocumented properties in each item of a stream."""
        if not is_exact:
            return PassingValues(lambda _: ())
        properties = self._undocumented_properties(validators, "response")

        def inspect(validated: ValidatedValue) -> list[Finding]:
            found: list[Finding] = []
            with _exceptions_into(validation):
                found.extend(properties.findings(validated))
            return found

        return PassingValues(inspect)

    def _undocumented_properties(self, validators: Any, where: Direction) -> UndocumentedProperties:
        # Imported only at the level `exact`.
        from dynacli.validation._undocumented_values import UndocumentedProperties

        return UndocumentedProperties(validators, where)

    def _is_behind_a_redirect(self, response: ValidatedResponse) -> bool:
        """Return whether the document describes only the redirect of an operation, not the response after it.

        An operation with a documented 302 usually redirects to an undescribed file. Its `default` is for responses of
        the operation itself.
        """
        if not response.redirects:
            return False
        listed = {documented.status.upper() for documented in self._operation.responses}

        def is_listed(status: int) -> bool:
            return not listed.isdisjoint({str(status), f"{status // 100}XX"})

        return is_listed(response.redirects[0]) and not is_listed(response.status)

    def _collect(
        self,
        validation: ValidationResult,
        notes: ValidationNotes,
        where: str,
        errors: Iterable[Exception],
        *,
        is_exact: bool,
    ) -> None:
        validation.not_validated.extend(notes.not_validated)
        validation.failures.extend(notes.failures)
        for error in errors:
            with _exceptions_into(validation):
                self._collect_error(validation, where, error, is_exact=is_exact)

    def _collect_undocumented(
        self,
        validation: ValidationResult,
        validators: Any,
        where: Direction,
        body_values: list[ValidatedValue],
    ) -> None:
        with _exceptions_into(validation):
            properties = self._undocumented_properties(validators, where)
            for validated in body_values:
                validation.extend(properties.findings(validated))
                if properties.not_validated not in ("", *validation.not_validated):
                    validation.not_validated.append(properties.not_validated)

    def _missing_security(self, request: ValidatedRequest) -> Iterator[Finding]:
        alternatives = [[scheme.name for scheme in schemes] for schemes in self._operation.security]
        if request.credentials is None or not alternatives:
            return
        if any(request.credentials.issuperset(names) for names in alternatives):
            return
        shown = " or ".join(" with ".join(f"`{name}`" for name in names) for names in alternatives)
        text = f"the document requires credentials for {shown}, and the request has none"
        yield Finding(
            "request", "missing-security", "security", text, alternatives, sorted(request.credentials)
        )

    def _undeclared_pairs(self, request: ValidatedRequest) -> Iterator[Finding]:
        from dynacli.openapi.model.query_names import is_declared, undeclared_text

        for name in dict.fromkeys(name for name, _ in request.query):
            if not is_declared(self._operation, name):
                text = undeclared_text(self._operation, name)
                yield Finding("request", "undocumented-parameter", f"query/{name}", text)

    def _undeclared_body(self, request: ValidatedRequest) -> Iterator[Finding]:
        if request.body and self._operation.body in (None, ANY_BODY):
            yield Finding(
                "request", "undocumented-body", "", "the document declares no body for this request"
            )

    def _collect_error(
        self, validation: ValidationResult, where: str, error: Exception, *, is_exact: bool
    ) -> None:
        """Add the findings or the note for an error of openapi-core."""
        cause = error.__cause__ or error
        engine = self._engine
        if isinstance(cause, engine.NotedError):
            return
        if (
            where == "request"
            and isinstance(cause, engine.MediaTypeNotFound)
            and not cause.availableMimetypes
        ):
            return  # a body without media types is not declared
        if isinstance(cause, engine.CoreNotValidatedError):
            validation.not_validated.append(_with_name(error, str(cause)))
        elif isinstance(error, engine.ResponseNotFound):
            self._undocumented_status(validation, error, is_exact=is_exact)
        elif isinstance(cause, engine.UndocumentedBodyError):
            text = "the document describes no body for this response"
            if is_exact:
                place = self._document_place(cause)
                validation.extend([Finding(where, "undocumented-body", "", text, None, None, *place)])
            else:
                validation.not_validated.append(text)
        elif isinstance(cause, engine.UndocumentedHeaderError):
            text = f"the document describes `{cause.name}` for the response `{cause.response}`, and not for this one"
            pointer, got, place = (
                f"header/{cause.name}",
                shortened_value(cause.value),
                self._document_place(cause),
            )
            validation.extend([Finding(where, "undocumented-header", pointer, text, None, got, *place)])
        else:
            for finding, is_minor in self._findings(where, error, cause):
                # A returned secret is always a defect.
                if is_minor and not is_exact and finding.rule != "writeOnly":
                    validation.tolerate(finding)
                else:
                    validation.extend([finding])

    @property
    def responses_place(self) -> DocumentPlace:
        """The location of the operation's responses in the document."""
        return locate(self._document, [*self._steps, "responses"])

    def _undocumented_status(
        self, validation: ValidationResult, error: ResponseNotFound, *, is_exact: bool
    ) -> None:
        """Add the finding for an undocumented status.

        OpenAPI 3.1.1, "Responses Object": the documentation "is not necessarily expected to cover all possible
        HTTP response codes", but "to cover a successful operation response and any known errors". Below `exact`, a
        status for credentials or too many requests is not a finding.
        """
        listed = [str(status) for status in error.availableresponses]
        shown = ", ".join(f"`{status}`" for status in listed) or "no responses at all"
        text = f"the document has no response with status {error.http_status}, only {shown}"
        status = int(error.http_status)
        excuse = "" if is_exact else excuse_of_status(status, self._operation)
        if excuse:
            validation.not_validated.append(f"the status {status} is not documented, and {excuse}")
            return
        place = self.responses_place
        validation.extend(
            [Finding("response", "undocumented-status", "status", text, listed, status, *place)]
        )

    def _findings(self, where: str, error: Exception, cause: BaseException) -> Iterator[tuple[Finding, bool]]:
        """Yield (finding, whether it is minor) for an error of openapi-core."""
        prefix = _place_of_value(error)
        schema_errors = getattr(cause, "schema_errors", None)
        if schema_errors is not None:
            # Imported only for calls that do not match the document.
            from dynacli.validation._finding_sentences import explain

            steps = getattr(cause, "schema_steps", [])
            for schema_error in schema_errors:
                for defect in explain(schema_error, partial(listed_properties, self._document)):
                    path = [*steps, *defect.schema_path]
                    place = locate(self._document, path)
                    pointer, message = prefix + defect.pointer, defect.message
                    if defect.got is None and self._version == "3.0":
                        from dynacli.validation._finding_sentences import why_no_null

                        reason = why_no_null(self._document, path, defect.rule)
                        message = f"{message}; {reason}" if reason else message
                    rule, expected, got = defect.rule, defect.expected, defect.got
                    yield Finding(where, rule, pointer, message, expected, got, *place), defect.is_minor
            return
        rule, pointer, message, expected, got = self._outside_of_schemas(where, prefix, cause)
        yield Finding(where, rule, pointer, message, expected, got, *self._document_place(cause)), False

    def _document_place(self, cause: BaseException) -> DocumentPlace:
        return locate(self._document, list(getattr(cause, "schema_steps", ())))

    def _outside_of_schemas(
        self, where: str, place: str, cause: BaseException
    ) -> tuple[str, str, str, Any, Any]:
        """Return rule, pointer, message, expected and got of a defect outside of schemas.

        Args:
            where: `request` or `response`.
            place: Location of the value, which is the pointer of most of these findings.
            cause: The error of openapi-core.
        """
        if isinstance(cause, self._engine.CoreUnreadableError):
            return "unreadable-body", place, str(cause), None, None
        if isinstance(cause, self._engine.MediaTypeNotFound):
            listed = list(cause.availableMimetypes)
            names = ", ".join(f"`{media_type}`" for media_type in listed) or "none"
            name = cause.mimetype.partition(";")[0].strip()
            came = f"the media type is `{name}`" if name else "there is no media type"
            text = f"{came}, and the document has {names}"
            return "undocumented-media-type", "header/Content-Type", text, listed, cause.mimetype or None
        kind = type(cause).__name__
        if kind in {"MissingData", "MissingRequiredRequestBody"}:
            verb = "requires" if where == "request" else "describes"
            return "missing-body", "", f"the document {verb} a body, and there is none", None, None
        if kind in _MESSAGES:
            rule, text = _MESSAGES[kind]
            return rule, place, text, None, None
        # The text could not be read as a value, so no schema was evaluated.
        wanted, value = getattr(cause, "type", None), getattr(cause, "value", None)
        text = "the value cannot be read as the document describes it"
        if isinstance(wanted, str) and isinstance(value, str):
            from dynacli.validation._finding_sentences import shown

            text = f"expected {wanted}, got {shown(value)}"
        return "type", place, text, wanted, shortened_value(value)


@contextmanager
def _exceptions_into(validation: ValidationResult) -> Iterator[None]:
    """Turn an exception that ends the validation into a note on the unvalidated part."""
    try:
        yield
    except DamagedCatalogError:
        validation.failures.append("the compiled document is damaged; it is compiled again at the next call")
    except RecursionError:
        validation.not_validated.append(TOO_DEEP)
    except Exception as error:  # noqa: BLE001  - see below
        # Some documents have unexpected values, such as a media type that is a string. Any exception of the libraries
        # means that the message was not validated, but the call and its response must not be lost.
        validation.failures.append(reason_of(error))


def _with_name(error: Exception, reason: str) -> str:
    """Return a reason, after the name of the parameter or header if there is one."""
    place = _place_of_value(error)
    location, _, name = place.partition("/")
    return f"{location} `{name}`: {reason}" if place else reason


def _place_of_value(error: Exception) -> str:
    """Return the location of a parameter or header, such as `query/page`; empty for a body, which is the root."""
    name = getattr(error, "name", None)
    if not isinstance(name, str):
        return ""
    return f"{getattr(error, 'location', 'header')}/{name}"
