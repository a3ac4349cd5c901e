"""The settings for writing a response: format, file, filter and columns."""

from __future__ import annotations

from typing import Final

from dynacli.options.standard_options import OPTIONS_BY_NAME
from dynacli.record import record, replace

FORMATS: Final = OPTIONS_BY_NAME["output"].values
ITEM_FORMATS: Final = frozenset(("table", "csv", "tsv", "ndjson", "lines"))
"""The formats that write a row or a line for each item of a response."""
_OF_VALUE: Final = ITEM_FORMATS | {"gron", "toon", "agent"}
TABLES: Final = frozenset(("table", "csv", "tsv"))
"""The formats with columns."""
_WITH_COLUMNS: Final = TABLES | {"agent"}
_MOST_BYTES: Final = 4_000
AT_THE_END: Final = TABLES | {"toon", "agent"}
"""The formats that begin with columns or a number of items, so that writing starts after the last item."""


@record
class OutputFormat:
    """The settings for writing a response, or the result of one of dynacli's own commands.

    Args:
        format: One of `FORMATS`.
        file: The file to write, which is replaced as a whole; empty for standard output.
        filter: A JMESPath expression, a `JqProgram` or a `SqlQuery`, for the whole result or each item of a stream;
            empty for none.
        columns: The columns of a table, each a path such as `owner.login`; empty for the usual ones.
        include: Whether to write the status and the headers of the response, too: as lines before the body, or as
            members of one object (`is_whole`).
        may_page: Whether `$PAGER` may show output that does not fit on a terminal.
        max_bytes: Maximum size of the items that `agent` writes, in bytes.
        may_be_table: Whether `auto` may print a table.
    """

    format: str = "auto"
    file: str = ""
    filter: str = ""
    columns: tuple[str, ...] = ()
    include: bool = False
    may_page: bool = True
    max_bytes: int = _MOST_BYTES
    may_be_table: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether the result is one object with the status, the headers and the body of a response."""
        return self.include and (self.is_of_value or self.format in {"json", "yaml"})

    @property
    def is_of_value(self) -> bool:
        """Whether the format needs the value of a response, not only its text."""
        return bool(self.filter) or self.format in _OF_VALUE

    def unfiltered(self, format_: str = "auto") -> OutputFormat:
        """Return settings for other content at the same destination, such as an error, without filter and columns."""
        return OutputFormat(format_, self.file, may_page=self.may_page, max_bytes=self.max_bytes)

    @property
    def is_of_items(self) -> bool:
        """Whether the document's description of the items affects the output."""
        return not self.filter and (self.format in ITEM_FORMATS or self.format == "agent")

    @property
    def of_error(self) -> OutputFormat:
        """The settings for a response that is not a success: it is printed readably, so that users notice the error."""
        is_readable = not self.is_of_value or self.is_whole
        form = self if is_readable else self.unfiltered("agent" if self.format == "agent" else "auto")
        return replace(form, may_be_table=False)


def check_format(word: str) -> None:
    """Check that an argument is an output format, `@FILE`, or both: `csv@FILE`.

    Raises:
        UsageError: The format is unknown.
    """
    format_, at, file = word.partition("@")
    if format_ in (FORMATS if not at or file else ()) or (not format_ and file):
        return
    from dynacli.errors import UsageError

    known = ", ".join(f"`{name}`" for name in FORMATS)
    raise UsageError(
        f"`{word}` is not an output format",
        reason="`@` needs the name of a file after it" if at and not file else "",
        hint=f"Use one of {known}, or `@FILE` for a file",
    )


def form_of(
    word: str = "",
    *,
    default: str = "",
    filter_: str = "",
    program: str = "",
    query: str = "",
    columns: str = "",
    include: bool = False,
    may_page: bool = True,
    max_bytes: int | None = None,
) -> OutputFormat:
    """Return the output settings for the options of a command.

    Args:
        word: One of `FORMATS`, `@FILE`, or both; empty if the option is not given.
        default: The format of an API or a profile, used if no format is given and the other options allow it; empty
            for none.
        filter_: A JMESPath expression; empty for none.
        program: A jq program; empty for none.
        query: A SELECT of SQLite; empty for none.
        columns: Paths, separated by commas. Without a format that has columns, the format becomes `table`.
        max_bytes: Maximum size of the items; None if the option is not given. Without a format, it becomes `agent`.

    Raises:
        UsageError: The format is unknown, or the options contradict each other.
        FileError: The default format in the configuration is unknown.
    """
    if word:
        check_format(word)
    elif default and default not in FORMATS:
        from dynacli.errors import FileError

        raise FileError(
            f'`output = "{default}"` in the configuration is not an output format',
            hint=f"Use one of {', '.join(f'`{name}`' for name in FORMATS)}",
        )
    word, _, file = word.partition("@")
    paths = tuple(
        path.strip().replace("[", ".").replace("]", "") for path in columns.split(",") if path.strip()
    )
    format_ = word or (not file and default) or "auto"
    if max_bytes is not None and word in {"", "auto"}:
        format_ = "agent"
    if paths and format_ not in _WITH_COLUMNS and word in {"", "auto"}:
        format_ = "table"
    if program or query:
        from dynacli.errors import UsageError
        from dynacli.text.filter_value import JqProgram, SqlQuery

        given = {"--filter": filter_, "--jq": program, "--sql": query}
        first, *others = [f"`{flag}`" for flag, text in given.items() if text]
        if others:
            raise UsageError(f"{first} and {others[0]} cannot be combined", hint="Give one of them")
        filter_ = JqProgram(program) if program else SqlQuery(query)
    if filter_ and format_ == "raw" and not word:
        format_ = "auto"
    wrong = instead = ""
    if paths and format_ not in _WITH_COLUMNS:
        wrong, instead = "`--columns` chooses the columns of `table`, `csv`, `tsv` or `agent`", "table"
    elif max_bytes is not None and format_ != "agent":
        wrong, instead = "`--max-bytes` limits what `agent` prints", "agent"
    if wrong:
        from dynacli.errors import UsageError

        output = f"{instead}@{file}" if file else instead
        raise UsageError(
            "The output options cannot be combined", reason=wrong, hint=f"Use `-o {output}`", output=output
        )
    return OutputFormat(format_, file, filter_, paths, include, may_page, max_bytes or _MOST_BYTES)
