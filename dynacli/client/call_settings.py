"""Settings of the calls of one API, from the caller, the environment, a profile and the configuration.

The first row with a value decides:

| | level of validation | profile | server, time limit, tries, rate |
|---|---|---|---|
| 1 | `--validate` | `--profile` | `--server`, `--timeout`, `--retries`, `--rate` |
| 2 | `DYNACLI_VALIDATE` | `DYNACLI_PROFILE` | keys of the profile |
| 3 | `validate` of the profile | | keys of the API's entry |
| 4 | `validate` of the API's entry | | the first server, no limits, 2 retries |
| 5 | `warn` | | |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dynacli.environment import Consent, Environment, how_to_install, variable
from dynacli.errors import UsageError
from dynacli.openapi.model.operation import Operation
from dynacli.options.standard_options import OPTIONS_BY_KEY, OPTIONS_BY_NAME, Options
from dynacli.record import record, replace
from dynacli.registry.configuration import Configuration, profiles_in
from dynacli.registry.opened_api import OpenedApi

if TYPE_CHECKING:
    from dynacli.client.described_operation import DescribedOperation
    from dynacli.client.policy.other_policies import OtherPolicies
    from dynacli.client.policy.permission import Bounds
    from dynacli.client.policy.policy_rules import Policy
    from dynacli.client.readings import Sent
    from dynacli.http.caching import CacheSpec
    from dynacli.http.rate_limit import RateLimit
    from dynacli.validation.finding import ValidationResult
    from dynacli.validation.finding_rules import Ignore

LEVELS = OPTIONS_BY_NAME["validate"].values
_DEFAULT_LEVEL = "warn"
_MAX_SECONDS = 1e6
_MAX_RETRIES = 100
_FIRST_ERROR, _MOST_STATUS = 400, 600
_RETRIES = 2
_NOTHING: Mapping[str, str] = {}
_OWN_KEYS = {"auth", "ca", "success", *OPTIONS_BY_KEY} - {"validate"}
"""Keys of an API's entry about its calls. The module that reads them is loaded only if the entry has one."""


@record
class CallSettings:
    """Settings of the calls of one API and of their validation.

    Args:
        level: One of `LEVELS`.
        ignores: Rules for findings that do not count.
        server: A base URL, or the index, name or description of a server of the document; empty for the first.
        server_variables: (name, value) of variables of the server.
        headers: (name, value) of headers of each call.
        query: (name, value) of query parameters that the caller adds to each call.
        default_query: (name, value) of query parameters from the configuration; `query` overrides them.
        timeout: Seconds for a whole call; None for the limits of its steps alone.
        retries: Maximum number of retries of a request.
        may_retry_unsafe: True if requests that may change something twice are retried, too.
        retry_statuses: Further statuses after which a read-only request is retried.
        may_retry_lost: True if a request is retried after its connection was lost.
        rate: Limit of the rate of all calls with these settings; None for no limit.
        has_http2: True if HTTP/2 is offered to servers with TLS.
        accepted_origins: Origins that may receive credentials, besides those that the user accepted before.
        written_origins: Origins of server URLs that the user wrote, for the call or in the configuration.
        is_reported: True if the results go into a report.
        is_verbose: True if messages have all findings; None if the caller has no option `-v`.
        output: The output format of responses unless the caller names one; empty for `auto`.
        profile: The name of the profile; empty for none.
        auth: The security scheme whose credential is sent, or `none`; empty if the document decides.
        signs: The calls that carry credentials: `always`, `never`, or as the `document` says.
        auth_tables: Security scheme → the settings of its credential; None without such settings.
        success: JMESPath expression that is true for the body of a successful response; empty for none.
        ca: The file with the trusted certificate authorities; empty for the authorities of the system.
        policy: The rules for the allowed calls; None if the configuration has none.
        others: The policies of other APIs, for calls to their servers; None if they do not count.
        consent: The user's consent to calls that must be confirmed.
        reads_only_by: As in `CallTerms`.
        is_bound: As in `CallTerms`.
        cache: The rules of the response cache; None without one.
        ends_with_redirects: True if a documented redirect to a URL outside the document is not followed.
        follows_redirects: False if each redirect is the response.
    """

    level: str = _DEFAULT_LEVEL
    ignores: tuple[Ignore, ...] = ()
    server: str = ""
    server_variables: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    default_query: tuple[tuple[str, str], ...] = ()
    timeout: float | None = None
    retries: int = _RETRIES
    may_retry_unsafe: bool = False
    retry_statuses: tuple[int, ...] = ()
    may_retry_lost: bool = True
    rate: RateLimit | None = None
    has_http2: bool = False
    accepted_origins: tuple[str, ...] = ()
    written_origins: tuple[str, ...] = ()
    is_reported: bool = False
    is_verbose: bool | None = None
    output: str = ""
    profile: str = ""
    auth: str = ""
    signs: str = ""
    auth_tables: Mapping[str, Mapping[str, Any]] | None = None
    success: str = ""
    ca: str = ""
    policy: Policy | None = None
    others: OtherPolicies | None = None
    consent: Consent = Consent()
    reads_only_by: str = ""
    is_bound: bool = False
    cache: CacheSpec | None = None
    ends_with_redirects: bool = False
    follows_redirects: bool = True

    @property
    def may_accept(self) -> bool:
        """True if values that compiled schemas accept need no validation by openapi-core."""
        return self.level == "warn" and not self.is_reported

    @property
    def is_strict(self) -> bool:
        """True if a finding is a failure."""
        return self.level in {"strict", "exact"}

    @property
    def bounds(self) -> Bounds:
        """The facts that decide whether a call is allowed."""
        from dynacli.client.policy.permission import Bounds

        return Bounds(self.policy, self.headers, self.consent, self.reads_only_by)

    def permit(
        self,
        described: DescribedOperation,
        asked: Mapping[str, str] = _NOTHING,
        sent: Sent | None = None,
    ) -> None:
        """Let an operation be called.

        Args:
            asked: Method that the request asks for besides its own → the header or field that asks for it.
            sent: The other parts of the request; None before it is built.

        Raises:
            RefusedError: The operation is not read-only although it must be, the policy denies it, or the user did
                not confirm it.
        """
        if self.policy is not None or self.reads_only_by or asked or described.operation.method == "DELETE":
            from dynacli.client.policy.permission import permit

            permit(described, self.bounds, asked, sent)

    def asking_later(self) -> CallSettings:
        """Return the settings for preparing a call: questions for the user wait in `consent.waiting`."""
        if self.consent.is_given or self.consent.ask is None:
            return self
        consent = Consent(ask=self.consent.ask, is_required=self.consent.is_required)
        consent.agreed, consent.waiting = self.consent.agreed, []
        return replace(self, consent=consent)

    def denial(self, described: DescribedOperation) -> str:
        """Return the reason why the policy denies an operation; empty if it is allowed."""
        if self.policy is None:
            return ""
        from dynacli.client.policy.permission import denial

        error = denial(described, self.bounds)
        return f"the policy denies it: {error.reason}" if error is not None else ""

    def is_asked_about(self, described: DescribedOperation) -> bool:
        """Return whether dynacli asks the user on a terminal before it calls an operation."""
        if self.policy is None:
            return described.operation.method == "DELETE"
        from dynacli.client.policy.permission import is_asked_about

        return is_asked_about(described, self.bounds)

    def without_storing(self) -> CallSettings:
        """Return the settings for a response that goes into a file: it may come from the cache, but is not stored."""
        return self if self.cache is None else replace(self, cache=replace(self.cache, stores=False))

    def set_apart(
        self, validation: ValidationResult | None, operation: Operation, status: int | None = None
    ) -> None:
        """Move the findings that do not count to the suppressed ones.

        Args:
            validation: Changed in place; None if nothing was validated.
            operation: The configuration may call it by its name or its operationId.
            status: The status of the response; None for a request.
        """
        if self.ignores and validation is not None:
            from dynacli.validation.finding_rules import suppress

            suppress(validation, self.ignores, (operation.name, operation.operation_id), status)


def settings_of(
    env: Environment, api: OpenedApi, options: Options, *, default_level: str = _DEFAULT_LEVEL
) -> CallSettings:
    """Return the settings of the calls of an API.

    Raises:
        UsageError: The profile does not exist, the level in the environment is invalid, or a pair has no separator.
        FileError: The API's entry in the configuration is malformed.
    """
    profile: dict[str, Any] = {}
    profile_name = options.in_force("profile", env)
    if profile_name:
        from dynacli.client.profiles import profile_of

        profile = profile_of(env, api, options.profile)
    own: dict[str, Any] = {}
    if not api.entry.keys().isdisjoint(_OWN_KEYS):
        from dynacli.client.profiles import own_settings

        own = own_settings(env, api, _OWN_KEYS)
    policy = None
    others = None
    if "policy" in api.entry or "policies" in api.entry or "policy" in profile:
        from dynacli.client.policy.policy_rules import Policy

        policy = Policy.of(env, api.name, api.entry, profile, profile_name)
    guarded = others_with_policy(env, api.name, profile_name)
    if guarded:
        from dynacli.client.policy.other_policies import OtherPolicies
        from dynacli.client.policy.policy_rules import stands_alone

        others = OtherPolicies(env, api, guarded, profile_name, has_own=stands_alone(api.entry))
        policy = others.with_same_document(policy)
    if "server" in profile:
        own.pop("server_vars", None)  # they belong to another server
    kept = {**own, **profile}
    kept_server = str(kept.get("server", ""))
    kept_variables = {**own.get("server_vars", {}), **profile.get("server_vars", {})}
    headers = pairs_of(options.header, ":", "--header")
    variables = pairs_of(options.server_var, "=", "--server-var")
    names = set(map(str.lower, headers))  # RFC 9110, section 5.1
    default_headers: dict[str, tuple[str, str]] = {}
    for table in (own, profile):
        for name, value in table.get("headers", {}).items():
            if name.strip().lower() not in names:
                default_headers[name.strip().lower()] = name, value
    server = options.server or kept_server
    variables = {**(profile.get("server_vars", {}) if options.server else kept_variables), **variables}
    written = [] if options.terms.is_bound else [(server, variables)]
    timeout = options.timeout
    if timeout is None and kept.get("timeout") is not None:
        timeout = seconds_of(str(kept["timeout"]))
    retries = options.retries
    if retries is None:
        retries = retries_of(str(kept["retries"])) if "retries" in kept else _RETRIES
    rate = options.rate or str(kept.get("rate", ""))
    has_http2 = (options.http_version or kept.get("http_version", "")) == "2"
    if has_http2:
        _check_http2()
    level = _level(env, api, options.validate, profile) or default_level
    cache = options.cache or kept.get("cache", "")
    return CallSettings(
        level,
        _ignores(env, api) if "ignore" in api.entry and level != "off" else (),
        server,
        tuple(variables.items()),
        (*default_headers.values(), *headers.items()),
        query=query_pairs(options.query) if options.query else (),
        default_query=tuple({**own.get("query", {}), **profile.get("query", {})}.items()),
        timeout=timeout,
        retries=retries,
        may_retry_unsafe=options.retry_unsafe,
        retry_statuses=options.retry_status,
        rate=_rate(rate) if rate else None,
        has_http2=has_http2,
        accepted_origins=options.accept_origin,
        written_origins=_written_origins([(kept_server, kept_variables), *written]) if server else (),
        is_reported=bool(options.report),
        is_verbose=options.verbose if options.terms.may_be_verbose else None,
        output=kept.get("output") or str(Configuration(env).setting("output") or ""),
        # Even a profile without settings has its own credentials. Only registered APIs have profiles.
        profile=profile_name if api.is_registered else "",
        auth=options.auth,
        success=_checked_filter(kept["success"]) if kept.get("success") else "",
        ca=kept.get("ca", ""),
        **(_signing(own, profile) if "auth" in own or "auth" in profile else {}),
        policy=policy,
        others=others,
        consent=options.terms.consent or Consent(),
        reads_only_by=options.terms.reads_only_by,
        is_bound=options.terms.is_bound,
        cache=cache_of(cache, is_offline=options.offline) if cache not in ("", "off") else None,
    )


def _checked_filter(expression: str) -> str:
    """Return the expression that is true for the body of a successful response.

    Raises:
        UsageError: The expression is not valid JMESPath.
    """
    from dynacli.text.filter_value import check_filter

    check_filter(expression, "`success` in the configuration")
    return expression


def _check_http2() -> None:
    """Check that HTTP/2 can be offered.

    Raises:
        UsageError: The package for it is not installed.
    """
    from importlib.machinery import PathFinder

    if PathFinder.find_spec("h2") is None:
        raise UsageError(
            "HTTP/2 needs the package `h2`, which is not installed",
            hint=f"{how_to_install('http2')}, or `--http-version 1.1`",
        )


def _written_origins(servers: Iterable[tuple[str, Mapping[str, str]]]) -> tuple[str, ...]:
    """Return the origins of the servers that are whole URLs, with their variables filled in."""
    from dynacli.request.choose_server import written_origin

    found = (written_origin(server, variables) for server, variables in servers if server)
    return tuple(dict.fromkeys(filter(None, found)))


def others_with_policy(env: Environment, name: str, profile: str) -> dict[str, dict[str, Any]]:
    """Return name → entry of the other registered APIs that have a policy, or whose profile has one.

    Args:
        name: The name of the API itself.
        profile: The name of the profile that calls are made with.
    """
    configuration = Configuration(env)
    found = {
        other: entry
        for other, entry in configuration.apis().items()
        if other != name and ("policy" in entry or "policy" in profiles_in(entry).get(profile, {}))
    }
    if found and env.project_file:
        # The policies of a project file hold for the APIs of the file alone.
        of_project = configuration.project_apis()
        if name not in of_project:
            found = {other: entry for other, entry in found.items() if other not in of_project}
    return found


def _signing(own: Mapping[str, Any], profile: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of credentials; the profile overrides the entry."""
    from dynacli.client.profiles import signing_of

    return signing_of(own.get("auth"), profile.get("auth"))


def _ignores(env: Environment, api: OpenedApi) -> tuple[Ignore, ...]:
    from dynacli.client.profiles import malformed
    from dynacli.validation.finding_rules import BadIgnoreError, ignores_of

    try:
        return ignores_of(api.entry["ignore"])
    except BadIgnoreError as error:
        raise malformed(env, f"`ignore` of `{api.name}`", str(error), api.name) from error


def _level(env: Environment, api: OpenedApi, given: str, profile: Mapping[str, Any]) -> str:
    """Return the level from the option or the environment; empty for none."""
    if given:
        return given
    asked_for = env.setting("VALIDATE")
    if asked_for:
        if asked_for not in LEVELS:
            raise UsageError(
                f"`{asked_for}` in `{variable('VALIDATE')}` is not a level of validation",
                hint=f"Use one of {_listed_levels()}",
            )
        return asked_for
    for entry, place in ((profile, f"a profile of `{api.name}`"), (api.entry, f"`{api.name}`")):
        level = entry.get("validate")
        if level is not None:
            if level not in LEVELS:
                from dynacli.client.profiles import malformed

                raise malformed(
                    env, f"`validate` of {place}", f"it must be one of {_listed_levels()}", api.name
                )
            return str(level)
    return ""


def _listed_levels() -> str:
    return ", ".join(f"`{level}`" for level in LEVELS)


def seconds_of(text: str) -> float:
    """Return the time limit of a call, in seconds.

    Raises:
        UsageError: The text is not a time limit.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < _MAX_SECONDS:
        raise UsageError(f"`{text}` is not a time limit", hint="Give seconds, for example `--timeout 2.5`")
    return seconds


def retries_of(text: str) -> int:
    """Return the maximum number of retries of a request.

    Raises:
        UsageError: The text is not a number of retries.
    """
    if not (text.isascii() and text.isdecimal() and int(text[:9]) <= _MAX_RETRIES):
        raise UsageError(
            f"`{text}` is not a number of retries",
            hint=f"Give a number from 0 to {_MAX_RETRIES}: `--retries 0`",
        )
    return int(text)


def retry_status_of(text: str) -> int:
    """Return a status after which a request is retried.

    Raises:
        UsageError: The text is not a status of an error.
    """
    if not (
        text.isascii() and text.isdecimal() and len(text) == 3 and _FIRST_ERROR <= int(text) < _MOST_STATUS
    ):
        raise UsageError(
            f"`{text}` is not a status to retry",
            reason="Expected one of 400 to 599",
            hint="For example: `--retry-status 500`",
        )
    return int(text)


def _rate(text: str) -> RateLimit:
    from dynacli.http.rate_limit import RateLimit, rate_of

    return RateLimit(rate_of(text))


def cache_of(text: str, *, is_offline: bool = False) -> CacheSpec | None:
    """Return the rules of the response cache; None for `off`.

    Raises:
        UsageError: The text is none of the settings of the cache.
    """
    from dynacli.http.caching import AUTO, REVALIDATE, CacheSpec

    if text == "off":
        return None
    if text in (AUTO, REVALIDATE):
        return CacheSpec(text, is_offline=is_offline)
    from dynacli.registry.revisions.revisions import duration_of

    seconds = duration_of(text) if text[-1:].isalpha() else None
    if seconds is None:
        raise UsageError(
            f"`{text}` does not say how responses are stored",
            reason="Expected `off`, `revalidate`, `auto` or a time in seconds, minutes, hours or days",
            hint="For example: `--cache 10m`",
        )
    return CacheSpec("", seconds, is_offline)


def pairs_of(words: Iterable[str], separator: str, option: str) -> dict[str, str]:
    """Return name → value of arguments such as `NAME=VALUE`.

    Raises:
        UsageError: An argument has no separator.
    """
    pairs = {}
    for word in words:
        name, value = _pair(word, separator, option)
        pairs[name.strip()] = value.strip()
    return pairs


def query_pairs(words: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return (name, value) of arguments such as `NAME=VALUE`; a name may be repeated.

    Raises:
        UsageError: A word has no `=`, or no name.
    """
    return tuple(_pair(word, "=", "--query") for word in words)


def _pair(word: str, separator: str, option: str) -> tuple[str, str]:
    name, found, value = word.partition(separator)
    if not found or not name.strip():
        # The argument may contain a secret, so the message does not repeat it.
        lacking = "name" if found else f"`{separator}`"
        raise UsageError(
            f"A value of {option} has no {lacking}", hint=f"Write `{option} NAME{separator}VALUE`"
        )
    return name, value
