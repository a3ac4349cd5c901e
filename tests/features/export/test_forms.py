"""The forms of `dynacli export`: what each does with odd names, texts, bodies and credentials."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from tests.documents import API_KEY, BASIC, BEARER, JSON, api_of, document, get, operation, parameter, save
from tests.harness import run_cli

_ODD = "a {{b}} {% c %} } ''' `d` # \\ ünï <script>alert(1)</script>"


def _text(value: str) -> dict[str, Any]:
    return {"type": "string", "example": value}


def odd_api() -> dict[str, Any]:
    """Return a document whose texts mean something in the forms."""
    fields = {"name": _text(_ODD), "note": _text("}\nb")}
    whole = {"type": "object", "required": ["name", "note"], "properties": fields}
    parts = {
        "type": "object",
        "required": ["a", "f"],
        "properties": {"a": _text("x"), "f": {"type": "string", "format": "binary"}},
    }
    token = {
        "type": "oauth2",
        "flows": {"clientCredentials": {"tokenUrl": "https://id.example.com/t", "scopes": {"s": ""}}},
    }

    def takes(schema: Any, media_type: str) -> dict[str, Any]:
        return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}

    paths: dict[str, Any] = {
        "/json": {"post": operation("sendJson") | takes(whole, JSON) | {"security": [{"token": ["s"]}]}},
        "/form": {
            "post": operation("sendForm")
            | takes(whole, "application/x-www-form-urlencoded")
            | {"security": [{"basic": []}]}
        },
        "/parts": {
            "post": operation("sendParts")
            | takes(parts, "multipart/form-data")
            | {"security": [{"bearer": [], "cookie": []}]}
        },
        "/text": {"post": operation("sendText") | takes({"type": "string", "example": _ODD}, "text/plain")},
        "/q/{a:b}": {
            "get": operation(
                "find",
                parameter("a:b", _text("7"), "path"),
                parameter("f[x]", _text("a&b {{c}}"), required=True),
                parameter("X-Odd", _text("#1 {{c}}"), "header", required=True),
                parameter("Idempotency-Key", {"type": "string"}, "header", required=True),
            )
            | {
                "security": [{"key": []}],
                "description": f"# Big\n\n{_ODD}\n}}\nend",
                "summary": 'Find: "it" {x}',
            }
        },
    }
    for number, item in enumerate(paths.values()):
        for member in item.values():
            member["tags"] = ["environments" if number % 2 else "Environments"]
    made = document(paths, ["https://api.example.com"])
    schemes = {"bearer": BEARER, "basic": BASIC, "key": API_KEY, "token": token}
    made["components"] = {
        "securitySchemes": {**schemes, "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"}}
    }
    return made


def _text_of(form: str) -> str:
    result = run_cli("export", save(odd_api()), "--to", form)
    assert 0 == result.exit_code, result.stderr
    return result.stdout


def test_hurl() -> None:
    """What would begin a variable, a comment or the end of a value is escaped."""
    made = _text_of("hurl")
    assert "X-Odd: \\u{23}1 \\u{7b}\\u{7b}c\\u{7d}\\u{7d}" in made
    assert "GET {{baseUrl}}/q/7?f%5Bx%5D=a%26b%20%7B%7Bc%7D%7D\n" in made
    assert "Idempotency-Key: {{newUuid}}" in made
    assert "X-Api-Key: {{api_json_key}}" in made
    assert "[BasicAuth]\n{{api_json_basic_username}}: {{api_json_basic_password}}\n[Form]\n" in made
    assert "[Multipart]\na: x\nf: file,f; application/octet-stream\n" in made
    assert "Cookie: sid={{api_json_cookie}}" in made
    fenced = re.findall(r"```json\n(.*?)\n```", made, re.DOTALL)
    assert [_ODD] == [json.loads(text)["name"] for text in fenced]
    outside = re.sub(r"^#.*$", "", made, flags=re.MULTILINE)
    assert {
        "baseUrl",
        "newUuid",
        "api_json_bearer",
        "api_json_basic_username",
        "api_json_basic_password",
        "api_json_key",
        "api_json_token",
        "api_json_cookie",
    } == set(re.findall(r"\{\{(.*?)\}\}", outside))


def test_insomnia() -> None:
    """A text that Nunjucks would run is marked as raw; ids are distinct, and every parent is there."""
    resources = json.loads(_text_of("insomnia"))["resources"]
    ids = [resource["_id"] for resource in resources]
    assert sorted(set(ids)) == sorted(ids)
    assert {resource["parentId"] for resource in resources} - {None} <= set(ids)
    requests = {
        resource["url"].partition("}}")[2]: resource
        for resource in resources
        if resource["_type"] == "request"
    }
    assert "a {% raw %}{{{% endraw %}b}} {% raw %}{%{% endraw %} c %}" in requests["/text"]["body"]["text"]
    kinds = {path: request["authentication"].get("type") for path, request in requests.items()}
    assert {"/json": "oauth2", "/form": "basic", "/parts": "bearer", "/text": None, "/q/7": "apikey"} == kinds
    assert {"name": "Idempotency-Key", "value": "{% uuid 'v4' %}"} in requests["/q/7"]["headers"]
    assert ["text", "file"] == [param["type"] for param in requests["/parts"]["body"]["params"]]
    assert "Content-Type" not in {header["name"] for header in requests["/parts"]["headers"]}


def test_bruno() -> None:
    """A block ends where it should, folders are told apart, and none is called as one of Bruno's own."""
    source = save(odd_api())
    assert 2 == run_cli("export", source, "--to", "bruno").exit_code
    assert 0 == run_cli("export", source, "--to", "bruno", "--out", "made").exit_code
    assert {"environments", "environments-2", "environments-3"} == {
        path.name for path in Path("made").iterdir() if path.is_dir()
    }
    files = {path.name: path.read_text(encoding="utf-8") for path in Path("made").rglob("*.bru")}
    for text in files.values():
        blocks = re.findall(r"^[a-z:-]+ [{\[]$(?:\n  .*)+\n[}\]]$", text, re.MULTILINE)
        assert text.strip() == "\n\n".join(blocks)
    Path("made/a-request.bru").touch()
    again = run_cli("export", source, "--to", "bruno", "--out", "made")
    assert again.stderr.endswith("Files of no operation in this export, left unchanged: a-request.bru\n")
    assert Path("made/a-request.bru").exists()
    assert '"Find:' not in files["find.bru"]
    assert '  name: Find: "it" {x}\n' in files["find.bru"]
    assert "vars:secret [\n  api_json_token" in next(text for text in files.values() if "vars:secret" in text)


def test_markdown_and_html_hold_no_html_of_the_document() -> None:
    """A script of the document is text; the page has a policy, and every link leads to an operation."""
    tags: list[tuple[str, dict[str, Any]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append((tag, dict(attrs)))

    Reader().feed(_text_of("html"))
    assert "script" not in {tag for tag, _ in tags}
    assert any(found.get("http-equiv") == "Content-Security-Policy" for _, found in tags)
    anchors = {f"#{found['id']}" for _, found in tags if "id" in found}
    assert anchors == {found["href"] for tag, found in tags if tag == "a"}
    made = _text_of("markdown")
    assert "`POST /form`" in made
    assert "| `name` | body | string |" in made


@pytest.mark.parametrize("form", ["postman", "insomnia", "hurl", "markdown", "html"])
def test_an_export_is_the_same_each_time(form: str) -> None:
    """Neither an id nor a key that is new for each request makes a difference."""
    assert _text_of(form) == _text_of(form)


_EVIL = "GET http://attacker.invalid/x"
_HOSTILE = f"}}\r\nscript:pre-request {{\n}}\n`\n```\nHTTP *\n{_EVIL}\n{{{{api_json_bearer}}}} {{%endraw%}}{{{{ x }}}}"
"""What begins another request, a script or a template in one of the forms."""


def _hostile_api() -> dict[str, Any]:
    """Return a document that has such a text wherever it can have one."""

    def sent(name: str, media_type: str, schema: Any, **more: Any) -> dict[str, Any]:
        body = {"required": True, "content": {media_type: {"schema": schema, **more}}}
        return {"post": operation(name) | {"requestBody": body}}

    text = {"type": "string", "example": _HOSTILE}
    fields = {"type": "object", "required": ["a", _HOSTILE], "properties": {"a": text, _HOSTILE: text}}
    named: dict[str, Any] = {"type": "object", "required": ["/etc/passwd", "text"], "properties": {}}
    named["properties"] = {"text": {"type": "string", "example": "@file(/etc/passwd)"}}
    named["properties"]["/etc/passwd"] = {"type": "string", "format": "binary"}
    reported = {"summary": _HOSTILE, "description": _HOSTILE, "tags": [f"../{_HOSTILE}"]}
    line = " ".join(_HOSTILE.split())
    paths = {
        f"/path\nHTTP *\n{_EVIL}": {"get": operation("inPath")},
        f"/{{id}}\r{_EVIL}": {"get": operation("inPathToo", parameter("z", {"not": {}}, required=True))},
        "/literal {{api_json_bearer}}/{id}": {
            "get": operation("literal", parameter("id", _text("7"), "path"))
        },
        "/told": {
            "get": operation(
                "told",
                parameter(_HOSTILE, text, required=True),
                parameter("X-A", {"type": "string", "example": line}, "header", required=True),
            )
            | reported
        },
        "/lacking": {"get": operation("lacking", parameter(_HOSTILE, {"not": {}}, required=True)) | reported},
        "/json": sent("sendJson", JSON, {"type": "object"}, example={"a": _HOSTILE, _HOSTILE: 1}),
        "/text": sent("sendText", "text/plain", {"type": "string"}, example=_HOSTILE),
        "/form": sent("sendForm", "application/x-www-form-urlencoded", fields),
        "/parts": sent("sendParts", "multipart/form-data", named),
        "/type": sent("sendType", f"text/x\n{_EVIL}", {"type": "string"}, example="a"),
    }
    made = document(paths, ["https://api.example.com"])
    made["info"] |= {"title": _HOSTILE, "version": _HOSTILE, "description": _HOSTILE}
    made["servers"][0]["description"] = _HOSTILE
    made["components"] = {"securitySchemes": {"bearer": BEARER}}
    return made | {
        "security": [{"bearer": []}],
        "tags": [{"name": f"../{_HOSTILE}", "description": _HOSTILE}],
    }


def test_a_hostile_document_adds_nothing_to_a_form() -> None:
    """No text of a document becomes a request, a script, a template or the name of a file; odd paths are left out."""
    source = save(_hostile_api())
    assert "`GET /path\\nHTTP *" in run_cli("operations", source).stderr
    for form in ("hurl", "postman", "insomnia", "har", "markdown", "html"):
        result = run_cli("export", source, "--to", form)
        assert 0 == result.exit_code, result.stderr
        Path(f"made-{form}").write_text(result.stdout, encoding="utf-8")
        assert "inPath" not in result.stdout
    hurl = Path("made-hurl").read_text("utf-8")
    requests = re.findall(r"^[A-Z]+ .*$", hurl, re.MULTILINE)
    assert all(line.startswith(("GET {{baseUrl}}/", "POST {{baseUrl}}/", "HTTP ")) for line in requests)
    postman, insomnia = (
        json.loads(Path(f"made-{form}").read_text("utf-8")) for form in ("postman", "insomnia")
    )
    sent = [
        json.dumps(leaf["request"] | {"description": "", "auth": ""}) for leaf in _leaves(postman["item"])
    ]
    assert 8 == len(sent)
    assert {"{{baseUrl}}"} == set(re.findall(r"\{\{.*?\}\}", "".join(sent)))
    sent = [
        json.dumps(resource | {"description": "", "name": ""})
        for resource in insomnia["resources"]
        if "url" in resource
    ]
    assert 8 == len(sent)
    plain = "".join(sent).replace("{% raw %}{{{% endraw %}", "").replace("{% raw %}{%{% endraw %}", "")
    assert {"{{ _.baseUrl }}", "{{ _.api_json_bearer }}"} == set(re.findall(r"\{[{%].*?[}%]\}", plain))
    for text in ("".join(requests), hurl, *map(json.dumps, (postman, insomnia))):
        assert not re.search(r'(file,|"(src|fileName)": ")[^";]*[/.]', text)


def _leaves(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [leaf for item in items for leaf in (_leaves(item["item"]) if "item" in item else [item])]


def test_a_hostile_document_adds_nothing_to_a_directory() -> None:
    """In Bruno's language, each line of the document stands within the block that it belongs to, and names no file."""
    assert 0 == run_cli("export", save(_hostile_api()), "--to", "bruno", "--out", "made").exit_code
    files = {path: path.read_text(encoding="utf-8") for path in Path("made").rglob("*.bru")}
    assert 10 <= len(files)
    for file, text in files.items():
        assert set(file.relative_to("made").as_posix()) <= set("abcdefghijklmnopqrstuvwxyz0123456789-./")
        blocks = re.findall(r"^[a-z:-]+ [{\[]$(?:\n  .*)+\n[}\]]$", text, re.MULTILINE)
        assert text.strip() == "\n\n".join(blocks)
        outside = "".join(block for block in blocks if not block.startswith(("docs", "meta")))
        assert {"{{baseUrl}}", "{{api_json_bearer}}"} >= set(re.findall(r"\{\{.*?\}\}", outside))
        assert "{{api_json_bearer}}" not in re.sub(r"auth:bearer \{\n.*", "", outside)
        assert "script:pre-request {" not in text.splitlines()
        assert {"parts"} >= set(re.findall(r"@file\(([^)]*)\)", text)) - {"etc-passwd"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        (r"\\<script>", r"\&lt;script&gt;"),
        ("<!--x", "&lt;!--x"),
        ("![i](http://e.example)", '!<a href="http://e.example">i</a>'),
        ("![i][r]\n\n[r]: http://e.example", '!<a href="http://e.example">i</a>'),
        ("[a](javascript:x)", "[a](javascript:x)"),
        ("[a](java&#115;cript:x)", "[a](javascript:x)"),
        ("[a][r]\n\n[r]:\ndata:text/html,x", "[a][r]</p>\n<p>[r]:\ndata:text/html,x"),
        ("[a](https://e.example/b:c)", '<a href="https://e.example/b:c">a</a>'),
        ("*a* [b](#c:d) `e` 1 < 2", '<em>a</em> <a href="#c:d">b</a> <code>e</code> 1 &lt; 2'),
    ],
)
def test_a_description_in_markdown_runs_and_loads_nothing(text: str, shown: str) -> None:
    """Its HTML and its images are text, and so are links to scripts, for readers that allow all of CommonMark."""
    made = api_of(get("/a", description=text), server="http://a.example")
    page = run_cli("export", save(made), "--to", "markdown").stdout
    reader = MarkdownIt("commonmark", {"html": True})
    reader.validateLink = bool  # type: ignore[method-assign,assignment]
    assert f"<p>{shown}</p>" in reader.render(page)
