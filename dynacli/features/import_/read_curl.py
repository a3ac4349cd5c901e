"""A curl command as the request that it makes (https://curl.se/docs/manpage.html)."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from difflib import get_close_matches
from urllib.parse import quote, urlsplit

from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.http.semantics import split_media_type
from dynacli.http.sockets import parse_socket
from dynacli.openapi.model.wording import did_you_mean
from dynacli.traffic.recorded_request import RecordedPart, RecordedRequest, file_beside
from dynacli.urls import url_at

_ENDS = "|;&<>\n"
_ANSI_C = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
_CODE = re.compile(r"x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})")
_CONTINUED = re.compile(r"\\\r?\n")
_OF_CMD = re.compile(r'\S*curl(\.exe)?\s+(?:\^"|[^\'$][^\']*? \^\r?\n)')
_CARET = re.compile(r"\^(?:\r?\n)?(\r?\n|.)?", re.DOTALL)
"""A caret with the character that it escapes. After a continued line, this is the first one of the next line."""
_ESCAPABLE = frozenset('"\\$`\n')
"""Characters that a backslash escapes between double quotes of a shell."""
_SHORT = {
    "X": "request",
    "H": "header",
    "d": "data",
    "F": "form",
    "u": "user",
    "A": "user-agent",
    "e": "referer",
    "b": "cookie",
    "T": "upload-file",
    "m": "max-time",
    "o": "output",
    "x": "proxy",
    "E": "cert",
    "c": "cookie-jar",
    "D": "dump-header",
    "w": "write-out",
    "r": "range",
    "U": "proxy-user",
    "K": "config",
    "G": "get",
    "I": "head",
    "k": "insecure",
    "L": "location",
    "i": "include",
    "v": "verbose",
    "s": "silent",
    "S": "show-error",
    "f": "fail",
    "O": "remote-name",
    "g": "globoff",
    "N": "no-buffer",
    "0": "http1.0",
    "1": "tlsv1",
    "4": "ipv4",
    "6": "ipv6",
    "J": "remote-header-name",
    "j": "junk-session-cookies",
    "#": "progress-bar",
    "C": "continue-at",
    "y": "speed-time",
    "Y": "speed-limit",
    "z": "time-cond",
    "Z": "parallel",
}
_DATA = frozenset(("data", "data-ascii", "data-raw", "data-binary", "data-urlencode", "json"))
_WITH_VALUE = frozenset(
    (
        *(
            *_DATA,
            "request",
            "header",
            "form",
            "form-string",
            "user",
            "user-agent",
            "referer",
            "cookie",
            "url",
        ),
        *("upload-file", "max-time", "output", "oauth2-bearer", "unix-socket"),
    )
)
"""The options with a value that define the request."""
_OTHERS_WITH_VALUE = {
    **dict.fromkeys(("proxy", "proxy-user", "noproxy"), "a proxy comes from `HTTPS_PROXY`"),
    **dict.fromkeys(("cacert", "capath"), "set `ca` of the API by `api set`"),
    **dict.fromkeys(
        ("cert", "key", "pass", "cert-type", "key-type"),
        "keep the certificate with `auth login`, or as `cert` and `cert_key` of the scheme",
    ),
    **dict.fromkeys(("aws-sigv4", "delegation"), "a `sign` command signs requests (`help auth-config`)"),
    **dict.fromkeys(("resolve", "connect-to", "interface"), "the host of the URL is asked"),
    **dict.fromkeys(("retry", "retry-delay", "retry-max-time"), "see `--retries`"),
    **dict.fromkeys(("config",), "options in another file are not read"),
    **dict.fromkeys(("range", "continue-at"), "see `--resume`"),
    **dict.fromkeys(
        (
            *(
                "connect-timeout",
                "cookie-jar",
                "dump-header",
                "write-out",
                "max-redirs",
                "limit-rate",
                "speed-time",
            ),
            *(
                "speed-limit",
                "time-cond",
                "ciphers",
                "tls-max",
                "tls13-ciphers",
                "keepalive-time",
                "max-filesize",
            ),
            *(
                "stderr",
                "trace",
                "trace-ascii",
                "expect100-timeout",
                "dns-servers",
                "output-dir",
                "create-file-mode",
            ),
        ),
        "",
    ),
}
"""Option with a value that dynacli does not use → the alternative in dynacli; empty if there is none."""
_SWITCHES = {
    "insecure": "certificates are always verified; set `ca` of the API for an authority of your own",
    **dict.fromkeys(("get", "head", "remote-name", "location"), ""),
    **dict.fromkeys(
        ("digest", "ntlm", "negotiate"), "how to sign in follows from the document and the server"
    ),
    **dict.fromkeys(
        (
            *(
                "compressed",
                "include",
                "verbose",
                "silent",
                "show-error",
                "fail",
                "fail-with-body",
                "fail-early",
            ),
            *(
                "globoff",
                "no-buffer",
                "http1.0",
                "http1.1",
                "http2",
                "http2-prior-knowledge",
                "http3",
                "tlsv1",
            ),
            *(
                "tlsv1.0",
                "tlsv1.1",
                "tlsv1.2",
                "tlsv1.3",
                "ipv4",
                "ipv6",
                "basic",
                "anyauth",
                "path-as-is",
                "tcp-nodelay",
            ),
            *(
                "remote-header-name",
                "junk-session-cookies",
                "progress-bar",
                "no-progress-meter",
                "parallel",
                "sslv3",
            ),
            *(
                "location-trusted",
                "tr-encoding",
                "no-keepalive",
                "disable",
                "retry-connrefused",
                "retry-all-errors",
            ),
            *(
                "ssl",
                "ssl-reqd",
                "no-alpn",
                "create-dirs",
                "styled-output",
                "post301",
                "post302",
                "post303",
                "raw",
            ),
        ),
        "",
    ),
}
"""Option without a value → the alternative in dynacli; empty if none is needed."""
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_FILE_NAME = re.compile(r';\s*filename="?([^";]+)')
_BRACKET = re.compile(r"\\([\[\]{}])")
"""An escaped bracket, which curl takes as it is: https://curl.se/docs/manpage.html#-g."""
_FORM = "application/x-www-form-urlencoded"


def _shell_words(text: str) -> tuple[list[str], str]:
    """Return the arguments up to the end of the command, and the text after it, such as `| jq .`.

    Variables and the output of other commands are not inserted: `$TOKEN` stays `$TOKEN`.

    Raises:
        UsageError: A quotation is not closed.
    """
    text = text.strip()
    found = _OF_CMD.match(text)
    if found is None:
        return _Reader(text).words()
    text = _CARET.sub(lambda caret: (caret[1] or "").replace("\r\n", "\n"), text)
    # Firefox does not double backslashes:
    # https://github.com/mozilla/gecko-dev/blob/master/devtools/client/shared/curl.js
    return _Reader(text, frozenset('"') if found[1] else _ESCAPABLE).words()


class _Reader:
    """Reads a shell command, character by character.

    Args:
        escapable: The characters that a backslash escapes between double quotes.
    """

    def __init__(self, text: str, escapable: frozenset[str] = _ESCAPABLE) -> None:
        self._text, self._at, self._escapable = text, 0, escapable

    def words(self) -> tuple[list[str], str]:
        words: list[str] = []
        word: str | None = None  # an empty quotation is an argument, too
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in _ENDS:
                break
            if newline := _CONTINUED.match(self._text, self._at):
                self._at = newline.end()
            elif char.isspace():
                self._at += 1
                if word is not None:
                    words.append(word)
                word = None
            else:
                word = (word or "") + self._piece(char)
        if word is not None:
            words.append(word)
        return words, self._text[self._at :].strip()

    def _piece(self, char: str) -> str:
        """Return the next piece of an argument: a quotation, an escaped character, or a plain one."""
        following = self._text[self._at + 1 : self._at + 2]
        if char == "'":
            return self._until("'", self._at + 1)
        if char == "$" and following == "'":
            return self._ansi_c()
        if char == '"':
            return self._double()
        if char == "\\":
            self._at += 2
            return following
        self._at += 1
        return char

    def _until(self, quote: str, start: int) -> str:
        end = self._text.find(quote, start)
        if end < 0:
            raise self._not_closed(quote)
        self._at = end + 1
        return self._text[start:end]

    def _double(self) -> str:
        found, at = "", self._at + 1
        while at < len(self._text) and self._text[at] != '"':
            char, following = self._text[at], self._text[at + 1 : at + 2]
            if char == "\\" and following in self._escapable:
                found += following.strip("\n")
                at += 2
            else:
                found += char
                at += 1
        if at >= len(self._text):
            raise self._not_closed('"')
        self._at = at + 1
        return found

    def _ansi_c(self) -> str:
        found, at = "", self._at + 2
        while at < len(self._text) and self._text[at] != "'":
            char = self._text[at]
            if char != "\\":
                found += char
                at += 1
                continue
            code = _CODE.match(self._text, at + 1)
            if code:
                digits = next(filter(None, code.groups()))
                number = int(digits, 8 if code[4] else 16)
                found += chr(number) if number <= 0x10FFFF else "\ufffd"
                at = code.end()
            else:
                escaped = self._text[at + 1 : at + 2]
                found += _ANSI_C.get(escaped, escaped)
                at += 2
        if at >= len(self._text):
            raise self._not_closed("$'")
        self._at = at + 1
        # Firefox writes a character beyond the first 65,536 as two escapes.
        return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _not_closed(self, quote: str) -> UsageError:
        return UsageError(
            f"The quotation that begins with `{quote}` at character {self._at + 1} is not closed",
            hint=f"Copy the whole command, and give it in a file or on standard input: `{invocation('import curl')} -`",
        )


def read_curl(text: str) -> RecordedRequest:
    """Return the request that a curl command makes.

    Raises:
        UsageError: The text is another command, or has an unknown option.
    """
    words, rest = _shell_words(text)
    if words[:1] == ["$"]:  # the prompt was copied, too
        words = words[1:]
    if not words or words[0].rpartition("/")[2] not in {"curl", "curl.exe"}:
        raise _no_line(words)
    line = _Line()
    for name, value in _curl_options(words[1:]):
        line.add(name, value)
    if rest:
        line.remarks.append(f"Arguments after the curl command are left out: `{rest[:40]}`")
    return line.request()


def _no_line(words: list[str]) -> UsageError:
    """Return the error for a text that does not begin with curl."""
    first = words[0] if words else ""
    is_for_powershell = (
        first.lower() in {"invoke-webrequest", "invoke-restmethod", "iwr", "irm"} or first[:1] == "$"
    )
    other = (
        "PowerShell" if is_for_powershell else "JavaScript" if first.startswith(("fetch(", "await")) else ""
    )
    if other:
        return UsageError(
            f"This is for {other}, not a curl command",
            hint="In the browser, choose `Copy as cURL`: for Bash, or for Windows' `cmd`",
        )
    return UsageError(
        "This is not a curl command",
        reason=f"It begins with `{first}`" if words else "It is empty",
        hint="Give the whole command in quotes, or `-` for standard input: "
        f"`{invocation('import curl')} 'curl https://...'`",
    )


def _curl_options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the long name of each option with its value. A positional argument has the name `url`.

    Raises:
        UsageError: An option is unknown, or its value is missing.
    """
    left = iter(words)
    for word in left:
        if word == "--" or not word.startswith("-") or word == "-":
            if word != "--":
                yield "url", word
        elif word.startswith("--"):
            name, is_joined, value = word[2:].partition("=")
            yield name, value if is_joined and _takes_value(name) else _option_value(name, word, left)
        else:
            letters = word[1:]
            while letters:
                name, letters = _SHORT.get(letters[0], ""), letters[1:]
                if not name:
                    raise _unknown_option(word)
                if _takes_value(name) and letters:
                    yield name, letters
                    break
                yield name, _option_value(name, word, left)


def _takes_value(name: str) -> bool:
    return name in _WITH_VALUE or name in _OTHERS_WITH_VALUE


def _option_value(name: str, word: str, left: Iterator[str]) -> str:
    if not _takes_value(name):
        if name not in _SWITCHES and name.removeprefix("no-") not in _SWITCHES:
            raise _unknown_option(word)
        return ""
    try:
        return next(left)
    except StopIteration:
        raise UsageError(f"curl's option `{word}` has no value", hint="Copy the whole command") from None


def _unknown_option(word: str) -> UsageError:
    name = word.removeprefix("--").partition("=")[0]
    near = get_close_matches(name, [*_WITH_VALUE, *_OTHERS_WITH_VALUE, *_SWITCHES], 1)
    return UsageError(
        f"curl's option `{word}` is not known here",
        hint=did_you_mean(
            [f"--{item}" for item in near], "Leave it out, if the request is the same without it"
        ),
    )


class _Line:
    """Collects the options of a curl command."""

    def __init__(self) -> None:
        self.remarks: list[str] = []
        self._method, self._url, self._timeout, self._output, self._file = "", "", "", "", ""
        self._socket = ""
        self._headers: list[tuple[str, str]] = []
        self._data: list[str] = []
        self._parts: list[RecordedPart] = []
        self._is_get = self._is_head = self._is_json = self._is_literal = False

    def add(self, name: str, value: str) -> None:
        """Add an option.

        Raises:
            UsageError: dynacli has no counterpart of the option, or of its combination with others.
        """
        if name in _DATA:
            self._add_data(name, value)
        elif name in {"form", "form-string"}:
            self._add_part(name, value)
        elif name in {"get", "head"}:
            self._is_get, self._is_head = self._is_get or name == "get", self._is_head or name == "head"
        elif name == "url":
            if self._url:
                raise UsageError("The command calls several URLs", hint="Import them one by one")
            self._url = value
        elif name == "unix-socket":
            self._socket = value
        elif name == "globoff":
            self._is_literal = True
        elif name == "request":
            self._method = value.upper()
        elif name in {"max-time", "output", "upload-file"}:
            self._timeout = value if name == "max-time" else self._timeout
            self._output = value if name == "output" else self._output
            self._file = value if name == "upload-file" else self._file
            self._method = self._method or ("PUT" if name == "upload-file" else "")
        else:
            self._add_header(name, value)

    def _add_header(self, name: str, value: str) -> None:
        match name:
            case "header":
                key, colon, text = value.partition(":")
                if colon or value.endswith(";"):
                    self._headers.append((key.strip().removesuffix(";"), text.strip()))
            case "user":
                self._headers.append(("Authorization", f"Basic {b64encode(value.encode()).decode()}"))
            case "oauth2-bearer":
                self._headers.append(("Authorization", f"Bearer {value}"))
            case "cookie" if "=" in value:
                self._headers.append(("Cookie", value))
            case "user-agent" | "referer":
                self._headers.append((name, value))
            case _:
                hint = _OTHERS_WITH_VALUE.get(name, "") or _SWITCHES.get(name, "")
                if hint or name == "cookie":
                    self.remarks.append(
                        f"curl's `--{name}` is left out: {hint or 'files of cookies are not read'}"
                    )

    def _add_data(self, name: str, value: str) -> None:
        self._is_json = self._is_json or name == "json"
        if value.startswith("@") and name not in {"data-raw", "data-urlencode"}:
            if self._data or self._file:
                raise UsageError(
                    "The body is put together from several pieces, and one of them is a file",
                    hint="Put the body into one file",
                )
            self._file = value[1:]
            return
        if name == "data-urlencode":
            key, equals, text = value.partition("=")
            if not equals and "@" in value:
                raise UsageError(
                    "curl's `--data-urlencode` with a file has no counterpart", hint="Write the text itself"
                )
            value = (
                f"{key}={quote(text, safe='')}"
                if equals and key
                else quote(text if equals else value, safe="")
            )
        self._data.append(value)

    def _add_part(self, name: str, value: str) -> None:
        key, _, text = value.partition("=")
        if (
            name == "form-string"
        ):  # neither a file nor a media type (https://curl.se/docs/manpage.html#--form-string)
            self._parts.append(RecordedPart(key, text))
        elif text.startswith(("@", "<")):
            self._parts.append(RecordedPart(key, file=_part_text(text[1:], ends=";")))
        elif named := _FILE_NAME.search(text):
            file = file_beside(named[1])
            self.remarks.append(
                f"The content of the file `{file}` is in the command: save it under that name"
            )
            self._parts.append(RecordedPart(key, file=file))
        else:
            self._parts.append(RecordedPart(key, _part_text(text, ends=";type=")))

    def _split_parts(self, body: str) -> tuple[list[RecordedPart], str]:
        """Return the parts of a multipart body in the command, as browsers copy it, and the rest of the body."""
        from dynacli.validation.read_body import NotValidatedError, UnreadableError, split_parts

        names = [value for name, value in self._headers if name.lower() == "content-type"]
        kind, parameters = split_media_type(names[-1] if names else "")
        if kind != "multipart/form-data":
            return [], body
        try:
            parts = split_parts(body.encode(), parameters)
        except (NotValidatedError, UnreadableError):
            return [], body
        if any(part.is_file for part in parts):
            self.remarks.append(
                "The command does not contain the files: they are sent from the working directory"
            )
        return [
            RecordedPart(part.name, part.content.decode())
            if part.file_name is None
            else RecordedPart(part.name, file=file_beside(part.file_name))
            for part in parts
        ], "" if parts else body

    def request(self) -> RecordedRequest:
        """Return the request.

        Raises:
            UsageError: The command has no URL.
        """
        if not self._url:
            raise UsageError("The command has no URL", hint="Copy the whole command")
        url = self._url if "://" in self._url else f"http://{self._url}"
        url = url if self._is_literal else _BRACKET.sub(r"\1", url)
        if self._socket:
            url = url_at(f"unix:{self._socket}", urlsplit(url)._replace(scheme="", netloc="").geturl())
            parse_socket(url)
        body = ("" if self._is_json else "&").join(self._data)
        if not self._parts:
            self._parts, body = self._split_parts(body)
        if self._is_get and body:
            url, body = f"{url}{'&' if '?' in url else '?'}{body}", ""
        has_body = bool((self._data and not self._is_get) or self._file or self._parts)
        names = {name.lower() for name, _ in self._headers}
        if has_body and not self._parts and "content-type" not in names:
            # Many manuals of APIs send JSON with `-d` alone. Servers accept it, although curl labels it as a form.
            is_json = self._is_json or _is_json(body)
            if is_json or self._data or self._method != "PUT":
                self._headers.append(("Content-Type", "application/json" if is_json else _FORM))
        method = self._method or ("HEAD" if self._is_head else "POST" if has_body else "GET")
        return RecordedRequest(
            method,
            url,
            tuple(self._headers),
            body,
            self._file,
            tuple(self._parts),
            self._timeout,
            self._output,
            tuple(self.remarks),
        )


def _part_text(text: str, ends: str) -> str:
    """Return the content of a part, or the name of its file, without quotes and without the parameters after it."""
    if quoted := _QUOTED.match(text):
        return re.sub(r'\\([\\"])', r"\1", quoted[1])
    return text.partition(ends)[0]


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False
