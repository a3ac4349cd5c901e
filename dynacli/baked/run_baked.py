"""The program of a baked tool: dynacli with one API, and with a name, variables and directories of its own."""

import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, cast

if TYPE_CHECKING:
    from dynacli.environment import Environment

__all__ = ["main", "run"]

_WITH_API = ("batch", "changes", "check", "describe", "document", "doctor", "explore", "operations", "search")
_WITHOUT_API = ("completion", "config", "help", "history", "replay")
_AUTH_WITH_API = ("explain", "login", "logout", "token")
_VERBS = tuple(sorted((*_WITH_API, *_WITHOUT_API, "auth")))
"""The verbs that a baked tool has besides the operations of its API."""
_MORE_SETTINGS = frozenset(("DYNACLI_HTTP", "DYNACLI_PAGER", "DYNACLI_DEMO_URL"))


def run(tool: Mapping[str, Any]) -> None:
    """Run a baked tool as a program, which ends the interpreter.

    Args:
        tool: `name`, `version` (of the document), `api` (`demo`, or the name again), and the `entry` of the API.
    """
    import dynacli
    from dynacli.__main__ import run as run_program

    version = (
        re.sub(r"[^!#$%&'*+.^_`|~0-9A-Za-z-]", "_", str(tool["version"])) or "0"
    )  # RFC 9110, section 5.6.2
    dynacli.user_agent = f"{tool['name']}/{version} {dynacli.user_agent}"
    run_program(lambda: main(tool, sys.argv[1:]))


def main(tool: Mapping[str, Any], words: list[str], env: "Environment | None" = None) -> int:
    """Run a baked tool in this process, and return its exit code.

    Args:
        tool: As in `run`.
        words: Those behind its name.
        env: Streams and variables; None for those of the process.
    """
    from dynacli.__main__ import main as run_words
    from dynacli.environment import Environment

    name, api = str(tool["name"]), str(tool["api"])
    outer = env or Environment()
    renamed = _renaming(name, api)
    # What these print as text is data, and what those print as data has command lines.
    is_data = words[:1] == ["changes"] or words[:2] == ["auth", "token"]
    has_lines = bool(words) and words[0] in {"describe", "doctor", "operations", "search"}
    env = Environment(
        stdin=outer.stdin,
        stdout=outer.stdout
        if is_data
        else cast("TextIO", _RenamedStream(outer.stdout, renamed, has_lines=has_lines)),
        stderr=cast("TextIO", _RenamedStream(outer.stderr, renamed)),
        variables=_variables(name, api, outer.variables),
    )
    if words == ["--version"]:
        outer.stdout.write(f"{name} {tool['version']}\n")
        outer.stdout.flush()
        return 0
    if api == name:
        _register(env, name, tool["entry"])
    if words[:1] == ["__complete"]:
        return _complete(env, api, words[1:])
    return run_words(_words(api, words), env)


def _register(env: "Environment", name: str, entry: Mapping[str, Any]) -> None:
    """Write the API into the tool's own configuration, unless it is there, where a person may change it."""
    from dynacli.errors import DynacliError
    from dynacli.library.configuration.configuration import Configuration

    try:
        configuration = Configuration(env)
        if not configuration.has_entry(name):
            configuration.edit(name, dict(entry))
    except DynacliError as error:
        from dynacli.output.error_messages import write_warning

        write_warning(env, f"{error.message}: {error.why}")


def _variables(name: str, api: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return the variables as dynacli knows them: those of the tool under dynacli's names, and none of dynacli's own.

    `ARMATURE_TOKEN` becomes `DYNACLI_ARMATURE_TOKEN`, and `ARMATURE_CACHE_DIR` becomes `DYNACLI_CACHE_DIR`.
    """
    from dynacli.auth.credentials import SETTINGS, prefix_of
    from dynacli.environment import Environment

    own = f"{prefix_of(name).removeprefix('DYNACLI_')}_"
    variables = {key: value for key, value in given.items() if not key.startswith("DYNACLI_")}
    plain = Environment(variables=variables)
    found: dict[str, str] = {}
    for key, value in given.items():
        if key.startswith(own):
            word = key.removeprefix(own)
            setting = f"DYNACLI_{word}"
            is_setting = setting in SETTINGS or setting in _MORE_SETTINGS
            found[setting if is_setting else f"{prefix_of(api)}_{word}"] = value
    for kind in ("cache", "config", "state"):
        if not found.get(f"DYNACLI_{kind.upper()}_DIR"):
            # Beside the directory of dynacli.
            directory = os.path.dirname(getattr(plain, f"{kind}_dir"))
            found[f"DYNACLI_{kind.upper()}_DIR"] = os.path.join(directory, name)
    return variables | found


def _words(api: str, words: list[str]) -> list[str]:
    """Return the words of dynacli for those of the tool."""
    verb, rest = (words[0], words[1:]) if words else ("", [])
    if verb == "auth":
        return ["auth", *rest[:1], *([api] if rest[:1] and rest[0] in _AUTH_WITH_API else []), *rest[1:]]
    if verb in _WITH_API:
        return [verb, api, *rest]
    return words if verb in _WITHOUT_API else [api, *words]


def _complete(env: "Environment", api: str, words: list[str]) -> int:
    """Write the candidates for the last word; a verb is one for the first."""
    from dynacli.__main__ import main as run_words

    shell, before, last = words[:1], words[1:-1], words[-1:]
    code = run_words(["__complete", *shell, *_words(api, before), *last], env)
    if not before and last:
        env.stdout.write("".join(f"{verb}\n" for verb in _VERBS if verb.startswith(last[0])))
        env.stdout.flush()
    return code


def _renaming(name: str, api: str) -> Callable[[str], str]:
    """Return what puts the name of the tool in the place of dynacli's in help, messages and scripts of completion."""
    from dynacli.auth.credentials import prefix_of

    own = prefix_of(name).removeprefix("DYNACLI_")
    verbs = "|".join((*_WITH_API, *(f"auth {verb}" for verb in _AUTH_WITH_API)))
    command = re.compile(rf"\bdynacli((?: (?:{verbs}))?) {re.escape(api)}(?![\w./-])")

    def renamed(text: str) -> str:
        if "dynacli" not in text.lower():
            return text
        text = text.replace(f"{prefix_of(api)}_", f"{own}_").replace("DYNACLI_", f"{own}_")
        return command.sub(rf"{name}\1", text).replace("dynacli", name)

    return renamed


class _RenamedStream:
    """A stream of text whose own words are renamed.

    Args:
        has_lines: Whether that holds for the bytes of its `buffer`, too; else they are data, and stay as they are.
    """

    def __init__(self, stream: TextIO, renamed: Callable[[str], str], *, has_lines: bool = False) -> None:
        self._stream, self._renamed = stream, renamed
        if has_lines:
            self.buffer = _RenamedBytes(stream.buffer, renamed)

    def write(self, text: str) -> int:
        """Write text."""
        return self._stream.write(self._renamed(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _RenamedBytes:
    """A stream of bytes whose words are renamed, as far as they are text."""

    def __init__(self, stream: BinaryIO, renamed: Callable[[str], str]) -> None:
        self._stream, self._renamed = stream, renamed
        self.raw = self  # which is written to where there is one

    def write(self, data: bytes) -> int:
        """Write bytes; none of them is left over."""
        text = self._renamed(bytes(data).decode("utf-8", "surrogateescape"))
        self._stream.write(text.encode("utf-8", "surrogateescape"))
        self._stream.flush()
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
