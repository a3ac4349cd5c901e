"""The command line that the user typed: the call in it, and its secrets, so that no error repeats one.

These values may be secrets:

- After `auth`, every argument and value that dynacli does not know: a credential may be anywhere there by mistake.
- Anywhere else, values with the name of a secret (`--token VALUE`, `NAME=VALUE`, `NAME: VALUE`, fields of JSON),
  and the userinfo of URLs.
"""

import os
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import suppress
from difflib import get_close_matches

from dynacli.auth.credential_store import CredentialStore
from dynacli.client.credentials.chosen_security import schemes_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.search_operations import SLIP
from dynacli.client.secret_names import password_names
from dynacli.client.sign_request import is_secret_input
from dynacli.commands.call_line import CallLine, filled
from dynacli.commands.command_groups import ApiGroup
from dynacli.commands.operation_command import OperationCommand
from dynacli.commands.operation_table import OperationTable
from dynacli.commands.read_line import Binding, bindings_of, read_words, standard_bindings
from dynacli.commands.run import Run
from dynacli.errors import DynacliError, UsageError
from dynacli.files import is_url
from dynacli.openapi.catalog.catalog_file import DamagedCatalogError
from dynacli.openapi.model.kebab_names import kebab
from dynacli.openapi.model.operation import Field, Operation, Parameter
from dynacli.options.command_table import COMMANDS
from dynacli.options.standard_options import OPTIONS, OPTIONS_BY_FLAG
from dynacli.record import replace
from dynacli.registry.configuration import DEMO, Configuration, profiles_in
from dynacli.secrets import (
    Masker,
    Secret,
    body_secrets,
    is_secret_header,
    is_secret_name,
    is_secret_path,
    secret_pieces,
    secret_values,
    secrets_in,
)
from dynacli.urls import is_whole_url

_KEPT_COMMANDS = frozenset({"diff", "edit", "read", "sync"})
"""Commands that precede a call without changing how it is written."""

_PAIR = re.compile(r"([^=:\s{\[]+?)\s*([=:])\s*(.*)", re.DOTALL)
_USERINFO = re.compile(r"://([^/?#@\s]+)@|^([^/?#@\s:]+:[^/?#@\s]+)@")
_PLAIN_FLAG = re.compile(r"--[a-z]+(-[a-z]+)?")
_PLAIN = re.compile(r"[a-z]+")
_REFERENCE = re.compile(r"(env|file|command|keyring):")
_DEEPEST = 3
_ABOUT_TOKENS = ("--token-at", "--refresh-token-at")
"""The options whose value is the location of a token."""
_OF_AUTH = frozenset(
    ("auth", "login", "logout", "status", "explain", "token", "keyring", "file", DEMO, "Authorization")
)


def read_line(run: Run, described: DescribedOperation, words: Sequence[str]) -> CallLine:
    """Return the parsed command of a call.

    Args:
        words: The arguments after the operation.
    """
    start = run.start_of(words)
    is_typed = start is not None  # and not built from an earlier call
    typed = run.words[:start]
    table = OperationTable(described, run.act_options)
    standard = {**standard_bindings(), **bindings_of(table.more)}
    before = read_words(typed, standard, stop_at_positional=not is_typed)
    try:
        after = table.read(words, before.options.content_type)
    except UsageError:  # the media type is unknown: use the preferred one
        table.prepare("")
        after = read_words(words, table.bindings, table.find)
    # The user may have put an option of the operation here by mistake.
    bindings = {**table.bindings, **standard}
    before = read_words(typed, bindings, table.find, stop_at_positional=not is_typed)
    verb = next((word for word in before.positional[:1] if word in _KEPT_COMMANDS), "")
    line = CallLine(table, (), (), verb, (*typed, *words))
    given = [
        filled(replace(word, binding=table.find(word.flag) or word.binding))
        for word in before.given
        if not word.lacks_value
    ]
    return line.with_before(given).with_after(map(filled, after.words))


def repeatable_line(run: Run) -> CallLine | None:
    """Return the command of the call of a run; None if it cannot be repeated unchanged.

    A repeated command must contain no secret, and standard input can be read only once.
    """
    if run.asked is None:
        return None
    described, words = run.asked
    line = read_line(run, described, words)
    reads_input = "-" in {described.api.name, *(word.value for word in line.after)}
    return line if not (_has_secret(run, line) or reads_input or line.placeholders()) else None


def call_holds_secret(run: Run, described: DescribedOperation, words: Sequence[str]) -> bool:
    """Return whether the arguments after an operation hold a secret."""
    return _has_secret(run, read_line(run, described, words))


def _has_secret(run: Run, line: CallLine) -> bool:
    text = line.typed_text
    return not text == line.text(run.env.variables) == typed_masker(run).mask(text)


def asked_call(run: Run, near: Sequence[str] = ()) -> tuple[DescribedOperation, list[str]] | None:
    """Return the operation that a run would have called, and the arguments after it; None if there is no call.

    It fetches no document: the document is a file, or in the cache.

    Args:
        near: Names of operations and tags. A similar one replaces the first unknown argument.
    """
    run.options = run.options.with_value("offline", True)
    return _call_in(run, run.words, near)


def _call_in(
    run: Run, words: Sequence[str], near: Sequence[str]
) -> tuple[DescribedOperation, list[str]] | None:
    rest, may_be_value = _from_positional(words)
    for skipped in range(min(1 + may_be_value, len(rest))):
        word, after = rest[skipped], rest[skipped + 1 :]
        if word in _KEPT_COMMANDS:
            return _call_in(run, after, near)
        if word == "-":
            return None
        try:
            group = ApiGroup(run.api(word))
        except DynacliError:
            continue
        return _asked_of(group, after, near)
    return None


def _from_positional(words: Sequence[str]) -> tuple[list[str], bool]:
    """Return the arguments from the first positional one on, and whether that may be the value of an unknown option."""
    line = read_words(words, stop_at_positional=True)
    last = line.given[-1] if line.given else None
    is_open = last is not None and last.binding is None and last.value is None and last.flag.startswith("--")
    return line.positional, is_open


def _asked_of(
    group: ApiGroup, words: list[str], near: Sequence[str]
) -> tuple[DescribedOperation, list[str]] | None:
    rest, may_be_value = _from_positional(words)
    for skipped in range(1 + may_be_value):
        command, after = group.find_command(rest[skipped:])
        if command is None and rest[skipped:]:
            meant = get_close_matches(kebab(rest[skipped]), near, 1, SLIP)
            command, after = group.find_command([*meant, *rest[skipped + 1 :]] if meant else [])
        if isinstance(command, OperationCommand):
            return command.described, after
        if command is not None:
            return _asked_of(command, after, near)
    return None


def mask_typed(run: Run, error: DynacliError) -> None:
    """Mask the secrets in an error that the user typed or may have typed. The summary of an operation has none."""
    summary, masker = error.details.pop("summary", None), typed_masker(run)
    masker.mask_error(error).try_ = masker.mask(f"`{error.try_}`")[1:-1]
    if summary is not None:
        error.details["summary"] = summary


def typed_masker(run: Run) -> Masker:
    """Return the masker for secrets that the user typed or may have typed."""
    names: set[str] = set()
    if run.asked is not None:
        with suppress(DamagedCatalogError):  # the error to mask is about the damaged catalog
            names = password_names(run.asked[0])
    found = list(_named(run.words, names))
    if run.asked is None or not run.asked[0].is_documented:
        found += (text for word in filter(is_whole_url, run.words) for text in secret_values(word))
    found += _of_auth(run) if run.first_argument == "auth" else ()
    found = list(filter(None, found))
    # A secret such as `read` may be part of any sentence: mask it in quotes only.
    return Masker((Secret(text) for text in found if not _PLAIN.fullmatch(text)), quoted=found)


def _named(words: Sequence[str], names: Container[str]) -> Iterator[str]:
    """Yield the values that follow the name of a secret.

    Args:
        names: Further names of secrets.
    """
    own = {*OPTIONS_BY_FLAG, *_ABOUT_TOKENS}
    for word, following in zip(words, (*words[1:], ""), strict=True):
        if word.startswith("--") and "=" not in word and word not in own and is_secret_header(word, names):
            yield following
        yield from _in_word(word, names)


def _in_word(word: str, names: Container[str]) -> Iterator[str]:
    for userinfo in _USERINFO.findall(word):
        yield from (text for item in userinfo for text in (item, item.partition(":")[2]))
    # `--header=Authorization: Bearer abc` is a pair in a pair; `--part-header=part:NAME: VALUE` has one more level.
    for _ in range(_DEEPEST):
        if word[:1] in {"{", "["}:
            yield from body_secrets(word, names)
        pair = _PAIR.fullmatch(word)
        if pair is None:
            return
        name, separator, word = pair.groups()
        is_of_auth = separator == "=" and ".auth." in f".{name}."
        is_secret = is_of_auth or is_secret_path(name, names) or bool(secrets_in({name: word}))
        if is_secret and not _REFERENCE.match(word):
            yield from secret_pieces(word)


def _of_auth(run: Run) -> Iterator[str]:
    """Yield the arguments and values of `auth` that dynacli does not know."""
    known = _OF_AUTH.union(_known(run))
    own = (option for command in COMMANDS["auth"].commands for option in command.all_options)
    flags = {*known, *OPTIONS_BY_FLAG, "--help", "-h", *(flag for option in own for flag in option.flags)}
    for word in run.words:
        if word in known or word == "--":
            continue
        flag, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
        if not flag and word.startswith("-") and len(word) > 1:
            flag, value = word[:2], word[2:]
        if flag and flag not in flags and not (_PLAIN_FLAG.fullmatch(flag) and is_secret_name(flag)):
            yield flag
            yield flag.lstrip("-")
        if flag and not equals and value == "":
            continue
        is_shown = value in known or is_url(value) or os.path.exists(value) or _is_operation(run, value)
        if value and not is_shown:
            # An error may show it as a path below the working directory.
            yield from (value, os.path.normpath(value))


def _known(run: Run) -> Iterator[str]:
    """Yield values that may be shown: names of APIs, profiles and schemes, choices, and plain inputs of operations."""
    with suppress(DynacliError):
        for name, entry in Configuration(run.env).apis().items():
            yield name
            yield from profiles_in(entry)
    with suppress(DynacliError):
        for kept in CredentialStore(run.env).list():
            yield from (kept.api, kept.profile, kept.scheme, *kept.again)
    for api in run.opened:
        yield api.name
        yield from schemes_of(api)
    for option in OPTIONS:
        yield from option.values
    own = (option for command in COMMANDS["auth"].commands for option in command.all_options)
    line = read_words(run.words, bindings_of(own), lambda _: Binding())
    for operation in _operations_of(run, line.values_of(("--operation",))):
        content = operation.body.content if operation.body is not None else ()
        fields = [field for media_type in content for field in media_type.fields]
        fields += [field for parameter in operation.parameters for field in parameter.fields]
        inputs: list[Parameter | Field] = [*fields, *operation.parameters]
        plain = [given.option for given in inputs if not is_secret_input(given)]
        flags = {*(f"--{option}" for option in plain), *_ABOUT_TOKENS}
        yield from flags
        yield from line.values_of(flags)


def _operations_of(run: Run, names: Iterable[str]) -> Iterator[Operation]:
    for name in names:
        for api in run.opened:
            found = api.catalog.find(name)
            if found is not None:
                yield api.catalog.operation(found)


def _is_operation(run: Run, word: str) -> bool:
    return any(api.catalog.find(word) is not None for api in run.opened)
