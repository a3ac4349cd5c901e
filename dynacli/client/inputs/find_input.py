"""Find the input of an operation for a name, and suggest inputs for an unknown name."""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from dynacli.client.described_operation import DescribedOperation
from dynacli.environment import invocation, prefix_of, variable
from dynacli.errors import UsageError
from dynacli.http.semantics import METHODS_WITHOUT_BODY
from dynacli.openapi.model.field_names import plain_name, words_of_name
from dynacli.openapi.model.operation import Field, Operation, OperationSummary, Parameter, of_first_items
from dynacli.openapi.model.wording import did_you_mean, enumerated
from dynacli.record import replace
from dynacli.registry.configuration import DEMO
from dynacli.secrets import is_secret_name

_MOST_READ = 150
"""Maximum number of other operations to search. Those with similar paths come first."""
_MOST_NAMED = 3
_INDEX = re.compile(r"\[(\d+)\]")
_NUMBER = re.compile(r"\.\d+(?=\.|$)")
_OF_BODIES = frozenset({"--body", "--content-type", "--editor", "--set", "--set-file"})
_OF_OTHER_PROGRAMS = {
    "--data": ("--body",),
    "--data-binary": ("--body",),
    "--data-raw": ("--body",),
    "--format": ("--output",),
    "--max-time": ("--timeout",),
    "-d": ("--body",),
    "-m": ("--timeout",),
    "-n": ("--max-items",),
}
"""Option of curl, gh or kubectl → dynacli's equivalent."""
_PROXY = "Name a proxy in `HTTPS_PROXY` or `HTTP_PROXY`: see `{0} help environment`"
_VERIFY = (
    "Certificates are always verified; `ca = FILE` trusts one more authority: see `{0} help auth-config`"
)
_METHOD = "An operation has its own method; `{0} API METHOD /PATH` calls any path"
_REDIRECT = "Leave it out: dynacli follows the redirects of read-only calls"
INSTEAD = {
    "--cacert": _VERIFY,
    "--insecure": _VERIFY,
    "--location": _REDIRECT,
    "--method": _METHOD,
    "--no-verify": _VERIFY,
    "--proxy": _PROXY,
    "--request": _METHOD,
    "-L": _REDIRECT,
    "-X": _METHOD,
    "-k": _VERIFY,
    "-x": _PROXY,
}
"""Option of another program without an equivalent → hint at the alternative."""


def find_input(described: DescribedOperation, word: str) -> tuple[Parameter | None, Field | None]:
    """Return the parameter for a name, and the field in it or in the body; None for each that does not exist.

    Args:
        word: The name, as after `--`: spelled as in the document, `query.NAME`, `body.NAME`, a deeper field
            (`filter.status`), an item of an array (`tags[0]`), or a key of a map.
    """
    # Imported late: most calls use only listed options.
    from dynacli.openapi.schema.option_fields import find_field

    head, dot, rest = word.partition(".")
    for parameter in described.operation.parameters:
        names = dict.fromkeys((parameter.option, parameter.word, *parameter.aliases))
        is_located = head == parameter.location and bool(dot) and rest in (*names, parameter.name)
        if word in {parameter.name, parameter.word} or is_located:
            return parameter, None
        for name in names:
            if word.startswith((f"{name}.", f"{name}[")):
                inside = word[len(name) :].lstrip(".")
                field = find_field(described.parameter_schema(parameter), described.resolve, inside)
                if field is not None:
                    return parameter, replace(field, option=word)
    if described.media_type is None:
        return None, None
    schema = described.body_schema()
    inside = word.removeprefix("body")
    if inside != word and inside.startswith((".", "[")):
        field = find_field(schema, described.resolve, inside.removeprefix("."))
        if field is not None:
            return None, replace(field, option=word)  # messages use the name that was typed
    return None, find_field(schema, described.resolve, word, allows_any_name=False)


def how_to_sign_in(described: DescribedOperation | None = None) -> str:
    """Return the hint for a secret that is given as an option, where other programs could see it.

    Args:
        described: The called operation; None if no API is known yet.
    """
    rule = "No option takes a secret"
    if described is None:
        return f"{rule}: run `{invocation('auth login', 'API')}`, or set `{variable('<API>_TOKEN')}`"
    api = described.api
    if api.name == DEMO:
        return f"{rule}, and the demo API signs in by itself"
    if not api.is_registered:
        return f"{rule}: set `{variable('TOKEN')}`"
    return f"{rule}: run `{invocation('auth login', api.name)}`, or set `{prefix_of(api.name)}_TOKEN`"


def no_such_input(described: DescribedOperation, flag: str, known: set[str], page: str) -> UsageError:
    """Return the error for an unknown option, with similar options.

    Args:
        flag: The option with its dashes.
        known: All listed options.
        page: Command that shows the help page.
    """
    if flag in _OF_BODIES and described.operation.body is None:
        return no_body(described, flag)
    of_map = _key_of_map(described, flag)
    if of_map is not None:
        return of_map
    near = near_options(described, flag, known)
    if near:
        return UsageError(f"There is no option `{flag}`", hint=did_you_mean(near), near=near)
    if flag in INSTEAD:
        return UsageError(f"There is no option `{flag}`", hint=INSTEAD[flag].format(invocation()), near=[])
    others = _operations_with_option(described, flag.removeprefix("--"))
    has = (
        f"{enumerated([f'`{name}`' for name in others])} {'has' if len(others) == 1 else 'have'} this option"
    )
    return UsageError(
        f"`{described.operation.name}` has no option `{flag}`" if others else f"There is no option `{flag}`",
        reason=has[0].upper() + has[1:] if others else "",
        hint=how_to_sign_in(described) if is_secret_name(flag) else f"See `{page}`",
        near=[],
    )


def no_body(described: DescribedOperation, flag: str) -> UsageError:
    """Return the error for an option of the body if the document declares no body.

    Args:
        flag: The option with its dashes.
    """
    operation = described.operation
    if operation.method in METHODS_WITHOUT_BODY:
        return UsageError(
            f"`{operation.name}` takes no body",
            reason=f"A {operation.method} request has none (RFC 9110, section 9.3)",
            hint="To add a parameter: `--query NAME=VALUE`",
            near=[],
        )
    return UsageError(
        f"There is no option `{flag}`",
        reason=f"The document declares no body for `{operation.name}`",
        hint="Give the whole body: `--body @FILE`",
        near=[],
    )


def _key_of_map(described: DescribedOperation, flag: str) -> UsageError | None:
    """Return the error for a key of a map that no option can express; None if the option is not for a map."""
    word = flag.removeprefix("--")
    for end in [index for index, char in enumerate(word) if char in ".["][1:]:
        _, field = find_input(described, word[:end])
        if field is None:
            continue
        _, above = find_input(described, word[: word.rfind(".", 0, end)])
        if above is not None and above.value.type == "object" and above.value.items is not None:
            value = json.dumps({word[len(above.option) + 1 :]: "value"})
            return UsageError(
                f"There is no option `{flag}`",
                reason="A dot or a bracket in an option selects a deeper field",
                hint=f"Give the key as JSON: `--{above.option} '{value}'`",
                near=[f"--{above.option}"],
            )
    return None


def near_options(described: DescribedOperation, flag: str, known: Iterable[str]) -> list[str]:
    """Return at most three options that a wrong one may have meant, the likeliest first.

    Args:
        flag: The option with its dashes.
        known: All listed options.
    """
    from difflib import get_close_matches

    from dynacli.options.standard_options import OPTIONS_BY_FLAG

    if described.with_any_body().operation.body is not None:
        known = {*known, "--body"}  # accepted even if the document does not declare it
    if not flag.startswith("--"):
        return [near for near in _OF_OTHER_PROGRAMS.get(flag, ()) if near in known]
    word = flag.removeprefix("--")
    fields = described.media_type.fields if described.media_type else ()
    items = [f"--{of_first_items(field.option)}" for field in fields]
    spelled = [*dict.fromkeys([*items, *sorted(item for item in known if item.startswith("--"))])]
    # Users often type only the last name of a deep option, as in the document.
    near = [item for item in spelled if _last_name(item) == word]
    near = near or [item for item in spelled if plain_name(_last_name(item)) == plain_name(word)]
    if not near and flag in INSTEAD:
        return []
    near = near or list(_in_same_object(word, items))
    near = near or list(_page_size(described, word))
    near = near or [item for item in _OF_OTHER_PROGRAMS.get(flag, ()) if item in known]
    names = [item[2:] for item in spelled]
    # `--criterion` may be a part of `--criteria.0.criterion-text`, or a typo of `--criteria`.
    near = near or [
        *(f"--{name}" for name in get_close_matches(word, names, _MOST_NAMED, 0.8)),
        *_with_words(words_of_name(word), spelled),
    ]
    near = near or [f"--{name}" for name in get_close_matches(word, names, _MOST_NAMED, 0.67)]
    near = near or list(_with_step(plain_name(word), spelled))
    # `--flow` more likely means the operation's `--flow-id` than dynacli's `--follow`.
    near.sort(key=lambda item: item in OPTIONS_BY_FLAG)
    aliases = {
        f"--{alias}": f"--{parameter.option}"
        for parameter in described.operation.parameters
        for alias in parameter.aliases
    }
    return list(dict.fromkeys(aliases.get(item, item) for item in near))[:_MOST_NAMED]


def _in_same_object(word: str, items: Iterable[str]) -> Iterator[str]:
    """Yield the fields of the object in the body to which a wrong option belongs, the likeliest first."""
    from difflib import get_close_matches

    above, _, name = _INDEX.sub(r".\1", word).rpartition(".")
    shape = f"--{_NUMBER.sub('.0', above)}."
    names = [item[len(shape) :] for item in items if above and item.startswith(shape)]
    direct = [name for name in names if "." not in name]
    for property_name in dict.fromkeys([*get_close_matches(name, direct, _MOST_NAMED, 0.6), *direct]):
        yield f"--{above}.{property_name}"


def _last_name(flag: str) -> str:
    return flag.rpartition(".")[2].removeprefix("--")


def _page_size(described: DescribedOperation, word: str) -> Iterator[str]:
    """Yield the option for the page size, if the word is another name for it.

    If a list has no such option, this is `--max-items`.
    """
    from dynacli.client.pages.page_rule import NUMBERS, SIZES, input_of, is_listing, paging_inputs

    if plain_name(word) not in SIZES or not described.is_documented or not is_listing(described):
        return
    size, items = input_of(paging_inputs(described), SIZES, NUMBERS), described.known_items
    if size is not None:
        yield f"--{size.option}"
    elif items is not None and items.holder in {"array", "object"}:
        yield "--max-items"


def _with_words(words: list[str], spelled: Iterable[str]) -> Iterator[str]:
    """Yield options whose last name has all the words, unless there are many: `--workflow-id` for `--workflow`."""
    wanted = set(words)
    options = [item for item in spelled if wanted and wanted < set(words_of_name(_last_name(item)))]
    if len(options) <= _MOST_NAMED:
        yield from options


def _with_step(word: str, spelled: Iterable[str]) -> Iterator[str]:
    """Yield the deep options whose path has a word, the shortest first: `--runs.state.any` for `--state`."""
    steps = {item: [plain_name(step) for step in item[2:].split(".")] for item in spelled if "." in item}
    yield from sorted((item for item in steps if word in steps[item]), key=lambda item: len(steps[item]))


def _operations_with_option(described: DescribedOperation, word: str) -> list[str]:
    """Return at most three other operations with an option, those with similar paths first.

    Args:
        word: The option without dashes.
    """
    catalog, own = described.api.catalog, described.operation
    others = [
        summary for summary in catalog.each_summary() if summary.name != own.name and not summary.is_hidden
    ]
    nearest = sorted(others, key=lambda other: _nearness(own, other), reverse=True)[:_MOST_READ]
    plain = plain_name(word)
    operations = (
        summary.name
        for summary in nearest
        if plain in map(plain_name, _option_names(catalog.operation(summary.name)))
    )
    return list(islice(operations, _MOST_NAMED))


def _nearness(own: Operation, other: OperationSummary) -> tuple[int, bool, bool]:
    steps = zip(own.path.split("/"), other.path.split("/"), strict=False)
    shared = next((number for number, (left, right) in enumerate(steps) if left != right), 99)
    return shared, not set(own.tags).isdisjoint(other.tags), own.method == other.method


def _option_names(operation: Operation) -> Iterator[str]:
    for parameter in operation.parameters:
        yield parameter.option
        yield parameter.name
    for media_type in operation.body.content if operation.body is not None else ():
        yield from (field.option for field in media_type.fields)
