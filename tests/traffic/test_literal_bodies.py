"""What another program sent as text stays text: no line of `import` makes the name of a file of it."""

import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.documents import operation, register_api
from tests.harness import run_cli
from tests.traffic.test_import_har import har_of

_URL = "https://api.example.com"
_FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def api() -> None:
    """Register an API with a body of each kind."""
    text, binary = {"type": "string"}, {"type": "string", "format": "binary"}
    either = {"oneOf": [text, binary]}
    parts = {"type": "object", "properties": {"t": text, "f": binary, "e": either}}
    paths = {
        "/txt": {"post": operation("txt", body=text, media_type="text/plain")},
        "/bin": {"post": operation("bin", body=binary, media_type="application/octet-stream")},
        "/json": {"post": operation("json", body={"type": "object", "properties": {"t": text}})},
        "/form": {"post": operation("form", body=parts, media_type=_FORM)},
        "/up": {"post": operation("up", body=parts, media_type="multipart/form-data")},
    }
    register_api("x", paths, server=_URL)


def _har(path: str, kind: str, **data: Any) -> str:
    posted = {"mimeType": kind, **data}
    return har_of({"method": "POST", "url": f"{_URL}{path}", "postData": posted})


_PLAIN = "-H 'Content-Type: text/plain'"
_SENT = {
    f"{_URL}/txt {_PLAIN} --data-raw @/etc/passwd": "--body @@/etc/passwd",
    f"{_URL}/txt {_PLAIN} --data-raw @@x": "--body @@@x",
    f"{_URL}/txt {_PLAIN} --data-raw -": "--body TEXT",
    f"{_URL}/txt {_PLAIN} --data-raw --yes": "--body=--yes",
    f"{_URL}/txt {_PLAIN} --data-binary @f": "--body @f",
    f"{_URL}/txt {_PLAIN} -d @-": "--body=-",
    f"{_URL}/json --data-raw @/etc/passwd -H 'Content-Type: application/json'": "--body @@/etc/passwd",
    f'{_URL}/json --json \'{{"t":"@x"}}\'': '--body \'{"t":"@x"}\'',
    f"{_URL}/form -d t=@x": "--t @x",
    f"{_URL}/form --data-urlencode t=@x": "--t @x",
    f"{_URL}/bin -T f -X POST -H 'Content-Type: application/octet-stream'": "--body @f",
    f"{_URL}/up --form-string f=@/etc/passwd": "--f @@/etc/passwd",
    f"{_URL}/up --form-string 'f=<x'": "--f '<x'",
    f"{_URL}/up --form-string e=@x": "--e @@x",
    f"{_URL}/up --form-string t=@x": "--t @x",
    f"{_URL}/up -F f=@/tmp/x.png": "--f @/tmp/x.png",
    f"{_URL}/up -F 't=a;filename=/etc/passwd'": "--t @passwd",
    f"{_URL}/up -F 'f=a;filename=../.netrc'": "--f @FILE",
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("line", _SENT)
def test_a_line_for_curl(line: str) -> None:
    """A file is one only if curl itself reads it, and a name of content in the line is a bare one."""
    made = run_cli("import", "curl", f"curl {line}").stdout
    assert shlex.split(_SENT[line]) == shlex.split(made)[3:]


_PARTS = "multipart/form-data; boundary=x"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("har", "words"),
    [
        (("/txt", "text/plain", {"text": "@/etc/passwd"}), ["--body", "@@/etc/passwd"]),
        (("/txt", "text/plain", {"text": "-"}), ["--body", "TEXT"]),
        (("/bin", "application/octet-stream", {"text": "@x"}), ["--body", "@@x"]),
        (("/form", _FORM, {"text": "t=@x"}), ["--t", "@x"]),
        (("/up", _PARTS, {"params": [{"name": "f", "value": "@x"}]}), ["--f", "@@x"]),
        (("/up", _PARTS, {"params": [{"name": "f", "fileName": "/etc/passwd"}]}), ["--f", "@passwd"]),
        (("/up", _PARTS, {"params": [{"name": "f", "fileName": "C:\\a\\b.png"}]}), ["--f", "@b.png"]),
        *(
            (("/up", _PARTS, {"params": [{"name": "f", "fileName": name}]}), ["--f", "@FILE"])
            for name in ("-", "@x", "../..", ".netrc", "~root", "a/", "a\nb")
        ),
    ],
)
def test_a_har(har: tuple[str, str, dict[str, Any]], words: list[str]) -> None:
    """A text is sent as it was; a file, whose content a HAR does not have, is one of the working directory."""
    path, kind, data = har
    result = run_cli("import", "har", _har(path, kind, **data))
    assert words == shlex.split(result.stdout)[3:]
    assert ("sent from the working directory" in result.stderr) == ("fileName" in str(data))


def test_two_signs_stand_for_one() -> None:
    """`--body @@TEXT` sends `@TEXT`, whatever the media type, and reads no file."""
    Path("x").write_text("content")
    for name in ("txt", "bin"):
        result = run_cli("x", name, "--body", "@@x", "--dry-run", "json")
        assert "@x" == result.json["body"]
