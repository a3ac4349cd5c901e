"""A plan: requests that are not sent yet, the facts they are bound to, and a seal that reveals any change.

A plan is a JSON file. Its seal is an HMAC (RFC 2104) of all bytes before it. The key never leaves the state directory,
so no other user and no other machine can write a plan that is applied here.
"""

import hashlib
import hmac
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.client.responses.compare_responses import Difference, difference_lines
from dynacli.errors import RefusedError
from dynacli.openapi.document.json_trees import MISSING, split
from dynacli.openapi.model.wording import counted
from dynacli.record import record
from dynacli.text.exact_json import compact_json, read_json
from dynacli.text.json_text import reindent
from dynacli.text.terminal import Painter, visible

MOST_BYTES = 16 * 1024 * 1024
"""Maximum size of a plan in bytes."""
LONGEST_SECONDS = 30 * 86_400.0
"""Maximum validity of a plan in seconds."""
USUAL_SECONDS = 86_400.0
"""Default validity of a plan in seconds."""

_FORMAT = 1
_SEALED = re.compile(
    rb'(\{\n  "plan": \{\n.*\n  \}),\n  "key": "([0-9a-f]{16})",\n  "seal": "([0-9a-f]{64})"\n\}\n', re.DOTALL
)
_END = b"\n}"
"""The end that makes the sealed content complete JSON."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}-[0-9a-f]{8}")


@record
class StateBefore:
    """The state of a resource when the plan was made.

    Args:
        operation: The operation that reads the resource.
        status: The status of the response; 404 and 410 if there was no such resource.
        etag: Its strong entity tag (RFC 9110, section 8.8.3); empty if it had none.
        body: The value of the body, with known secrets masked; `MISSING` if there was none.
    """

    operation: str
    status: int
    etag: str = ""
    body: Any = MISSING

    def as_json(self) -> dict[str, Any]:
        """Return the state as JSON for a plan."""
        body = {} if self.body is MISSING else {"body": self.body}
        return {"operation": self.operation, "status": self.status, "etag": self.etag or None, **body}


@record
class PlannedRequest:
    """A request of a plan.

    Args:
        row: Its number, counted from 1; in a batch the row of the file.
        operation: The name of the operation.
        digest: The SHA-256 of the operation in the document, in hexadecimal.
        account: An identifier of the credential's account, made by a keyed digest.
        request: The request without credentials, as `--dry-run json` writes it.
        parameters: (location, name, JSON value) of its parameters.
        media_type: The media type of the body; empty if there is none.
        query: (name, value, whether the configuration gave it) of query pairs that are not parameters.
        is_form: Whether the body is made of the parts of a form.
        policy: The result of the policy: `decision` and `reason`.
        before: The state of its resource; None if the document has no operation that reads it.
        follows: The row of the earlier request that changes the same resource; 0 if none does.
        differences: The changes to that state, as far as they follow from the document.
    """

    row: int
    operation: str
    digest: str
    account: str
    request: Mapping[str, Any]
    parameters: tuple[tuple[str, str, Any], ...]
    media_type: str
    query: tuple[tuple[str, Any, bool], ...]
    is_form: bool
    policy: Mapping[str, str]
    before: StateBefore | None = None
    follows: int = 0
    differences: tuple[Difference, ...] = ()

    @property
    def label(self) -> str:
        """The method and the URL."""
        return f"{self.request['method']} {self.request['url']}"

    def as_json(self) -> dict[str, Any]:
        """Return the request as JSON for a plan."""
        return {
            "row": self.row,
            "operation": self.operation,
            "request": dict(self.request),
            "policy": dict(self.policy),
            "before": self.before and self.before.as_json(),
            "follows": self.follows or None,
            "differences": [difference.as_json() for difference in self.differences],
            "inputs": {
                "parameters": [list(entry) for entry in self.parameters],
                "media_type": self.media_type,
                "query": [list(entry) for entry in self.query],
                "is_form": self.is_form,
            },
            "digest": self.digest,
            "account": self.account,
        }


@record
class Plan:
    """The contents of a plan.

    Args:
        name: The name: the operation, and a random number.
        api: The registered name of the API, `demo`, or the location of its document.
        source: An identifier of the document, from `registry.record_call.api_key`.
        revision: The revision of the document.
        profile: The profile; empty for none.
        server: The value of `--server`; empty for the server of the configuration or the document.
        server_variables: (name, value) of the server's variables.
        auth: The chosen security scheme; empty if the document decides.
        level: The level of validation.
        headers: (name, value) of headers besides the inputs.
        made_by: The user and the machine.
        made_at: The time when it was made, in seconds since the epoch.
        expires_at: The time when it expires, in seconds since the epoch.
        requests: The requests in the order of sending.
    """

    name: str
    api: str
    source: str
    revision: str
    profile: str
    server: str
    server_variables: tuple[tuple[str, str], ...]
    auth: str
    level: str
    headers: tuple[tuple[str, str], ...]
    made_by: str
    made_at: int
    expires_at: int
    requests: tuple[PlannedRequest, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the plan as JSON for its file."""
        return {
            "format": _FORMAT,
            "name": self.name,
            "api": self.api,
            "profile": self.profile,
            "server": self.server,
            "made_by": self.made_by,
            "made_at": instant(self.made_at),
            "expires_at": instant(self.expires_at),
            "requests": [request.as_json() for request in self.requests],
            "source": self.source,
            "revision": self.revision,
            "server_variables": [list(pair) for pair in self.server_variables],
            "auth": self.auth,
            "validate": self.level,
            "headers": [list(pair) for pair in self.headers],
        }

    def lines(self, paint: Painter) -> Iterator[str]:
        """Yield the lines that show the plan: its facts, and each request as a diff of the state of its resource.

        No line is cut. A sign, two spaces or the label of a fact precedes all text from outside.
        """
        where = [f"profile {self.profile}"] * bool(self.profile)
        where += [f"server {self.server}"] * bool(self.server)
        facts = {
            "plan": self.name,
            "api": ", ".join([self.api, *where]),
            "made": f"{instant(self.made_at)} by {self.made_by}",
            "valid until": instant(self.expires_at),
            "requests": str(len(self.requests)),
        }
        for label, text in facts.items():
            yield f"{label}:".ljust(13) + visible(text, keep="")
        for request in self.requests:
            yield ""
            yield from _request_lines(request, paint)


def instant(seconds: float) -> str:
    """Return a time in the format of RFC 3339, in UTC and to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _unix_time(text: str) -> int:
    from calendar import timegm

    return timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def _key_name(key: bytes) -> str:
    return hmac.digest(key, b"the name of the key", hashlib.sha256).hex()[:16]


def _seal(key: bytes, content: bytes) -> str:
    return hmac.digest(key, b"plan\n" + content, hashlib.sha256).hex()


def sealed(plan: Plan, key: bytes) -> bytes:
    """Return the content of the file of a plan, with its seal."""
    text = reindent(compact_json({"plan": plan.as_json()})).removesuffix("\n}")
    content = text.encode("utf-8", "surrogatepass")
    end = f',\n  "key": "{_key_name(key)}",\n  "seal": "{_seal(key, content)}"\n}}\n'
    return content + end.encode()


class OtherKeyError(RefusedError):
    """A plan was sealed with the key of another user or machine, so dynacli cannot tell whether it was changed.

    Args:
        label: The file or the name, for messages.
        content: The sealed content.
    """

    def __init__(self, label: str, content: bytes) -> None:
        super().__init__(
            f"`{label}` was sealed with another key",
            reason="A plan is applied by the user and on the machine that made it, and its key was not found here",
            hint="Make the plan again here",
        )
        self._label, self._content = label, content

    def shown(self, paint: Painter) -> tuple[Any, list[str]]:
        """Return the plan as data and as lines, only to read it.

        Raises:
            RefusedError: The content does not have the format of a plan.
        """
        try:
            form = read_json(self._content + _END)["plan"]
            return form, list(_plan_of(form).lines(paint))
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise RefusedError(
                f"`{self._label}` is not a plan",
                reason="Its key is not known here, and it has another form than dynacli writes",
                hint="Ask whoever made it for the plan",
            ) from error


def opened(content: bytes, key: bytes, label: str) -> Plan:
    """Return the plan in the content of a file, after checking its seal.

    Args:
        label: The file or the name, for messages.

    Raises:
        OtherKeyError: The plan was made with another key.
        RefusedError: The plan is cut, or was changed.
    """
    found = _SEALED.fullmatch(content) if len(content) <= MOST_BYTES else None
    if found is None:
        raise RefusedError(
            f"`{label}` is not a whole plan",
            reason="It has another form than dynacli writes: it may be cut, or changed",
            hint="Make the plan again",
        )
    if found[2].decode() != _key_name(key):
        raise OtherKeyError(label, found[1])
    if not hmac.compare_digest(found[3].decode(), _seal(key, found[1])):
        raise RefusedError(
            f"`{label}` was changed after it was made",
            reason="Its seal does not match its content",
            hint="Make the plan again",
        )
    form = read_json(found[1] + _END)["plan"]
    if form["format"] != _FORMAT:
        raise RefusedError(
            f"`{label}` was made by another version of dynacli",
            reason=f"Its format is {form['format']}, and {_FORMAT} is expected",
            hint="Make the plan again",
        )
    return _plan_of(form)


def _plan_of(form: Mapping[str, Any]) -> Plan:
    # A valid seal proves that dynacli wrote it, so its format is not checked.
    return Plan(
        form["name"],
        form["api"],
        form["source"],
        form["revision"],
        form["profile"],
        form["server"],
        tuple(map(tuple, form["server_variables"])),
        form["auth"],
        form["validate"],
        tuple(map(tuple, form["headers"])),
        form["made_by"],
        _unix_time(form["made_at"]),
        _unix_time(form["expires_at"]),
        tuple(map(_request_of, form["requests"])),
    )


def _request_of(form: Mapping[str, Any]) -> PlannedRequest:
    inputs, before = form["inputs"], form["before"]
    state = None
    if before is not None:
        state = StateBefore(
            before["operation"], before["status"], before["etag"] or "", before.get("body", MISSING)
        )
    return PlannedRequest(
        form["row"],
        form["operation"],
        form["digest"],
        form["account"],
        form["request"],
        tuple(map(tuple, inputs["parameters"])),
        inputs["media_type"],
        tuple(map(tuple, inputs["query"])),
        inputs["is_form"],
        form["policy"],
        state,
        form["follows"] or 0,
        tuple(
            Difference(tuple(split(entry["pointer"])), entry["kind"], entry["left"], entry["right"])
            for entry in form["differences"]
        ),
    )


def is_plan_name(word: str) -> bool:
    """Return whether a string has the format of a plan's name."""
    return _NAME.fullmatch(word) is not None


def _request_lines(request: PlannedRequest, paint: Painter) -> Iterator[str]:
    yield paint.bold(f"{request.row}. {visible(request.operation, keep='')}")
    yield f"  {visible(request.label, keep='')}"
    yield from (f"  {visible(f'{name}: {value}', keep='')}" for name, value in request.request["headers"])
    yield f"  policy: {visible(request.policy['decision'], keep='')} ({visible(request.policy['reason'], keep='')})"
    state, before = _state_text(request)
    yield f"  state before: {visible(state, keep='')}"
    binary = request.request["body_base64"]
    if binary is not None:
        size = counted(len(binary) * 3 // 4, "byte")
        yield f"  body: {size} of {visible(request.media_type, keep='')}, which are not text (`-o json` has them)"
    if request.differences:
        # All differences are shown, because you agree to all of them.
        yield from difference_lines(before, f"after {request.operation}", request.differences, paint, most=0)
    elif binary is None:
        yield "  no difference, as far as the document tells"


def _state_text(request: PlannedRequest) -> tuple[str, str]:
    """Return the state before the request as text, and its label in the diff."""
    if request.follows:
        return f"as request {request.follows} leaves it", f"after request {request.follows}"
    before = request.before
    if before is None:
        return "unknown: the document has no operation that reads it", "(nothing known)"
    if before.status in {404, 410}:
        return f"not found ({before.operation}: {before.status})", "(not found)"
    etag = f", ETag {before.etag}" if before.etag else ""
    return f"{before.operation}: {before.status}{etag}", before.operation
