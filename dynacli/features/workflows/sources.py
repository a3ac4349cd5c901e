"""The sources of workflows: which API or Arazzo document each source description means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynacli.client.call_settings import CallSettings, settings_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.links.linked_operation import linked_operation
from dynacli.environment import Environment
from dynacli.errors import DocumentError, RefusedError, UsageError
from dynacli.features.workflows.arazzo_document import ARAZZO, ASYNCAPI, ArazzoDocument, read_arazzo
from dynacli.features.workflows.expressions import parse_reference
from dynacli.openapi.document.source import local_path, parse_source
from dynacli.options.standard_options import Options
from dynacli.registry.configuration import DEMO, Configuration
from dynacli.urls import join_url, origin_of, split_url

if TYPE_CHECKING:
    from dynacli.registry.opened_api import OpenedApi

OpenApi = Callable[[str], "AbstractContextManager[OpenedApi]"]
"""Function that opens an API by its name, URL or path for the duration of a block."""


class ApiSource:
    """The API of a source description.

    Attributes:
        api: The API.
        settings: The settings of its calls.
        engine: The engine of its calls.
    """

    def __init__(self, api: OpenedApi, settings: CallSettings, engine: Engine) -> None:
        self.api, self.settings, self.engine = api, settings, engine


class WorkflowSources:
    """The sources of a document and of the documents that it refers to. Each is opened when it is first needed.

    Args:
        options: The options of all calls, with the conditions for them.
        open_api: Opens an API.
        make_engine: Makes the engine for the calls of an API.
        named: Name of a source → the API, URL or file that the user chose.
        mocked: Returns the settings for calls to the mock of an API; None to call its server.
    """

    def __init__(
        self,
        env: Environment,
        options: Options,
        open_api: OpenApi,
        make_engine: Callable[[CallSettings], Engine],
        named: Mapping[str, str],
        mocked: Callable[[str, CallSettings], CallSettings] | None = None,
    ) -> None:
        self._env, self._options, self._named = env, options, named
        self._open_api, self._make_engine = open_api, make_engine
        self._mocked = mocked
        self._stack = ExitStack()
        self._apis: dict[str, ApiSource] = {}
        self._documents: dict[str, ArazzoDocument] = {}

    def close(self) -> None:
        """Close the APIs."""
        self._stack.close()

    def api(self, document: ArazzoDocument, name: str) -> ApiSource:
        """Return the API of a source description.

        Raises:
            DocumentError: The source cannot be read.
            RefusedError: The document may not refer to the source.
        """
        word = self._word_of(document, name)
        if word not in self._apis:
            try:
                api = self._stack.enter_context(self._open_api(word))
            except DocumentError as error:
                if name not in self._named:  # the document's own path is often that of its author
                    error.hint = f"If you have this API: `--source {name}=API`"
                raise
            if name not in self._named and not api.is_registered:
                same = self._of_same_content(api)
                api = self._stack.enter_context(self._open_api(same)) if same else api
            settings = settings_of(self._env, api, self._options)
            if self._mocked is not None:
                settings = self._mocked(api.name, settings)
            self._apis[word] = ApiSource(api, settings, self._make_engine(settings))
        return self._apis[word]

    def document(self, document: ArazzoDocument, name: str) -> ArazzoDocument:
        """Return the Arazzo document of a source description.

        Raises:
            DocumentError: The document cannot be read.
        """
        word = self._word_of(document, name)
        if word not in self._documents:
            self._documents[word] = read_arazzo(self._env, word)
        return self._documents[word]

    def _word_of(self, document: ArazzoDocument, name: str) -> str:
        """Return the name, URL or path of a source: the one that the user named, a registered API, or its own."""
        if name in self._named:
            return self._named[name]
        given = document.sources[name].get("url")
        try:
            url = join_url(document.base, str(given)) if document.base else str(given)
        except ValueError as error:
            raise DocumentError(f"The URL of the source `{name}` is malformed") from error
        is_remote = document.source.kind == "url"
        if url.startswith("file:"):
            if is_remote:
                raise RefusedError(
                    f"The source `{name}` is not read",
                    reason=f"`{document.name}` is from a server, and must not name files of this machine",
                    hint=f"If you have the document: `--source {name}=FILE`",
                )
            url = local_path(split_url(url).path)
        location = parse_source(url, Path.cwd()).location
        registered = self._registered(location)
        if registered:
            return registered
        if is_remote and origin_of(location) != document.source.origin:
            raise RefusedError(
                f"The source `{name}` is not read",
                reason=f"`{document.name}` is from another server than `{origin_of(location)}`",
                hint=f"If you trust it: `--source {name}={location}`",
            )
        return location

    def _registered(self, location: str) -> str:
        """Return the name of the registered API with a source; empty if there is none."""
        for name, entry in Configuration(self._env).apis().items():
            source = entry.get("source")
            if isinstance(source, str) and source != "-":
                try:
                    if parse_source(source, Path.cwd()).location == location:
                        return name
                except UsageError:  # the entry is malformed, and a call of that API reports it
                    continue
        return ""

    def _of_same_content(self, api: OpenedApi) -> str:
        """Return the name of the registered API, or of the demo API, with the same document; empty for none."""
        from dynacli.registry.open_by_name import open_from_cache

        for name in (*Configuration(self._env).apis(), DEMO):
            other = open_from_cache(name, self._env)
            if other is not None:
                revision = other.pointer["revision"]
                other.catalog.close()
                if revision == api.pointer["revision"]:
                    return name
        return ""

    def operation(
        self, document: ArazzoDocument, step: Mapping[str, Any]
    ) -> tuple[ApiSource, DescribedOperation]:
        """Return the operation that a step calls, with its source.

        Raises:
            DocumentError: The operation does not exist.
        """
        name, link = _source_and_operation(document, step)
        if document.sources[name].get("type") == ASYNCAPI:
            raise DocumentError(
                f"The step `{step['stepId']}` cannot run",
                reason=f"The source `{name}` is of the type `asyncapi`; only HTTP calls can be made",
                hint="Use a source of the type `openapi`",
            )
        source = self.api(document, name)
        found = linked_operation(source.api.catalog, link, source.api.uri)
        if found is None:
            wanted = link.get("operationId") or link.get("operationRef")
            raise DocumentError(
                f"The step `{step['stepId']}` calls an operation that does not exist",
                reason=f"The source `{name}` has no `{wanted}`",
            )
        return source, DescribedOperation(source.api, source.api.catalog.operation(found)).sending("")

    def workflow(self, document: ArazzoDocument, reference: str) -> tuple[ArazzoDocument, str]:
        """Return the document of a workflow and its id.

        Args:
            reference: Its id, or an expression for a workflow of another document.

        Raises:
            DocumentError: The workflow does not exist.
        """
        target, name = document, reference
        parsed = parse_reference(reference)
        if parsed is not None and parsed.kind == "sourceDescriptions":
            source, name = parsed.names
            if document.sources.get(source, {}).get("type") != ARAZZO:
                raise DocumentError(f"`{source}` is not a source of the type `arazzo`")
            target = self.document(document, source)
        if name not in target.workflows:
            raise DocumentError(f"`{target.name}` has no workflow `{name}`")
        return target, name


def _source_and_operation(document: ArazzoDocument, step: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the source of a step's operation, and a Link Object that refers to the operation.

    Raises:
        DocumentError: The step does not name a source.
    """
    text = step.get("operationId")
    if isinstance(text, str):
        reference = parse_reference(text)
        if reference is not None and reference.kind == "sourceDescriptions":
            return reference.names[0], {"operationId": reference.names[1]}
        names = document.api_sources()
        if names:
            return names[0], {"operationId": text}
    path = str(step.get("operationPath") or step.get("channelPath", ""))
    start, hash_mark, pointer = path.partition("#")
    reference = parse_reference(start.removeprefix("{").removesuffix("}"))
    if reference is None or reference.kind != "sourceDescriptions" or not hash_mark:
        raise DocumentError(
            f"The step `{step['stepId']}` does not name an operation",
            reason="`operationPath` is an expression for the URL of a source, and a JSON Pointer",
            hint="For example: `'{$sourceDescriptions.shop.url}#/paths/~1pets/get'`",
        )
    return reference.names[0], {"operationRef": f"#{pointer}"}
