"""The Python API: open an API, and call its operations with plain values."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dynacli.client._operation_methods import method_names, method_of
from dynacli.client.call_settings import LEVELS, CallSettings, retries_of, retry_status_of, settings_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine, MadeCall
from dynacli.client.inputs.call_inputs import CallInputs, TypedWords
from dynacli.client.inputs.read_plain_inputs import read_given
from dynacli.client.open_document import OpenDocument
from dynacli.client.responses.response import Response, StreamedResponse, download_response
from dynacli.environment import Consent, Environment
from dynacli.errors import UsageError
from dynacli.openapi.model.wording import did_you_mean, near_names
from dynacli.options.command_table import feature
from dynacli.options.standard_options import CallTerms, Options
from dynacli.record import replace
from dynacli.secrets import MASK

if TYPE_CHECKING:
    from dynacli.client.call import Listener, RowResult
    from dynacli.client.pages.page_loop import PageLoop
    from dynacli.client.responses.compare_calls import ComparedPages, Side
    from dynacli.client.responses.compare_responses import ComparisonRules, ResponseComparison
    from dynacli.features.plans.plan import Plan
    from dynacli.openapi.model.operation import OperationSummary


def open_api(
    source_or_name: str | os.PathLike[str],
    *,
    profile: str | None = None,
    env: Environment | None = None,
    validate: str | None = None,
    server: str | None = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    timeout: float | None = None,
    retries: int | None = None,
    retry_unsafe: bool = False,
    retry_status: Collection[int] = (),
    rate: str = "",
    cache: str = "",
    yes: bool = False,
    on_event: Listener | None = None,
) -> Api:
    """Open an API, to call its operations from Python.

    For example:

        with dynacli.open_api("./openapi.yaml") as api:
            response = api.call("list-pets", limit=3).raise_for_status()
            print(response.data)

    The document is fetched and compiled only if it is not in the cache. Configuration, environment variables and cache
    are those of the command line.

    Args:
        source_or_name: A registered name, the URL or path of a document, or `demo`.
        profile: A profile of the API from the configuration [default: `DYNACLI_PROFILE`].
        env: Streams, variables and directories [default: those of the process].
        validate: Level of validation: `off`, `warn`, `strict` or `exact`. `exact` also reports values that the
            document does not mention [default: from environment and configuration, else `warn`].
        server: A base URL, or the index, name or description of one of the document's servers.
        headers: Headers of all calls.
        query: Query pairs of all calls, by their names in the URL. The document need not declare them.
        timeout: Time limit of a call in seconds. By default only the steps are limited: 10 s to connect, 60 s between
            two parts of a response.
        retries: Number of retries of a call that is safe or has an idempotency key. dynacli retries after a lost
            connection and the statuses 408, 425, 429, 502, 503 and 504, and safe calls also after a 500 with
            `Retry-After` [default: from the configuration, else 2].
        retry_unsafe: True to retry other calls, too, which may make a change twice.
        retry_status: Further statuses after which safe calls are retried, for example `[500]`.
        rate: Maximum rate of requests of all threads together: `5/s`, `100/m`, `1000/h`.
        cache: Reuse of stored responses: `off`, `revalidate`, `auto`, or a time such as `10m` [default: from the
            configuration, else `off`].
        yes: True if the user has confirmed the calls for which the policy requires it.
        on_event: Receives a `CallEvent` for each event of all calls, in the thread of the call. If it raises, the call
            ends.

    Raises:
        UsageError: The API or the profile is unknown, or an argument is invalid.
        DocumentError: The document is invalid or not supported.
        NetworkError: The document cannot be fetched.
        TimedOutError: Fetching the document took too long.
        AuthError: The document requires a login, and a credential is missing.
        FileError: The cache or the configuration cannot be read or written.
    """
    if validate is not None and validate not in LEVELS:
        listed = ", ".join(f"`{level}`" for level in LEVELS)
        raise UsageError(f"`{validate}` is not a level of validation", hint=f"Use one of {listed}")
    options = Options(
        validate=validate or "",
        profile=profile or "",
        server=server or "",
        header=tuple(f"{name}:{value}" for name, value in (headers or {}).items()),
        query=tuple(f"{name}={value}" for name, value in (query or {}).items()),
        timeout=timeout,
        retries=None if retries is None else retries_of(str(retries)),
        retry_unsafe=retry_unsafe,
        retry_status=tuple(retry_status_of(str(status)) for status in retry_status),
        rate=rate,
        cache=cache,
        terms=CallTerms(consent=Consent(is_given=yes)),
    )
    source = os.fspath(source_or_name)
    if isinstance(source_or_name, os.PathLike) and os.sep not in source:
        source = os.path.join(os.curdir, source)  # a path, even if it looks like a name
    api = Api(source, env or Environment(), options)
    api.on_event = on_event
    return api


def _shown_input(value: Any) -> str:
    """Return an input as a command line would have it, if JSON cannot represent it."""
    if isinstance(value, os.PathLike):
        return f"@{os.fspath(value)}"
    return MASK if isinstance(value, bytes) or hasattr(value, "read") else str(value)


class Api(OpenDocument):
    """An open API. Its operations can be listed and called, from several threads at once.

    It uses the same document until you close it, even if the document changes. Its calls share connections and
    validators. Close it, or use it in a `with` block.

    Attributes:
        name: A registered name, or the source of the document.
        notes: Notes on the document, for example on operations that are left out.
    """

    def __getattr__(self, name: str) -> Callable[..., Response]:
        """Return the method that calls an operation by its name in snake case.

        For example:

            api.issues_create(owner="octo", repo="hello", title="It works")

        Arguments are inputs, as in `call`. A method whose name is a keyword of Python or a member of this class ends
        with `_`, and so does an argument whose name is a keyword or `self`.

        Raises:
            AttributeError: The document has no such operation.
        """
        if name.startswith("_"):
            raise AttributeError(f"`Api` has no attribute `{name}`", name=name, obj=self)
        operation = self._methods.get(name)
        if operation is None:
            hint = did_you_mean(near_names(name, self._methods), "`dir(api)` lists the operations")
            raise AttributeError(f"`{self.name}` has no operation `{name}`. {hint}", name=name, obj=self)
        return method_of(self.call, operation, name)

    def __dir__(self) -> list[str]:
        """Return the names of the members and of the operations, for completion."""
        return sorted({*super().__dir__(), *({} if self._is_closed else self._methods)})

    @cached_property
    def _methods(self) -> dict[str, OperationSummary]:
        return methods_of(self.operations)

    @property
    def on_event(self) -> Listener | None:
        """The listener of all calls; None if there is none."""
        return self._engine.on_event

    @on_event.setter
    def on_event(self, listener: Listener | None) -> None:
        self._engine.on_event = listener

    def call(
        self,
        name: str,
        /,
        inputs: Mapping[str, Any] | None = None,
        *,
        on_event: Listener | None = None,
        **named: Any,
    ) -> Response:
        """Make a call, and return its response, whatever its status is.

        For example:

            api.call("issues-create", owner="octo", repo="hello", title="It works", labels=["bug"])
            api.call("upload", file=pathlib.Path("photo.png"))

        Args:
            name: The operation's name or operationId.
            inputs: Input → value, for names that are not Python identifiers, for example
                `{"schedule.cron": "0 3 * * *"}`.
            named: Input → value. Names are those of the options with `_` instead of `-`, or those of the document.
                Values are plain Python: strings, numbers, booleans, None, lists, mappings, dates. For a file, use an
                `os.PathLike`, bytes, or an object whose `read` returns bytes. `body` is the whole body and
                `content_type` its media type, if the operation has no input of that name. `query` adds query pairs,
                also undeclared ones: `{"trace": 1}`. If an input is named `query`, use `query.query` for it.
            on_event: Receives the events of this call instead of the listener of `open_api`.

        Raises:
            UsageError: The operation or an input is unknown, an input or the request is invalid, or the API is closed.
                Nothing was sent.
            AuthError: A credential is missing. Nothing was sent.
            RefusedError: A safety rule refuses the call, for example to send a credential to a new origin.
            NetworkError: The connection failed or broke.
            TimedOutError: A time limit was reached.
            DocumentError: The document has the operation, but it cannot be called.
            FileError: A file cannot be read, or the cache cannot be used.
        """
        return self._with_repair(lambda: self._call(name, {**(inputs or {}), **named}, on_event))

    def plan(
        self,
        name: str,
        /,
        inputs: Mapping[str, Any] | None = None,
        *,
        file: str = "-",
        seconds: float = 86_400.0,
        **named: Any,
    ) -> Plan:
        """Write a call that may change data into a plan, instead of making it.

        dynacli only reads the state of the call's resource. `dynacli plan apply` sends the request after a review.

        Args:
            name: As in `call`.
            inputs: As in `call`.
            file: File of the plan, which must not exist yet; `-` for a file in the state directory.
            seconds: How long the plan is valid, at most 30 days.
            named: As in `call`.

        Raises:
            UsageError: The operation is read-only, an input is a secret, or as in `call`.
            FileError: The file exists, or cannot be written.
            DynacliError: An error of `call` before sending, or the state of the resource cannot be read.
        """
        given = {**(inputs or {}), **named}
        return self._with_repair(lambda: self._plan(name, given, file, seconds))

    def download(
        self,
        name: str,
        path: str | os.PathLike[str],
        /,
        inputs: Mapping[str, Any] | None = None,
        *,
        resume: bool = False,
        on_event: Listener | None = None,
        **named: Any,
    ) -> Response:
        """Make a call as `call` does, and write the body of a success into a file.

        Args:
            path: The file. It is complete at the end, or unchanged if the call fails.
            on_event: As in `call`.
            resume: True to save an interrupted download beside the file, and to resume it with the next call. Then
                the response has the status 206 if only the rest was sent.

        Raises:
            DynacliError: As in `call`, or the file cannot be written.
        """
        given = {**(inputs or {}), **named}
        return self._with_repair(
            lambda: self._download(name, os.fspath(path), given, on_event, is_resumed=resume)
        )

    def stream(
        self,
        name: str,
        /,
        inputs: Mapping[str, Any] | None = None,
        *,
        on_event: Listener | None = None,
        **named: Any,
    ) -> StreamedResponse:
        """Make a call as `call` does, and return its response after its headers, to read it item by item.

        For example:

            with api.stream("watch-runs", status="running") as response:
                for event in response:
                    print(event["data"])

        Items are the values of JSON lines and JSON sequences, and the events of `text/event-stream`:
        `{"event": ..., "id": ..., "data": ...}`. Members that an event lacks are left out. JSON in `data` is parsed.
        Events continue after a lost connection. A response that is not a successful stream is read completely, into
        `content` and `data`.

        Args:
            name: As in `call`.
            inputs: As in `call`.
            on_event: As in `call`.
            named: As in `call`.

        Raises:
            DynacliError: As in `call`. Later errors of the stream are raised while its items are read.
        """
        return self._with_repair(lambda: self._stream(name, {**(inputs or {}), **named}, on_event))

    def pages(
        self,
        name: str,
        /,
        inputs: Mapping[str, Any] | None = None,
        *,
        keyset: bool = False,
        max_items: int | None = None,
        on_event: Listener | None = None,
        **named: Any,
    ) -> Iterator[Response]:
        """Fetch one page of a list after another, and yield their responses.

        The first unsuccessful response is the last one. `dynacli describe` shows how pages are requested. A stream is
        one page: with `max_items` the call ends after as many items.

        Args:
            name: As in `call`.
            inputs: As in `call`, for the first page.
            keyset: True to request pages by the last id, if the API has no other pagination.
            max_items: Number of items to fetch; the last page may have more. None for all.
            on_event: As in `call`.
            named: As in `call`.

        Raises:
            NetworkError: The pages repeat, or as in `call`.
            RefusedError: The next page is on another server, or as in `call`.
            DynacliError: As in `call`.
        """
        given = {**(inputs or {}), **named}
        with self._remembering(name, given, on_event, "--all") as engine:
            arguments = self._arguments(name, given)
            for page in self._loop(engine, name, given, is_keyset_asked=keyset, max_items=max_items):
                yield Response(page.call, page.response, page.validation, self._lock, arguments, page.items)

    def items(
        self,
        name: str,
        /,
        inputs: Mapping[str, Any] | None = None,
        *,
        keyset: bool = False,
        on_event: Listener | None = None,
        **named: Any,
    ) -> Iterator[Any]:
        """Yield the items of a list, and fetch pages as needed.

        For example:

            for issue in api.items("issues-list-for-repo", owner="octo", repo="hello"):
                print(issue["title"])

        Args:
            name: As in `call`.
            inputs: As in `call`, for the first page.
            keyset: As in `pages`.
            on_event: As in `call`.
            named: As in `call`.

        Raises:
            HttpError: A response is not a success.
            UsageError: The response has no list, or several.
            DynacliError: As in `pages`.
        """
        given = {**(inputs or {}), **named}
        with self._remembering(name, given, on_event, "--all") as engine:
            loop = self._loop(engine, name, given, is_keyset_asked=keyset)
            for page in loop:
                Response(page.call, page.response, page.validation, self._lock, ()).raise_for_status()
                if page.items is None:
                    from dynacli.client.pages.page_loop import no_list

                    raise no_list(self._described(name), loop.candidates, is_keyed=loop.is_keyed)
                yield from page.items

    def wait(
        self,
        name: str,
        /,
        until: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        wait_timeout: float = 300,
        wait_interval: float | None = None,
        on_event: Listener | None = None,
        **named: Any,
    ) -> Response:
        """Repeat a call until an expression is true of its response, and return that response.

        For example:

            api.wait("get-run", "status == 'done'", run_id=7, wait_timeout=60)

        A status other than 2xx ends the wait, too, unless it says that the server is temporarily unavailable.

        Args:
            name: As in `call`; the operation must be read-only.
            until: A JMESPath expression. Every value is true except false, null and empty values.
            inputs: As in `call`.
            wait_timeout: Time limit of the whole wait in seconds.
            wait_interval: Seconds between two calls. By default pauses grow from 2 to 30 seconds, and `Retry-After`
                sets them.
            on_event: As in `call`.
            named: As in `call`.

        Raises:
            NeverTrueError: The expression did not become true in time. This is a `TimedOutError`, and its `response`
                is the last response or None.
            UsageError: The expression is invalid, the operation may change data, or as in `call`.
            FormatError: The response is not JSON, or the expression cannot be applied to it.
            DynacliError: As in `call`.
        """
        from dynacli.client.engine.series import NeverTrueError, Series, Until, check_wait

        sought = Until(until, wait_timeout, wait_interval, "`until`")
        given = {**(inputs or {}), **named}
        with self._lock:
            described, read = self._read(name, given)
        check_wait(described, sought)
        with self._remembering(name, given, on_event, "--wait", until) as engine:
            series, arguments = Series(engine, until=sought), self._arguments(name, given)
            try:
                return self._response(series.make(described, read), arguments)
            except NeverTrueError as error:
                error.response = self._response(series.last, arguments) if series.last is not None else None
                raise

    def follow(self, response: Response, link: str, *, on_event: Listener | None = None) -> Response:
        """Follow a link of a response: make the next call with values from that response.

        For example:

            made = api.call("create-repo", name="hello")
            print(api.follow(made, "GetRepo").data)

        Args:
            response: A response of this API.
            link: Name of the link in the document; `201.GetRepo` if several statuses have a link of this name.
            on_event: As in `call`.

        Raises:
            UsageError: The operation has no such link, or the link cannot be followed.
            RefusedError: The link leads to another server, which was not accepted.
            FormatError: This response has no such link, or lacks a value that the link needs.
            DynacliError: As in `call`.
        """
        from dynacli.client.engine.series import followed_link, next_call
        from dynacli.client.links.follow_link import check_links, missing_link

        # Private names are used because `Response` is a part of the same public interface.
        made = MadeCall(response._call, response._response, None)  # noqa: SLF001
        given_arguments = response._arguments  # noqa: SLF001
        given_arguments = given_arguments or self._arguments(made.call.described.operation.name, {})
        *before, switch, given = given_arguments
        arguments = [*before, "--follow", link, switch, given]
        with self._lock:
            self._catalog_of()
            check_links(made.call.described, [link], self._settings)
            followed = followed_link(made, link)
            if followed is None:
                raise missing_link(made.call.described, link, response.status)
            described, inputs, settings = next_call(made, followed)
        engine = self._listened_and_kept(arguments, on_event)
        with _recording(engine, arguments):
            return self._response(engine.make(described, inputs, settings), arguments)

    def diff(
        self,
        name: str,
        /,
        inputs: Mapping[str, Any] | None = None,
        *,
        against: str | Response,
        ignore: Iterable[str] = (),
        all_values: bool = False,
        pages: bool = False,
        max_items: int | None = None,
        on_event: Listener | None = None,
        **named: Any,
    ) -> ResponseComparison:
        """Make a read-only call on two servers, and return the differences between their responses.

        For example:

            found = api.diff("list-orders", against="staging", ignore=["/body/*/*/stock"])
            assert not found.differences

        Each difference has `pointer`, `kind` (`added`, `removed` or `changed`), `left` and `right`. Secrets are
        masked. Responses are not validated.

        Args:
            name: As in `call`.
            inputs: As in `call`.
            against: Name of a profile, URL of another server, or an earlier response of this operation.
            ignore: JSON pointers to values that are not compared; `*` matches any step.
            all_values: True to compare also dates, request ids, tokens and URLs of each server.
            pages: True to compare all pages of a list.
            max_items: Number of items of a list to compare, from as many pages as needed.
            on_event: As in `call`.
            named: As in `call`.

        Raises:
            RefusedError: The operation may change data, or as in `call`.
            UsageError: The profile is unknown, a pointer is invalid, or as in `call`.
            FormatError: A response is a stream of events.
            DynacliError: As in `call`, for either server.
        """
        from dynacli.client.responses.compare_calls import ComparedPages
        from dynacli.client.responses.compare_responses import ComparisonRules, ignored_place

        rules = ComparisonRules(tuple(map(ignored_place, ignore)), all_values)
        wanted = ComparedPages(max_items) if pages or max_items is not None else None
        given = {**(inputs or {}), **named}
        return self._with_repair(lambda: self._diff(name, given, against, rules, wanted, on_event))

    def batch(
        self,
        rows: Iterable[Mapping[str, Any]],
        operation: str = "",
        *,
        parallel: int = 1,
        on_event: Listener | None = None,
    ) -> Iterator[RowResult]:
        """Make a call for each row, and yield the results in the order of the rows.

        For example:

            rows = [{"owner": "octo", "repo": "hello", "title": title} for title in titles]
            for result in api.batch(rows, "issues-create", parallel=4):
                print(result.row, result.status, result.data)

        All rows are validated before this returns. They are sent while you read the results.

        Args:
            rows: Input → value for each row, as in `call`. Without `operation`, rows are those of `dynacli batch`:
                `{"operation": ..., "inputs": {...}, "as": "w"}`, and later rows may use `{{w.id}}`.
            operation: The operation's name or operationId.
            parallel: Maximum number of calls at the same time.
            on_event: As in `call`.

        Raises:
            UsageError: Rows are invalid. The error lists all of them, and nothing is sent.
            DynacliError: As in `call`, before sending.
        """
        from dynacli.client.shards import Shard

        batch_run = feature("batch.batch_run")
        listed = list(feature("batch.rows").rows_of(rows, operation))

        def checked() -> Iterator[RowResult]:
            calls = batch_run.RowCalls(
                self._engine.listened_by(on_event), self._catalog_of(), self._arguments
            )
            plan = batch_run.check_rows(listed, calls, Shard(), ())
            return iter(batch_run.BatchRun(listed, plan, calls, batch_run.RunSettings(max(parallel, 1))))

        return self._with_repair(checked)

    def _loop(
        self,
        engine: Engine,
        name: str,
        given: dict[str, Any],
        *,
        is_keyset_asked: bool,
        max_items: int | None = None,
    ) -> PageLoop:
        from dynacli.client.pages.page_loop import PageLoop

        with self._lock:
            described, inputs = self._read(name, given)
        return PageLoop(engine, described, inputs, max_items=max_items, is_keyset_asked=is_keyset_asked)

    def _read(self, name: str, given: dict[str, Any]) -> tuple[DescribedOperation, CallInputs]:
        """Return an operation that the policy allows, and its inputs."""
        described = self._described(name)
        self._settings.permit(described)  # first, so that errors describe no refused operation
        return read_given(described, given, self._settings)

    def _call(self, name: str, given: dict[str, Any], on_event: Listener | None) -> Response:
        with self._lock:
            described, inputs = self._read(name, given)
        with self._remembering(name, given, on_event) as engine:
            return self._response(engine.make(described, inputs), self._arguments(name, given))

    @contextmanager
    def _remembering(
        self, name: str, given: Mapping[str, Any], on_event: Listener | None, *options: str
    ) -> Iterator[Engine]:
        """Yield an engine for the calls of one result, and save them in the history after the block.

        Args:
            options: Options of the equivalent command line.
        """
        arguments = self._arguments(name, given, *options)
        engine = self._listened_and_kept(arguments, on_event)
        with _recording(engine, arguments):
            yield engine

    def _listened_and_kept(self, arguments: Sequence[str], on_event: Listener | None) -> Engine:
        """Return an engine for the calls of one result, which the history saves as one command.

        Args:
            arguments: The command line without the program's name; its last argument has all inputs.
        """
        return self._engine.listened_by(on_event).remembering(TypedWords(texts=arguments[-1:]))

    def _arguments(
        self, name: str, given: Mapping[str, Any], *switches: str, options: Options | None = None
    ) -> list[str]:
        """Return the command line of a call without the program's name, with all inputs as JSON.

        Args:
            options: Options of the call; None for those of the API.
        """
        options = options or self._options
        chosen = (("--profile", options.profile), ("--server", options.server))
        inputs = json.dumps(given, default=_shown_input)
        given_options = [word for pair in chosen if pair[1] for word in pair]
        return [self.name, name, *switches, *given_options, "--inputs", inputs]

    def _diff(
        self,
        name: str,
        given: dict[str, Any],
        against: str | Response,
        rules: ComparisonRules,
        pages: ComparedPages | None,
        on_event: Listener | None,
    ) -> ResponseComparison:
        from dynacli.client.responses.compare_calls import (
            ReceivedResponse,
            Side,
            compare_calls,
            options_of_other,
        )

        terms = self._options.terms
        terms = replace(terms, reads_only_by=terms.reads_only_by or "`diff`")
        options = replace(self._options, cache="off", terms=terms)
        with self._lock:
            opened, described = self._catalog_of(), self._described(name)
            settings = settings_of(self._env, opened, options)
            settings.permit(described)
            if isinstance(against, Response) and against.described.operation.name != described.operation.name:
                raise UsageError(
                    f"`against` is a response to `{against.described.operation.name}`, not to `{name}`"
                )
            switches = () if pages is None else pages.switches
            arguments = self._arguments(name, given, *switches)
            engine = self._listened_and_kept(arguments, on_event).with_settings(settings)
            first = Side(engine, *read_given(described, given, settings))
            right: Side | ReceivedResponse
            if isinstance(against, Response):
                right = against.received
            else:
                there = options_of_other(options, against)
                other = settings_of(self._env, opened, there)
                right = Side(engine.with_settings(other), *read_given(described, given, other))
        with _recording(first, arguments):
            left = first.response(pages)
        if isinstance(right, Side):
            with _recording(right, self._arguments(name, given, *switches, options=there)):
                other_response = right.response(pages)
        else:
            other_response = right
        with self._lock:
            return compare_calls(described, left, other_response, rules)

    def _plan(self, name: str, given: dict[str, Any], file: str, seconds: float) -> Plan:
        make_plan, plan_store = feature("plans.make_plan"), feature("plans.plan_store")
        plan_store.check_new_plan(file)
        settings: CallSettings = make_plan.planning(self._settings)
        engine = self._engine.with_settings(settings)
        with self._lock:
            described = self._described(name)
            settings.permit(described)
            described, inputs = read_given(described, given, settings)
        key = plan_store.plan_key(self._env)
        planner = make_plan.Planner(engine, self._catalog_of(), self._options, key)
        planner.add(engine.prepare(described, inputs))
        plan: Plan = planner.plan(seconds)
        plan_store.save_plan(self._env, plan, file)
        return plan

    def _stream(self, name: str, given: dict[str, Any], on_event: Listener | None) -> StreamedResponse:
        with self._lock:
            described, inputs = self._read(name, given)
        arguments = self._arguments(name, given)
        engine = self._listened_and_kept(arguments, on_event)
        return StreamedResponse(engine, described, inputs, arguments)

    def _download(
        self, name: str, path: str, given: dict[str, Any], on_event: Listener | None, *, is_resumed: bool
    ) -> Response:
        with self._lock:
            described, inputs = self._read(name, given)
        with self._remembering(name, given, on_event) as engine:
            made = download_response(engine, described, inputs, path, is_resumed=is_resumed)
            return self._response(made, self._arguments(name, given))

    def _response(self, made: MadeCall, arguments: Sequence[str]) -> Response:
        """Return a response for the Python program.

        Args:
            arguments: The command line of the call, without the program's name.
        """
        return Response(*made, self._lock, arguments)


def methods_of(operations: Collection[OperationSummary]) -> dict[str, OperationSummary]:
    """Return method → its operation, as `Api` has them."""
    return method_names(operations, [*dir(Api), "name", "notes"])


@contextmanager
def _recording(maker: Engine | Side, arguments: Sequence[str]) -> Iterator[None]:
    """Save the calls of the block in the history as one command.

    Args:
        maker: Makes the calls. A side fetches later pages with another engine.
        arguments: The command line of the calls, without the program's name.
    """
    error: BaseException | None = None
    try:
        yield
    except GeneratorExit:
        raise  # the program needs no further page
    except BaseException as failure:
        error = failure
        raise
    finally:
        engine = maker if isinstance(maker, Engine) else maker.engine
        engine.record_end(arguments, error, engine.history.response if engine.history else None)
