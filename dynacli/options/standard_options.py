"""The table of standard options: the options of dynacli, as opposed to the options of an operation.

An entry describes an option completely. The parser of the command line, help pages, completion, the configuration,
the explorer and `mcp` read the table. The same table is the typed record of the options of one run.
"""

from collections.abc import Collection, Iterator
from typing import Any, Final, TypeVar, dataclass_transform

from dynacli.environment import Consent, Environment, variable
from dynacli.record import record

DATA_OUTPUT: Final = "data"
"""Options for printing data."""
RESPONSE: Final = "response"
"""Options for the response of a call."""
FURTHER_CALLS: Final = "further calls"
"""Options for calls that follow the first one."""
REQUEST: Final = "request"
"""Options for the request of a call."""
CALLS: Final = "calls"
"""Options for making and validating calls."""
CACHE: Final = "cache"
"""Options for storing and reusing responses."""
RESENDING: Final = "resending"
"""Options for repeating requests that dynacli usually sends once."""
DOCUMENT_READING: Final = "document"
"""Options for reading the document of an API."""
EVERY_RUN: Final = "every run"
"""Options of every command, even of one that never asks, fetches or prints."""
BODY: Final = "body"
"""Options for the whole body. If an operation has an option of the same name, give them before the API."""
PART: Final = "part"
"""Options for the parts of a multipart body."""
FILE: Final = "file"
"""Options for a multipart body whose parts the document does not name."""
COMPARING: Final = "comparing"
"""Options for comparing a response, and for ignoring differences."""

API_NAMES: Final = "names of APIs"
REGISTERED: Final = "names of registered APIs"
REVISIONS: Final = "revisions"
OPERATIONS: Final = "operations"
TAGS: Final = "tags"
RULES: Final = "rules"
TOPICS: Final = "topics"
PLANS: Final = "plans"
PROFILES: Final = "profiles"
OTHER_SIDES: Final = "other sides of a comparison"
LINKS: Final = "links"
KEYS: Final = "keys"
EARLIER_CALLS: Final = "earlier calls"
ALIASES: Final = "aliases"
"""Kinds of values that completion offers. Most are values of the API that the command line names."""

UNNAMED: Final = "unnamed"
"""Value of `--dry-run` without a format: a call is printed as `http`, the rows of a batch are only checked."""
GUARDED_OPTIONS: set[str] = set()
"""Names of the standard options that are refused after an operation with an input of the same name.

Confusing the two would be dangerous: it could send a request that should only be printed, or send it elsewhere.
"""


@record
class Option:
    """An option of dynacli or of one of its commands.

    Args:
        flags: The short flag, if there is one, and the long flag, with their hyphens.
        help: Its help text.
        metavar: Placeholder of its value in help pages.
        values: The allowed values. If there is a `kind`, the values that completion offers.
        kind: Kind of the value, which `commands._option_values` converts; empty for one of `values` or any string.
        value_alone: The value of the option without a value; empty if the option needs one.
        group: Its group. Commands take whole groups of options.
        key: Configuration key with the same meaning; empty for none.
        variable: End of the name of the environment variable with the same meaning; empty for none.
        is_multiple: Whether it may be repeated.
        default: The value if the option is not given.
        name: Name of the field or parameter that receives the value, if the long flag does not say it: see `argument`.
        between: The lowest and the highest number, if `kind` is `integer`.
        shows_default: Whether help pages show the default.
        more: Allowed values besides those of its kind.
        offers: The values that completion offers besides `values`; empty for none.
        is_guarded: Whether it is refused after an operation with an input of the same name, because confusing the two
            would be dangerous.
    """

    flags: tuple[str, ...]
    help: str = ""
    metavar: str = ""
    values: tuple[str, ...] = ()
    kind: str = ""
    value_alone: str = ""
    group: str = ""
    key: str = ""
    variable: str = ""
    is_multiple: bool = False
    default: Any = None
    name: str = ""
    between: tuple[int, int] | None = None
    shows_default: bool = False
    more: tuple[str, ...] = ()
    offers: str = ""
    is_guarded: bool = False

    @property
    def takes_value(self) -> bool:
        """Whether the option takes a value; if not, it is a switch."""
        return bool(self.metavar or self.values or self.kind)

    @property
    def argument(self) -> str:
        """Name of the field of `Options`, or of the parameter of the command's function, that receives the value."""
        return self.name or self.flags[-1].removeprefix("--").replace("-", "_")

    @property
    def choices(self) -> tuple[str, ...]:
        """The allowed values; empty if other values are allowed, too."""
        return () if self.kind else self.values

    def words(self, value: Any) -> Iterator[str]:
        """Yield the arguments that give the option a value; none for the default."""
        flag = self.flags[-1]
        if self.is_multiple:
            yield from (f"{flag}={item}" for item in value)
        elif value is True:
            yield flag
        elif value != self.default:
            yield f"{flag}={value:g}" if isinstance(value, float) else f"{flag}={value}"


OPTIONS_BY_NAME: dict[str, Option] = {}
"""All options, in the order of help pages."""
OPTIONS_BY_FLAG: dict[str, Option] = {}
OPTIONS_BY_KEY: dict[str, Option] = {}
"""Key in the configuration of an API or a profile → the option with the same meaning."""
_variables = ["CACHE_DIR", "CACHE_LIMIT", "CONFIG_DIR", "HISTORY", "HTTP", "PAGER", "REFRESH", "STATE_DIR"]
"""Ends of the names of the environment variables that control the program."""

_T = TypeVar("_T")


def _standard(*flags: str, group: str, help: str, **said: Any) -> Any:  # noqa: A002  - as click calls it
    return {"flags": flags, "help": help, "group": group, **said}


@dataclass_transform(frozen_default=True)
def _table(cls: type[_T]) -> type[_T]:
    """Register the options of a class, and return the class as a record with a default for each option.

    A field that is not an option keeps its own default.
    """
    for name, kind in cls.__annotations__.items():
        if not isinstance(cls.__dict__[name], dict):
            continue
        is_multiple = getattr(kind, "__origin__", None) is tuple
        default = () if is_multiple else {bool: False, str: ""}.get(kind)
        option = Option(**cls.__dict__[name], name=name, is_multiple=is_multiple, default=default)
        OPTIONS_BY_NAME[name] = option
        OPTIONS_BY_FLAG.update(dict.fromkeys(option.flags, option))
        if option.key:
            OPTIONS_BY_KEY[option.key] = option
        if option.variable:
            _variables.append(option.variable)
        if option.is_guarded:
            GUARDED_OPTIONS.add(option.flags[-1].removeprefix("--"))
        setattr(cls, name, default)
    return record(cls)


@record
class CallTerms:
    """Conditions for calls that are not options.

    Args:
        may_be_verbose: Whether the user can list all findings with `-v`.
        consent: The user's consent to calls that need confirmation; None if there is none.
        reads_only_by: The command that allows only read-only operations, as named in messages; empty if none does.
        is_bound: Whether credentials go only to origins that the user accepted before. The caller can add none, neither
            by the server nor by the URL of a document.
    """

    may_be_verbose: bool = False
    consent: Consent | None = None
    reads_only_by: str = ""
    is_bound: bool = False


@_table
class Options:
    """The standard options of one run. The class itself is the table of them.

    All values of a repeatable option count, in order. Of any other option the last value counts, so that an option
    after the operation overrides the same option before the API.

    Attributes:
        terms: Conditions for the calls that use these options.
    """

    output: str = _standard(
        "-o",
        "--output",
        metavar="FORMAT",
        kind="format",
        values=(
            "auto",
            "json",
            "yaml",
            "toon",
            "agent",
            "table",
            "csv",
            "tsv",
            "ndjson",
            "lines",
            "gron",
            "raw",
            "text",
        ),
        key="output",
        group=DATA_OUTPUT,
        help="Print as table, csv, lines, or to @FILE [default: auto]",
    )
    filter: str = _standard(
        "-f",
        "--filter",
        metavar="EXPR",
        kind="filter",
        group=DATA_OUTPUT,
        help="Filter the result with a JMESPath expression",
    )
    jq: str = _standard(
        "--jq",
        metavar="PROGRAM",
        kind="jq",
        group=DATA_OUTPUT,
        help="Filter the result with a jq program (extra `jq`)",
    )
    sql: str = _standard(
        "--sql",
        metavar="QUERY",
        kind="sql",
        group=DATA_OUTPUT,
        help="Ask the items, in the table `rows`, by a SELECT of SQLite",
    )
    columns: str = _standard(
        "--columns",
        metavar="A,B.C",
        kind="given",
        group=DATA_OUTPUT,
        help="Choose the columns of table, csv, tsv and agent",
    )
    max_bytes: int | None = _standard(
        "--max-bytes",
        metavar="N",
        kind="number of bytes",
        group=DATA_OUTPUT,
        help="Print at most N bytes of whole items [default: 4000]",
    )
    include: bool = _standard(
        "-i",
        "--include",
        group=RESPONSE,
        help="Print status and headers before the body, or in one object",
    )
    resume: bool = _standard(
        "--resume",
        group=RESPONSE,
        help="Resume an interrupted download to @FILE",
    )
    remote_name: bool = _standard(
        "-O",
        "--remote-name",
        group=RESPONSE,
        help="Save the response under the name that the server gives",
    )
    progress: str = _standard(
        "--progress",
        metavar="WHEN",
        values=("auto", "off"),
        group=RESPONSE,
        help="Show progress on a terminal [default: auto]",
    )
    all: str = _standard(
        "--all",
        metavar="[keyset]",
        values=("pages", "keyset"),
        value_alone="pages",
        group=FURTHER_CALLS,
        help="Fetch all pages; keyset: continue from the last id",
    )
    max_items: int | None = _standard(
        "--max-items",
        metavar="N",
        kind="number of items",
        group=FURTHER_CALLS,
        help="Stop after N items, from as many pages as needed",
    )
    wait: str = _standard(
        "--wait",
        metavar="EXPR",
        kind="condition",
        group=FURTHER_CALLS,
        help="Repeat a read-only call until EXPR is true",
    )
    wait_timeout: float | None = _standard(
        "--wait-timeout",
        metavar="SECONDS",
        kind="seconds of waiting",
        group=FURTHER_CALLS,
        help="Give up after SECONDS and exit with 7 [default: 300]",
    )
    wait_interval: float | None = _standard(
        "--wait-interval",
        metavar="SECONDS",
        kind="seconds of waiting",
        group=FURTHER_CALLS,
        help="Pause between two calls [default: 2, growing to 30]",
    )
    follow: tuple[str, ...] = _standard(
        "--follow",
        metavar="LINK",
        offers=LINKS,
        group=FURTHER_CALLS,
        help="Then make the call that this link of the document names",
    )
    validate: str = _standard(
        "--validate",
        metavar="LEVEL",
        values=("off", "warn", "strict", "exact"),
        key="validate",
        variable="VALIDATE",
        group=CALLS,
        help="Set the validation level [default: warn]",
    )
    report: tuple[str, ...] = _standard(
        "--report",
        metavar="FORMAT[=FILE]",
        kind="text",
        values=("json", "junit", "sarif", "github"),
        group=RESPONSE,
        help="Write findings for programs to FILE, or to stderr",
    )
    dry_run: str = _standard(
        "--dry-run",
        metavar="[http|json|curl|python|har|inputs|body]",
        values=("http", "json", "curl", "python", "har", "inputs", "body"),
        value_alone=UNNAMED,
        is_guarded=True,
        group=REQUEST,
        help="Print the request instead of sending it [default: http]",
    )
    plan: str = _standard(
        "--plan",
        metavar="FILE|-",
        kind="given",
        is_guarded=True,
        group=REQUEST,
        help="Write a plan, send nothing; -: to the state directory",
    )
    plan_expires: str = _standard(
        "--plan-expires",
        metavar="TIME",
        kind="given",
        group=REQUEST,
        help="End the validity of the plan after 30m, 24h, 7d",
    )
    inputs: str | None = _standard(
        "--inputs",
        metavar="JSON|@FILE|-",
        group=REQUEST,
        help="Give inputs as one JSON object; other options override it",
    )
    show_secrets: bool = _standard(
        "--show-secrets", group=REQUEST, help="Show the secrets that --dry-run masks"
    )
    server: str = _standard(
        "--server",
        metavar="URL|INDEX",
        kind="server",
        key="server",
        is_guarded=True,
        group=CALLS,
        help="Send to this URL, socket or server of the document",
    )
    server_var: tuple[str, ...] = _standard(
        "--server-var",
        metavar="NAME=VALUE",
        key="server_vars",
        group=CALLS,
        help="Set a variable of the server",
    )
    profile: str = _standard(
        "--profile",
        metavar="PROFILE",
        kind="given",
        offers=PROFILES,
        variable="PROFILE",
        is_guarded=True,
        group=CALLS,
        help="Use a profile of the API from the configuration",
    )
    auth: str = _standard(
        "--auth",
        metavar="SCHEME",
        kind="given",
        group=CALLS,
        help="Use this security scheme, or none",
    )
    header: tuple[str, ...] = _standard(
        "-H", "--header", metavar="NAME:VALUE", key="headers", group=CALLS, help="Add a header to the request"
    )
    query: tuple[str, ...] = _standard(
        "-Q",
        "--query",
        metavar="NAME=VALUE",
        key="query",
        group=CALLS,
        help="Add a pair to the query, also an undeclared one",
    )
    timeout: float | None = _standard(
        "--timeout",
        metavar="SECONDS",
        kind="seconds",
        key="timeout",
        group=CALLS,
        help="Limit the time of the whole call",
    )
    retries: int | None = _standard(
        "--retries",
        metavar="N",
        kind="retries",
        key="retries",
        group=CALLS,
        help="Retry a safe call up to N times [default: 2]",
    )
    retry_unsafe: bool = _standard(
        "--retry-unsafe",
        group=RESENDING,
        help="Also retry calls that are not idempotent",
    )
    retry_status: tuple[int, ...] = _standard(
        "--retry-status",
        metavar="CODE",
        kind="status",
        group=RESENDING,
        help="Also retry safe calls after this status",
    )
    rate: str = _standard(
        "--rate",
        metavar="N/s",
        kind="rate",
        key="rate",
        group=CALLS,
        help="Limit the rate of requests, such as 5/s, 100/m, 1000/h",
    )
    http_version: str = _standard(
        "--http-version",
        metavar="VERSION",
        values=("1.1", "2"),
        key="http_version",
        group=CALLS,
        help="Set the version of HTTP; 2 over TLS only [default: 1.1]",
    )
    cache: str = _standard(
        "--cache",
        metavar="SPEC",
        kind="cache",
        values=("off", "revalidate", "auto"),
        key="cache",
        group=CACHE,
        help="Reuse responses: revalidate, auto or 10m [default: off]",
    )
    accept_origin: tuple[str, ...] = _standard(
        "--accept-origin",
        metavar="ORIGIN",
        kind="given",
        is_guarded=True,
        group=CALLS,
        help="Allow credentials to go to one more origin",
    )
    allow_ref: tuple[str, ...] = _standard(
        "--allow-ref",
        metavar="ORIGIN|DIRECTORY",
        kind="reference",
        group=DOCUMENT_READING,
        help="Allow references to one more origin or directory",
    )
    allow_files: bool = _standard("--allow-files", group=REQUEST, help="Let `read` take inputs from files")
    refresh: bool = _standard("--refresh", group=DOCUMENT_READING, help="Refresh the document first")
    offline: bool = _standard(
        "--offline", is_guarded=True, group=EVERY_RUN, help="Fetch no document; use the cache"
    )
    verbose: bool = _standard(
        "-v", "--verbose", group=EVERY_RUN, help="Print headers and timings to stderr, with secrets masked"
    )
    quiet: bool = _standard(
        "-q", "--quiet", group=EVERY_RUN, help="Print no notes to stderr, only warnings and errors"
    )
    no_fail: bool = _standard(
        "--no-fail", group=RESPONSE, help="Exit with 0 despite a 3xx, 4xx, 5xx or a finding"
    )
    yes: bool = _standard(
        "--yes",
        is_guarded=True,
        group=EVERY_RUN,
        help="Answer yes, but not to prompts about credentials",
    )
    no_input: bool = _standard("--no-input", group=EVERY_RUN, help="Never ask")
    no_pager: bool = _standard("--no-pager", group=EVERY_RUN, help="Print without a pager")
    error_format: str = _standard(
        "--error-format",
        metavar="FORMAT",
        values=("text", "json"),
        variable="ERROR_FORMAT",
        group=EVERY_RUN,
        help="Print errors as text or JSON [default: text, agents: json]",
    )
    debug: bool = _standard("--debug", group=EVERY_RUN, help="Show the traceback of a defect")
    body: str | None = _standard(
        "--body",
        metavar="JSON|@FILE|-",
        group=BODY,
        help="Give the whole body; other options override its fields",
    )
    set: tuple[str, ...] = _standard(
        "--set", metavar="PATH=JSON", group=BODY, help="Set a field of the body to a JSON value"
    )
    set_file: tuple[str, ...] = _standard(
        "--set-file", metavar="PATH=FILE", group=BODY, help="Set a field of the body to the content of FILE"
    )
    content_type: str = _standard(
        "--content-type",
        metavar="TYPE",
        kind="given",
        group=BODY,
        help="Choose the media type of the body",
    )
    editor: bool = _standard("--editor", group=BODY, help="Write the body in $VISUAL or $EDITOR")
    example: bool = _standard(
        "--example", group=BODY, help="Fill in the required inputs that you did not give"
    )
    file: tuple[str, ...] = _standard(
        "--file", metavar="NAME=@FILE", group=FILE, help="Add a file to the body under a name of your own"
    )
    part_header: tuple[str, ...] = _standard(
        "--part-header", metavar="PART:NAME:VALUE", group=PART, help="Add a header to a part of the body"
    )

    against: str = _standard(
        "--against",
        metavar="PROFILE|URL|history:N|rev:N",
        kind="given",
        offers=OTHER_SIDES,
        group=COMPARING,
        help="Compare with this server, stored response or revision",
    )
    ignore: tuple[str, ...] = _standard(
        "--ignore",
        metavar="POINTER",
        kind="place",
        group=COMPARING,
        help="Ignore this JSON pointer; * matches any step",
    )
    all_values: bool = _standard(
        "--all-values", group=COMPARING, help="Also compare dates, request ids, tokens and own URLs"
    )

    terms: CallTerms = CallTerms()

    def with_value(self, name: str, value: Any) -> "Options":
        """Return the options with one more value, which is added to the values of a repeatable option.

        Of `-o` the last format and the last file count: `-o csv -o @runs.csv` is `-o csv@runs.csv`.
        """
        if isinstance(value, tuple):
            value = (*self.__dict__[name], *value)
        elif name == "output":
            form, at, file = value.partition("@")
            value = (
                (form or self.output_format) + "@" * bool(at or self.output_file) + (file or self.output_file)
            )
        return Options(**{**self.__dict__, name: value})

    @property
    def output_format(self) -> str:
        """The format in the value of `-o`; empty for none."""
        return self.output.partition("@")[0]

    @property
    def output_file(self) -> str:
        """The file in the value of `-o`; empty for standard output."""
        return self.output.partition("@")[2]

    def followed_by(self, later: "Options") -> "Options":
        """Return the options, overridden by the options of a later part of the command line."""
        options = self
        for name, value in later.__dict__.items():
            if value != getattr(Options, name) and name in OPTIONS_BY_NAME:
                options = options.with_value(name, value)
        return options

    def in_force(self, name: str, env: Environment) -> str:
        """Return the value of an option, or of its environment variable; empty if neither is set."""
        return self.__dict__[name] or env.setting(OPTIONS_BY_NAME[name].variable)

    @property
    def given(self) -> list[Option]:
        """The options whose value is not the default."""
        return [option for option in OPTIONS if self.__dict__[option.name] != option.default]

    @property
    def asks_for_several_calls(self) -> bool:
        """Whether the result may need more than one call."""
        return bool(self.wait or self.follow) or (self.wait_timeout, self.wait_interval) != (None, None)

    def opens_like(self, other: "Options") -> bool:
        """Return whether both open the document of an API in the same way."""
        return all(self.__dict__[option.name] == other.__dict__[option.name] for option in OPENING_OPTIONS)


OPTIONS = tuple(OPTIONS_BY_NAME.values())


def options_of(taken: Collection[str]) -> tuple[Option, ...]:
    """Return the options of the named groups, and the options with the given names."""
    return tuple(option for option in OPTIONS if option.group in taken or option.name in taken)


SETTINGS = options_of({CALLS, CACHE, RESENDING})
"""The options that control how calls are made."""
OPENING_OPTIONS = options_of({"refresh", "offline", "allow_ref", "profile"})
"""The options that control how a document is opened."""
INPUT_OPTIONS = options_of({BODY})
STANDARD_OPTIONS = options_of(
    {DATA_OUTPUT, RESPONSE, FURTHER_CALLS, REQUEST, CALLS, CACHE, RESENDING, DOCUMENT_READING, EVERY_RUN}
)
"""The options that are allowed both before an API and after an operation."""
CALL_OPTIONS = (*INPUT_OPTIONS, *STANDARD_OPTIONS)
"""The options that are allowed before an API."""


def setting_variables() -> frozenset[str]:
    """Return the names of the variables that control the program, as opposed to variables with secrets."""
    return frozenset(map(variable, _variables))
