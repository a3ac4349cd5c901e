"""`-O` writes under the server's name for a file, which is made safe and replaces nothing."""

import os
from pathlib import Path

import pytest

from dynacli.http.downloads import download_name
from tests.documents import get, save_api
from tests.harness import Recorder, Response, run_cli

_URL = "https://files.example/v1/reports/q3%20plan.pdf?token=x"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("", "q3 plan.pdf"),
        ("inline", "q3 plan.pdf"),
        ("attachment; filename=a.txt", "a.txt"),
        ("attachment;filename = a.txt ;size=3", "a.txt"),
        ('attachment; filename="a b.txt"', "a b.txt"),
        ('attachment; FILENAME="a \\"b\\".txt"', "a _b_.txt"),
        ('attachment; filename="a; filename=b.txt"', "a; filename=b.txt"),
        ("attachment; filename=plain.txt; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt", "naïve €.txt"),
        ("attachment; filename*=iso-8859-1'en'%A3.txt", "£.txt"),
        ("attachment; filename*=utf-7''a.txt; filename=b.txt", "b.txt"),
        ("attachment; filename*=nonsense; filename=b.txt", "b.txt"),
        ("attachment; filename*=UTF-8''%FF.txt", "\ufffd.txt"),
        ('attachment; filename="naïve.txt"'.encode().decode("latin-1"), "naïve.txt"),
        ('attachment; filename="\xa3.txt"', "£.txt"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ("attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "passwd"),
        ('attachment; filename="C:\\\\dir\\\\a.txt"', "a.txt"),
        ('attachment; filename=".bashrc"', "bashrc"),
        ('attachment; filename="-rf"', "rf"),
        ('attachment; filename="..."', "q3 plan.pdf"),
        ('attachment; filename=""', "q3 plan.pdf"),
        ('attachment; filename="a\x1b]0;x\x07.txt"', "a]0;x.txt"),
        ("attachment; filename*=UTF-8''a%E2%80%AEgpj.exe", "agpj.exe"),
        ("attachment; filename*=UTF-8''a%00b%0A.txt", "ab.txt"),
        ('attachment; filename="a<b>:c|d?.txt"', "a_b__c_d_.txt"),
        ("attachment; filename=CON", "_CON"),
        ('attachment; filename="aux .txt"', "_aux .txt"),
        ("attachment; filename*=UTF-8''COM%C2%B9.log", "_COM\u00b9.log"),
        ("attachment; filename=conin$", "_conin$"),
        ("attachment; filename=lpt1.txt", "_lpt1.txt"),
        ("attachment; filename=console.txt", "console.txt"),
        ('attachment; filename="a.txt. . "', "a.txt"),
        (f"attachment; filename={'x' * 300}.tar", "x" * 196 + ".tar"),
        (f"attachment; filename={'x' * 300}", "x" * 200),
    ],
)
def test_a_name_is_made_safe(disposition: str, name: str) -> None:
    """It has no directory, nothing hidden and nothing that a terminal or Windows takes for something else."""
    assert name == download_name(disposition, _URL)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://files.example/a/b/", "b"),
        ("https://files.example", "download"),
        ("https://files.example/..%2f", "download"),
        ("https://files.example/%2e%2e", "download"),
        ("https://files.example/a%2Fb", "b"),
    ],
)
def test_a_url_names_what_the_server_does_not(url: str, name: str) -> None:
    """Its last segment is the name, and if it is none a fixed word."""
    assert name == download_name("", url)


@pytest.fixture
def api(server: Recorder) -> str:
    """An API with a file."""
    content = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
    server.responses["/files/a%20b.pdf"] = Response(200, b"content", {"Content-Type": "application/pdf"})
    return save_api(
        get("/files/a b.pdf", "get-file", responses={"200": {"description": "", "content": content}}),
        server=server,
    )


@pytest.mark.parametrize("flag", ["-O", "--remote-name"])
def test_the_response_is_written_under_the_servers_name(api: str, server: Recorder, flag: str) -> None:
    """Standard output stays empty, and the name is told."""
    server.responses["/files/a%20b.pdf"] = Response(
        200,
        b"content",
        {"Content-Type": "application/pdf", "Content-Disposition": "attachment; filename=../r.pdf"},
    )
    result = run_cli(api, "get-file", flag)
    assert (0, "", b"content") == (result.exit_code, result.stdout, Path("r.pdf").read_bytes())
    assert "Saved as `r.pdf`" in result.stderr


def test_a_file_that_is_there_is_not_replaced(api: str) -> None:
    """Its name is the server's choice: exit 12, and the file stays as it was."""
    Path("a b.pdf").write_bytes(b"mine")
    before = sorted(os.listdir())
    result = run_cli(api, "get-file", "-O", "--error-format", "json")
    assert (12, "", b"mine") == (result.exit_code, result.stdout, Path("a b.pdf").read_bytes())
    assert "`a b.pdf` cannot be written" == result.error["message"]
    assert "-o @FILE" in result.error["hint"]
    assert before == sorted(os.listdir())


def test_a_file_that_comes_meanwhile_is_not_replaced(
    api: str, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program may make the file while the download is under way."""
    link = os.link

    def late(source: str, target: str) -> None:
        Path(target).write_bytes(b"mine")
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    result = run_cli(api, "get-file", "-O")
    assert (12, b"mine", 1) == (result.exit_code, Path("a b.pdf").read_bytes(), len(server.requests))


def test_a_file_system_without_links_will_do(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is renamed there."""

    def none(source: str, target: str) -> None:
        raise PermissionError(1, "no links", source, None, target)

    monkeypatch.setattr(os, "link", none)
    assert (0, b"content") == (run_cli(api, "get-file", "-O").exit_code, Path("a b.pdf").read_bytes())


def test_an_error_is_not_written_into_a_file(api: str, server: Recorder) -> None:
    """Its body is on standard output."""
    server.responses["/files/a%20b.pdf"] = Response(404, b"no such file", {"Content-Type": "text/plain"})
    result = run_cli(api, "get-file", "-O")
    assert (4, "no such file", False) == (result.exit_code, result.stdout, Path("a b.pdf").exists())


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "words",
    [
        ("-O", "-o", "@x"),
        ("-O", "-o", "csv"),
        ("-O", "-f", "a"),
        ("-O", "--all"),
        ("-O", "--max-items", "3"),
        ("--resume",),
        ("--resume", "-o", "json"),
        ("--resume", "-O"),
        ("--resume", "-o", "@x", "-O"),
        ("--resume", "-o", "@x", "-f", "a"),
        ("--resume", "-o", "@x", "--all"),
        ("--resume", "-o", "@x", "-H", "Range: bytes=1-"),
    ],
    ids=" ".join,
)
def test_options_that_do_not_go_together_are_refused(
    api: str, server: Recorder, words: tuple[str, ...]
) -> None:
    """Nothing is sent and nothing is written."""
    result = run_cli(api, "get-file", *words)
    assert (2, [], False) == (result.exit_code, server.requests, Path("x").exists())
