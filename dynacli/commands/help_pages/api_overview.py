"""The overview of an API: its title, sign-in, operations, and the next commands.

The page has at most 40 lines of at most 100 columns, whatever the size of the document. On a taller terminal it has at
most 60. The user's aliases get a few more lines. The page reads operations only if it lists all of them, has no tags to
count, or has a tree of tags.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.commands.help_pages.page_lines import server_line, usage_lines
from dynacli.environment import Environment, invocation, invocation_words, program
from dynacli.errors import DynacliError, FileError
from dynacli.files import is_url
from dynacli.openapi.model.operation import OperationSummary, Server
from dynacli.openapi.model.overview import Overview
from dynacli.openapi.model.tag_tree import tag_tree
from dynacli.openapi.model.wording import age_text, counted, shell_line, telling
from dynacli.registry.configuration import DEMO, LOGIN_KEY, Configuration
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import Painter, cell_width, terminal_height, terminal_width, visible
from dynacli.text.wrapping import closed, foreign_lines, foreign_within, shortened, word_or_quoted, wrapped

if TYPE_CHECKING:
    from dynacli.client.credentials.signed_in import SignedIn
    from dynacli.options.standard_options import Options

_MOST_LINES = 40
_MOST_ON_TERMINAL = 60
"""Maximum number of lines on a terminal that has more than 40."""
_MOST_COLUMNS = 100
_MOST_LISTED = 25
"""Maximum number of operations to list. If there are more, the page lists tags."""
_DEEPEST_TAG = 9
"""Maximum number of levels of tags that the page shows; it shows fewer if it lacks the lines."""
_FEWEST_TAGS = 12
"""Minimum number of lines for the tags of a large document."""
_MOST_SERVERS = 3
_MOST_VARIABLES = 3
_MOST_STATUSES = 12
_MOST_ALIASES = 5
_LONGEST_NAME = 60
"""Maximum columns of the name of the API within a sentence. The name may be a URL."""
_USAGE_INDENT = 7
_COUNTED = 24
"""Columns of the text that counts omitted operations or tags."""
_LABEL = 11
_WIDEST_WORD = 40
_NARROWEST = 12
"""Minimum columns of a summary. With less space it is omitted."""


def overview_page(
    env: Environment,
    api: OpenedApi,
    options: Options,
    *,
    server: str = "",
    identity: str = "",
    notes: Iterable[str] = (),
) -> str:
    """Return the overview page.

    Args:
        options: The standard options of the run, which may choose a profile or a server.
        server: Text about the server of the calls; empty for the servers of the document.
        identity: Text about the user who is signed in without a variable; empty for none.
        notes: Further paragraphs at the end.
    """
    profile = options.in_force("profile", env)
    return _Page(env, api, profile).text(options, server, identity, notes)


def operations_or_tags(env: Environment, api: OpenedApi) -> list[str]:
    """Return the lines that list all operations if there are few, or else the largest tags."""
    return _Page(env, api, "")._contents(_MOST_LINES)  # noqa: SLF001  - of this module


class _Page:
    """The overview page under construction."""

    def __init__(self, env: Environment, api: OpenedApi, profile: str) -> None:
        self.env, self.api, self.profile = env, api, profile
        self.overview: Overview = api.catalog.overview()
        self.paint = Painter.for_stdout(env)
        self.width = min(terminal_width(env, env.stdout), _MOST_COLUMNS)
        # The prompt of the shell needs a line.
        self.most_lines = max(_MOST_LINES, min(terminal_height(env, env.stdout) - 1, _MOST_ON_TERMINAL))
        self.name = shortened(_shown_name(api), min(_LONGEST_NAME, self.width - _USAGE_INDENT))

    def text(self, options: Options, server: str, identity: str, notes: Iterable[str]) -> str:
        """Return the page. The operations or tags get the lines that the other parts leave."""
        title, about = self._title(), self._about()
        facts = self._facts(options, server, identity)
        aliases = self._aliases()
        commands = self._next(options, server, identity)
        reported = [line for note in notes for line in wrapped(note, self.width)]
        whole = [line for fact in facts for line in fact]
        cut = [fact[0] for fact in facts]
        operations = self.overview.operations
        needed = operations + 1 if operations <= _MOST_LISTED else _FEWEST_TAGS
        # Few operations are always listed completely: on a narrow terminal, shorten the least important parts first.
        for above, below in (
            (_apart(title + about, whole), _apart(commands, reported)),
            (_apart(title, whole), _apart(commands, reported)),
            (_apart(title, whole), commands),
            (_apart(title, cut), commands),
            (_apart(title, cut), commands[:2]),
        ):
            room = self.most_lines - len(self._usage()) - len(above) - len(below) - 3
            if room >= needed:
                break
        return "\n".join(_apart(self._usage(), above, self._contents(room), aliases, below))

    def _usage(self) -> list[str]:
        words = f"{'[TAG] ' if self.overview.tags else ''}OPERATION [ARGUMENTS] [OPTIONS]"
        return usage_lines(f"{invocation(api=self.name)} {words}", self.width)

    def _title(self) -> list[str]:
        meta = self.api.catalog.meta
        title = visible(" ".join(part for part in (meta["title"], meta["version"]) if part), keep="")
        return [f"  {self.paint.bold(foreign_within(title, self.width - 2, self.paint))}"] if title else []

    def _about(self) -> list[str]:
        about = self.overview.about
        if about == self.api.catalog.meta["title"].rstrip("."):
            return []
        lines = (shortened(line, self.width - 4) for line in wrapped(about, self.width - 4))
        return [f"  {line}" for line in foreign_lines(lines, self.paint)]

    def _fact(self, label: str, text: str) -> list[str]:
        """Return the lines of a labelled text."""
        room = self.width - _LABEL - 2
        return self._labelled(label, [shortened(line, room) for line in wrapped(text, room)])

    def _labelled(self, label: str, lines: list[str]) -> list[str]:
        first, *others = lines
        head = f"  {self.paint.dim(label)}{' ' * (_LABEL - len(label))}{first}"
        return [head, *(" " * (_LABEL + 2) + line for line in others)]

    def _facts(self, options: Options, server: str, identity: str) -> list[list[str]]:
        meta, overview = self.api.catalog.meta, self.overview
        kind = f"{'Swagger' if meta['openapi'].startswith('2') else 'OpenAPI'} {meta['openapi']}"
        counts = counted(overview.operations, "operation")
        counts += f" in {counted(overview.tags, 'tag')}" if overview.tags > 1 else ""
        document = visible(", ".join(filter(None, (kind, counts, _age(self.api)))), keep="")
        facts = [
            self._fact("Document", document),
            self._servers(options, server),
            self._fact(*self._sign_in(identity)),
        ]
        if self._may_have_more():
            facts.append(self._fact("More", self._how_to_get_more()))
        if overview.webhooks:
            sent = (
                f"{overview.webhooks:,}, which the server sends: {invocation('describe', self.name)} webhooks"
            )
            facts.append(self._fact("Webhooks", sent))
        if overview.shared_errors:
            facts.append(self._fact("Errors", self._errors()))
        return facts

    def _may_have_more(self) -> bool:
        """Return whether the server may have more operations for a user who is signed in.

        Either the server says so, or the document declares credentials and no listed operation needs one.
        """
        api, overview = self.api, self.overview
        if not (is_url(api.location) and api.is_registered) or LOGIN_KEY in api.entry:
            return False
        if self._depends_on_who_asks:
            return True
        if not overview.sign_ins or overview.anonymous != api.catalog.meta["operations"]:
            return False
        from dynacli.client.credentials.chosen_security import own_overlays

        return not own_overlays(self.env, api.open_request.overlays)

    @property
    def _depends_on_who_asks(self) -> bool:
        return bool(self.api.pointer.get("depends_on_who_asks"))

    def _how_to_get_more(self) -> str:
        commands = [
            f"{invocation('api set', self.name)} {LOGIN_KEY}=always",
            invocation("api refresh", self.name),
        ]
        if not self.overview.sign_ins:
            from dynacli.client.credentials.chosen_security import declares_none

            scheme = " --scheme bearer" if declares_none(self.api) else ""
            commands.insert(0, f"{invocation('auth login', self.name)}{scheme}")
        return (
            "operations may appear after signing in, if you fetch the document with the credential: "
            + "; ".join(commands)
        )

    def _errors(self) -> str:
        """Return the statuses of errors that many operations share, and the fields of these errors."""
        statuses = dict.fromkeys(visible(error.status, keep="") for error in self.overview.shared_errors)
        listed = ", ".join(list(statuses)[:_MOST_STATUSES]) + (
            ", ..." if len(statuses) > _MOST_STATUSES else ""
        )
        fields = self.overview.error_fields
        return f"{listed} from many operations" + (f" ({fields})" if fields else "")

    def _servers(self, options: Options, server: str) -> list[str]:
        """Return the server of the calls. If there is a choice, return the first servers with their numbers."""
        servers: list[dict[str, Any]] = self.api.catalog.meta["servers"]
        has_choice = len(servers) > 1 or any(server["variables"] for server in servers)
        if server or not has_choice or _is_server_chosen(self.env, self.api, options):
            url = _base_url(self.env, self.api, options)
            shown = visible(server, keep="") or (word_or_quoted(url) if url else "")
            return self._fact("Server", shown or "none in the document; give --server URL")

        plain = Painter(enabled=False)
        lines = [
            server_line(index, server, plain).lstrip() for index, server in enumerate(servers[:_MOST_SERVERS])
        ]
        if len(servers) > _MOST_SERVERS:
            lines.append(f"and {len(servers) - _MOST_SERVERS} more, which `describe` lists")
        return self._labelled("Servers", [closed(shortened(line, self.width - _LABEL - 3)) for line in lines])

    def _sign_in(self, identity: str) -> tuple[str, str]:
        """Return the label and text about who is signed in, or how to sign in. No secret is read."""
        overview = self.overview
        if not overview.sign_ins:
            none = "the document declares no credentials"
            more = ", and the server says that it depends on who asks" if self._depends_on_who_asks else ""
            return "Sign in", none + more
        from dynacli.auth.missing_credential import variable_choices
        from dynacli.client.credentials.signed_in import is_never_signed

        if is_never_signed(self.api, self.profile):
            return "Sign in", "no call carries a credential, as `auth` of the configuration says"
        if found := self._variables_in_use():
            return "Signed in", f"by {' and '.join(found)}"
        if identity:
            return "Signed in", identity
        signed_in = self._signed_in
        if signed_in is not None and signed_in.words:
            return "Signed in", f"by {signed_in.words}"
        login = invocation("auth login", self.name) if self.api.is_registered else ""
        if signed_in is not None and signed_in.expired:
            scheme = visible(signed_in.expired, keep="")
            return "Sign in", f"{login}; the stored credential for `{scheme}` has expired"
        variables = self._variables()
        ways = variable_choices([sign_in.schemes for sign_in in overview.sign_ins], variables)
        texts = [" and ".join(names) for names in ways]
        if not texts:
            scheme = visible(overview.sign_ins[0].schemes[0].name, keep="")
            if overview.sign_ins[0].schemes[0].type == "mutualTLS":
                return "Sign in", f"by a certificate: `cert` of `auth.{scheme}` in the configuration names it"
            return "Sign in", f"`{scheme}` is not supported yet: give the header that it needs with -H"
        more = f", or {len(texts) - _MOST_VARIABLES} more ways" if len(texts) > _MOST_VARIABLES else ""
        text = f"{f'{login}, or ' if login else ''}set {', or '.join(texts[:_MOST_VARIABLES])}{more}"
        anonymous, everything = overview.anonymous, self.api.catalog.meta["operations"]
        return "Sign in", text + (
            f"; {anonymous:,} of {everything:,} operations need none" if anonymous else ""
        )

    @cached_property
    def _signed_in(self) -> SignedIn | None:
        """The credential that is configured or stored; None if there is none."""
        from dynacli.auth.credentials import store_path

        if not self.api.is_registered:
            return None
        if self.api.entry.keys().isdisjoint(("auth", "profiles")) and not os.path.exists(
            store_path(self.env)
        ):
            return None
        from dynacli.client.credentials.signed_in import signed_in

        return signed_in(
            self.env, self.api, self.profile, [sign_in.schemes for sign_in in self.overview.sign_ins]
        )

    def _variables(self) -> Any:
        from dynacli.auth.credentials import Variables, variables_of

        try:
            return variables_of(self.env, self.api.prefix)
        except FileError:  # help must work even if the configuration is broken
            return Variables(self.api.prefix, self.env.variables)

    def _variables_in_use(self) -> list[str]:
        """Return the names of the variables that sign the user in; empty for none."""
        from dynacli.auth.missing_credential import set_variables

        variables = self._variables()
        found = (set_variables(sign_in.schemes, variables) for sign_in in self.overview.sign_ins)
        return next(filter(None, found), [])

    def _contents(self, room: int) -> list[str]:
        """Return all operations if there are few, or else the largest tags, in at most `room` lines."""
        overview, catalog = self.overview, self.api.catalog
        if not overview.operations:
            return ["There is no operation to list."]
        listed = (operation for operation in catalog.each_summary() if not operation.is_hidden)
        if overview.operations <= _MOST_LISTED:
            return self._all_operations(list(listed), room)
        if not overview.tags:
            return self._first_operations(list(islice(listed, room)), room)
        return self._tags(room)

    def _all_operations(self, operations: list[OperationSummary], room: int) -> list[str]:
        """Return the operations grouped by tag. Without enough lines, omit empty lines first, then the tags."""
        from dynacli.commands.help_pages.operation_list import by_tag

        groups = list(by_tag(operations, tag_tree(self.api.catalog.meta)))
        needed = len(operations) + len(groups)
        if needed > room or not any(operation.tags for operation in operations):
            return self._first_operations(operations, room)
        lines: list[str] = []
        for title, tagged in groups:
            if lines and needed + len(groups) - 1 <= room:
                lines.append("")
            is_tag = bool(tagged[0].tags)
            lines.append(
                self.paint.heading(word_or_quoted(shortened(title, self.width - 2)) if is_tag else title)
            )
            lines += self._operation_rows(tagged)
        return lines

    def _first_operations(self, operations: Sequence[OperationSummary], room: int) -> list[str]:
        """Return as many operations as fit, and the number of the others."""
        lines = [self.paint.heading("Operations")]
        if self.overview.operations + 1 <= room:
            return [*lines, *self._operation_rows(operations)]
        listed = operations[: max(room - 2, 0)]
        lines += self._operation_rows(listed)
        more = self.overview.operations - len(listed)
        return [*lines, self._more(f"{more:,} more")]

    def _operation_rows(self, operations: Iterable[OperationSummary]) -> list[str]:
        from dynacli.commands.help_pages.operation_list import operation_text

        has_name = self.api.catalog.has_name
        rows = [
            (operation.name, "", partial(operation_text, operation, has_name, paint=self.paint))
            for operation in operations
        ]
        return self._rows(rows)

    def _tags(self, room: int) -> list[str]:
        """Return the tags with most operations, and the number of the others; or the tree of the tags if it fits."""
        overview = self.overview
        if tree := self._tag_tree(room):
            return tree
        untagged = (
            [("without a tag", f"{overview.untagged:,}", partial(foreign_within, "", paint=self.paint))]
            if overview.untagged
            else []
        )
        fit = room - 1 - len(untagged)
        is_cut = overview.tags > min(fit, len(overview.largest_tags))
        tags = overview.largest_tags[: max(fit - is_cut, 0)]
        rows = [
            (
                word_or_quoted(tag.word),
                f"{tag.operations:,}",
                partial(foreign_within, telling(tag.about, tag.word), paint=self.paint),
            )
            for tag in tags
        ]
        lines = [self.paint.heading("Tags") + self.paint.dim("  and how many operations they have")]
        lines += self._rows([*rows, *untagged])
        return [*lines, self._more(f"{overview.tags - len(tags):,} more tags")] if is_cut else lines

    def _tag_tree(self, room: int) -> list[str]:
        """Return the lines of the tree of the tags, or of its top if it does not fit; empty if there is no tree."""
        tags = tag_tree(self.api.catalog.meta)
        if not tags.parents:
            return []
        from dynacli.openapi.model.kebab_names import kebab

        counts: Counter[str] = Counter()
        for operation in self.api.catalog.each_summary():
            if not operation.is_hidden:
                grouping = tags.grouping(operation.tags) or [""]
                counts.update({step for tag in grouping for step in tags.path(tag)})
        for deepest in range(_DEEPEST_TAG, 0, -1):
            listed = [tag for tag in tags.sorted(counts) if tag and len(tags.path(tag)) <= deepest]
            if len(listed) + 1 + bool(counts[""]) <= room:
                break
        else:
            return []
        about = {key: text for key, (_, text) in self.api.catalog.tags().items()}
        rows = [
            (
                "  " * (len(tags.path(tag)) - 1) + word_or_quoted(kebab(tag) or tag),
                f"{counts[tag]:,}",
                partial(foreign_within, telling(about.get(kebab(tag), ""), tag), paint=self.paint),
            )
            for tag in listed
        ]
        if counts[""]:
            rows.append(("without a tag", f"{counts['']:,}", partial(foreign_within, "", paint=self.paint)))
        title = self.paint.heading("Tags") + self.paint.dim("  and how many operations they have")
        return [title, *self._rows(rows)]

    def _rows(self, rows: Sequence[tuple[str, str, Callable[[int], str]]]) -> list[str]:
        """Return a line for each row: a name, a number, and a text that fits the remaining columns."""
        numbers = max((len(number) for _, number, _ in rows), default=0)
        numbers += 2 if numbers else 0
        widest = min(_WIDEST_WORD, self.width - numbers - _NARROWEST - 4)
        column = min(max((cell_width(word) for word, _, _ in rows), default=0), widest)
        lines = []
        for word, number, about in rows:
            shown = shortened(word, self.width - 2 - numbers)
            left = f"{' ' * (column - cell_width(shown))}{number.rjust(numbers)}"
            line = f"  {self.paint.command(shown)}{left}"
            room = self.width - cell_width(f"  {shown}{left}") - 2
            if room >= _NARROWEST:
                line += f"  {about(room)}"
            lines.append(line.rstrip())
        return lines

    def _more(self, count: str) -> str:
        """Return the line that counts omitted rows, with the command for the whole list if it fits."""
        command = _command("operations", self.api)
        line = f"  {count}: {command}"
        return self.paint.dim(line if command and len(line) <= self.width else f"  {count}")

    def _next(self, options: Options, server: str, identity: str) -> list[str]:
        """Return the commands to try next. A command that would not run is omitted."""
        overview, api = self.overview, self.api
        commands = []
        look = self._first_look(options, server, identity)
        if look and _command("", api):
            commands.append(DescribedOperation(api, api.catalog.operation(look)).example_line)
        if overview.operations > _MOST_LISTED:
            # On a narrow terminal the line about omitted operations lacks this command, so print it here.
            is_wide = self.width >= len(_command("operations", api)) + _COUNTED
            words = ("--tag", overview.largest_tags[0].word) if overview.tags and is_wide else ()
            commands.append(_command("operations", api, *words))
        if overview.wish:
            commands.append(_command("search", api, *overview.wish.split()))
        if not overview.operations:
            commands.append(_command("doctor", api))
        lines = [f"  {command}" for command in commands if command]
        lines = [line for line in lines if len(line) <= _MOST_COLUMNS]
        taken = f"With --all, -f EXPR, --sql QUERY, -o csv, --wait EXPR: {invocation('help')} options"
        about = wrapped(taken, self.width - 2) if overview.operations else []
        lines += [f"  {line}" for line in about]
        return [self.paint.heading("Next"), *lines] if lines else []

    def _aliases(self) -> list[str]:
        """Return the user's aliases for calls of the API, or the first ones and their number."""
        try:
            aliases = Configuration(self.env).aliases(self.api.name)
        except FileError:  # help must work even if the configuration is broken
            return []
        is_cut = len(aliases) > _MOST_ALIASES
        listed = list(aliases.items())[: _MOST_ALIASES - is_cut]
        rows = [(name, "", partial(shortened, visible(line, keep=""))) for name, line in listed]
        lines = [self.paint.bold("Your aliases"), *self._rows(rows)] if rows else []
        more = f"  {len(aliases) - len(listed):,} more: {invocation('alias list', self.name)}"
        return [*lines, self.paint.dim(more)] if is_cut else lines

    def _first_look(self, options: Options, server: str, identity: str) -> str:
        """Return the operation of the simplest call that needs no further server or credential; empty for none."""
        overview = self.overview
        if not overview.first_look:
            return ""
        base_url = "" if server else _base_url(self.env, self.api, options)
        if not server and not base_url:
            return ""
        if not overview.sign_ins or overview.first_look == overview.first_anonymous_look or identity:
            return overview.first_look
        signed_in = self._signed_in
        if self._variables_in_use() or (signed_in is not None and signed_in.words):
            from dynacli.urls import origin_of

            stored = None if signed_in is None else signed_in.origins
            if origin_of(base_url) in self.api.origins and (stored is None or origin_of(base_url) in stored):
                return overview.first_look
        return overview.first_anonymous_look


def _apart(*groups: list[str]) -> list[str]:
    """Return groups of lines with an empty line between them. Empty groups are skipped."""
    lines: list[str] = []
    for group in groups:
        lines += ["", *group] if lines and group else group
    return lines


def _age(api: OpenedApi) -> str:
    """Return the age of the document as text."""
    if api.pointer.get("is_shipped") or api.name == DEMO:
        return f"included in {program().name}"
    import time

    if is_url(api.location):
        from dynacli.registry.revisions.revisions import age_of_document

        return f"fetched {age_text(age_of_document(api.pointer, time.time()))} ago"
    modified = api.pointer.get("mtime_ns")
    return f"changed {age_text(max(time.time() - modified / 1e9, 0))} ago" if modified else ""


def _is_server_chosen(env: Environment, api: OpenedApi, options: Options) -> bool:
    is_asked_for = options.server or options.server_var or options.in_force("profile", env)
    return bool(is_asked_for or not api.entry.keys().isdisjoint(("server", "server_vars")))


def _base_url(env: Environment, api: OpenedApi, options: Options) -> str:
    """Return the base URL of calls; empty if it cannot be determined."""
    servers = api.catalog.meta["servers"]
    is_chosen = _is_server_chosen(env, api, options)
    if servers and not is_chosen and not servers[0]["variables"] and "://" in servers[0]["url"]:
        return str(servers[0]["url"])
    from dynacli.request.choose_server import choose_server

    wanted, values = "", {}
    try:
        if is_chosen:
            from dynacli.client.call_settings import settings_of

            settings = settings_of(env, api, options)
            wanted, values = settings.server, dict(settings.server_variables)
        return choose_server([Server(**row) for row in servers], api.uri, wanted, values)
    except DynacliError:  # the call itself reports the error
        return ""


def _shown_name(api: OpenedApi) -> str:
    if "?" not in api.name:
        return visible(api.name, keep="")
    from dynacli.secrets import with_masked_query

    return visible(with_masked_query(api.name), keep="")


def _command(verb: str, api: OpenedApi, *words: str) -> str:
    """Return a command line; empty if it would not run unchanged.

    Args:
        verb: The command after the name of the program; empty for a call.
    """
    everything = [*invocation_words(verb, api.name), *words]
    # Standard input can be read only once, and invisible characters cannot be copied from a terminal.
    if api.name == "-" or any(visible(word, keep="") != word for word in everything):
        return ""

    return shell_line(everything)
