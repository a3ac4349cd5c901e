"""`import curl` finds the operation of a line for curl, and prints the line that makes the same request."""

import json
import shlex
from typing import Any

import pytest

from tests.documents import api_of, get, operation, parameter, save, save_api
from tests.harness import Result, run_cli

_BODY = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "is_good": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "password": {"type": "string"},
        "owner": {"type": "object", "properties": {"name": {"type": "string"}}},
    },
}


def _api() -> str:
    """Write the document of an API with a bit of each kind of input, and return its path."""
    post = operation("addPet", tags=["pets"])
    post["requestBody"] = {"content": {"application/json": {"schema": _BODY}}}
    form = operation("sendForm")
    form["requestBody"] = {"content": {"application/x-www-form-urlencoded": {"schema": _BODY}}}
    upload = operation("upload")
    upload["requestBody"] = {
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "name": {"type": "string"},
                    },
                }
            }
        }
    }
    raw = operation("putRaw", parameter("id", {"type": "string"}, "path"))
    raw["requestBody"] = {"content": {"application/octet-stream": {}}}
    array = {"type": "array", "items": {"type": "string"}}
    whole = api_of(
        get(
            "/pets",
            "listPets",
            parameter("limit", {"type": "integer"}),
            parameter("status", array),
            {**parameter("ids", array), "explode": False},
            {**parameter("filter", {"type": "object"}), "style": "deepObject", "explode": True},
            parameter("X-Tenant", {"type": "string"}, "header"),
            parameter("theme", {"type": "string"}, "cookie"),
        ),
        {"/pets": {"post": post}},
        get("/pets/{id}", "getPet", parameter("id", {"type": "string"}, "path")),
        {"/pets/{id}": {"put": raw}},
        {"/form": {"post": form}, "/upload": {"post": upload}},
        servers=["https://api.example.com/v1", "https://{region}.example.com/v1"],
        version="3.1.0",
    )
    whole["servers"][1]["variables"] = {"region": {"default": "eu"}}
    return save(whole)


def _imported(line: str, *words: str) -> Result:
    """Import a line with the document registered as `pets`."""
    run_cli("api", "add", "pets", _api())
    return run_cli("import", "curl", line, *words)


_URL = "https://api.example.com/v1/pets"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(f"curl {_URL}", "dynacli pets list-pets", id="plain"),
        pytest.param(
            f"$ curl -sSL '{_URL}?limit=3'", "dynacli pets list-pets --limit 3", id="prompt-and-flags"
        ),
        pytest.param(f"curl -G {_URL} -d limit=3", "dynacli pets list-pets --limit 3", id="get-with-data"),
        pytest.param(f"curl -XGET {_URL}/7", "dynacli pets get-pet 7", id="path"),
        pytest.param(f"curl {_URL}/a%20b", "dynacli pets get-pet 'a b'", id="escaped-path"),
        pytest.param(f"curl {_URL}/-7", "dynacli pets get-pet --id=-7", id="path-like-an-option"),
        pytest.param(
            f"curl '{_URL}?status=a&status=b&ids=1,2&filter[age]=3'",
            "dynacli pets list-pets --status a --status b --ids 1 --ids 2 --filter.age 3",
            id="lists-and-objects",
        ),
        pytest.param(
            f"curl {_URL} -H 'x-tenant: t' -b 'theme=dark'",
            "dynacli pets list-pets --x-tenant t --theme dark",
            id="header-and-cookie",
        ),
        pytest.param(
            f"curl {_URL} -H 'X-Own: a' -H 'User-Agent: me' -H 'sec-fetch-mode: cors' --compressed",
            "dynacli pets list-pets --header 'X-Own: a'",
            id="headers-of-browsers",
        ),
        pytest.param(
            "curl https://us.example.com/v1/pets",
            "dynacli pets list-pets --server 1 --server-var region=us",
            id="another-server",
        ),
        pytest.param(
            f"""curl {_URL} --json '{{"name":"Rex","age":3,"is_good":true}}'""",
            "dynacli pets add-pet --name Rex --age 3 --is-good=true",
            id="json",
        ),
        pytest.param(
            f"""curl {_URL} -d '{{"name":"Rex","tags":["a"],"owner":{{"name":"Ann"}}}}'""",
            """dynacli pets add-pet --name Rex --body '{"tags":["a"],"owner":{"name":"Ann"}}'""",
            id="json-without-a-type",
        ),
        pytest.param(
            f"curl {_URL} --data-binary @pet.json -H 'Content-Type: application/json'",
            "dynacli pets add-pet --body @pet.json",
            id="file",
        ),
        pytest.param(
            "curl https://api.example.com/v1/form -d name=Rex -d age=3 --data-urlencode 'tags=a b'",
            "dynacli pets send-form --name Rex --age 3 --tags 'a b'",
            id="form",
        ),
        pytest.param(
            "curl https://api.example.com/v1/upload -F 'file=@a.png;type=image/png' -F name=x",
            "dynacli pets upload --file @a.png --name x",
            id="multipart",
        ),
        pytest.param(
            """curl https://api.example.com/v1/upload --form 'file=@"/tmp/a b.png"' --form 'name="say \\"x\\""'""",
            """dynacli pets upload --file '@/tmp/a b.png' --name 'say "x"'""",
            id="multipart-of-postman",
        ),
        pytest.param(
            "curl https://api.example.com/v1/upload -H 'Content-Type: multipart/form-data; boundary=B' --data-raw $'"
            '--B\\r\\nContent-Disposition: form-data; name="name"\\r\\n\\r\\nRex\\r\\n--B--\\r\\n\'',
            "dynacli pets upload --name Rex",
            id="multipart-of-browsers",
        ),
        pytest.param(
            "curl https://api.example.com/v1/upload -H 'Content-Type: multipart/form-data; boundary=B' -d '--B--'",
            "dynacli pets upload --body '{}'",
            id="multipart-without-parts",
        ),
        pytest.param(f"curl -T a.bin {_URL}/7", "dynacli pets put-raw 7 --body @a.bin", id="upload"),
        pytest.param(
            f"curl -m 5 -o out.json {_URL}",
            "dynacli pets list-pets --timeout 5 --output @out.json",
            id="time-and-file",
        ),
        pytest.param(f"curl {_URL} | jq .", "dynacli pets list-pets", id="pipe"),
        pytest.param(f"curl \\\n  --url {_URL} \\\n  --get", "dynacli pets list-pets", id="continued"),
        pytest.param(
            rf"curl '{_URL}?filter\[age\]=3' -H 'accept: */*'",
            "dynacli pets list-pets --filter.age 3",
            id="brackets-of-chromium",
        ),
        pytest.param(
            f"""curl --json '{{"name":"a ^"}}' {_URL}""",
            "dynacli pets add-pet --name 'a ^'",
            id="caret-in-bash",
        ),
        pytest.param(
            "curl https://api.example.com/v1/form -d 'name=it%27s%0D%5C'",
            r"dynacli pets send-form --name $'it\x27s\r\\'",
            id="control-character",
        ),
    ],
)
def test_the_line(line: str, expected: str) -> None:
    """Inputs become options, what each client does in its own way is left out."""
    result = _imported(line)
    assert (expected + "\n", 0) == (result.stdout, result.exit_code)


_CHROME = """curl 'https://api.example.com/v1/pets' \\
  -H 'accept: application/json' \\
  -H 'accept-language: de-DE,de;q=0.9' \\
  -b 'session=s3cr3t-cookie' \\
  -H 'content-type: application/json' \\
  -H 'sec-ch-ua: "Chromium";v="140"' \\
  -H 'user-agent: Mozilla/5.0 (X11; Linux x86_64)' \\
  --data-raw $'{"name":"It\\'s \\u00fc\\u0021"}'"""
_CHROME_CMD = """curl ^"https://api.example.com/v1/pets^" ^
  -H ^"accept: application/json^" ^
  -H ^"content-type: application/json^" ^
  --data-raw ^"^{^\\^"name^\\^":^\\^"Rex ^& Co^\\^"^}^\""""
_FIREFOX = """curl 'https://api.example.com/v1/pets' --compressed -X POST -H 'User-Agent: Mozilla/5.0' \
-H 'Content-Type: application/json' -H 'Origin: https://example.com' -H 'Connection: keep-alive' \
-H 'Sec-Fetch-Site: same-site' -H 'TE: trailers' --data-raw '{"name":"Rex","age":4}'"""
_FIREFOX_POSIX = f"""curl '{_URL}' \\
  -X POST \\
  -H 'Content-Type: application/json' \\
  --data-raw $'{{"name":"It\\'s \\ud83d\\ude00\\041 \\xfc"}}'"""
_FIREFOX_CMD = f"""curl.exe ^"{_URL}^" ^\r
  -X POST ^\r
  -H ^"Content-Type: application/json^" ^\r
  --data-raw ^"^{{^\\^"name^\\^":^\\^"a^\\^\\b^\\^\\^"c^\\^"^}}^\""""
_POSTMAN = """curl --location 'https://api.example.com/v1/pets' \\
--header 'Content-Type: application/json' \\
--header 'Authorization: Bearer s3cr3t-token' \\
--data '{
    "name": "Rex"
}'"""


@pytest.mark.parametrize(
    ("line", "name"),
    [
        pytest.param(_CHROME, "It's ü!", id="chromium"),
        pytest.param(_CHROME_CMD, "Rex & Co", id="chromium-on-windows"),
        pytest.param(_FIREFOX, "Rex", id="firefox"),
        pytest.param(_FIREFOX_POSIX, "It's 😀! ü", id="firefox-with-other-scripts"),
        pytest.param(_FIREFOX_CMD, 'a\\b"c', id="firefox-on-windows"),
        pytest.param(_POSTMAN, "Rex", id="postman"),
    ],
)
def test_what_programs_copy(line: str, name: str) -> None:
    """Lines of browsers and of Postman are read, and their credentials are named alone."""
    result = _imported(line)
    words = shlex.split(result.stdout)
    assert ["dynacli", "pets", "add-pet"] == words[:3]
    assert name == words[words.index("--name") + 1]
    assert "s3cr3t" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("-H 'Authorization: Bearer s3cr3t-token'", "Authorization"),
        ("-u 'me:s3cr3t-password'", "Authorization"),
        ("--oauth2-bearer s3cr3t-token", "Authorization"),
        ("-H 'X-API-Key: s3cr3t-key'", "X-API-Key"),
        ("-b 'sid=s3cr3t-session'", "the cookie sid"),
        (
            """--json '{"name":"a","password":"s3cr3t-word","owner":{"api_key":"s3cr3t-too"}}'""",
            "the field password",
        ),
    ],
)
def test_credentials_are_named_and_never_printed(words: str, named: str) -> None:
    """Neither the line, nor a note, nor the data has one."""
    for form in ((), ("-o", "json")):
        result = _imported(f"curl {_URL} {words}", *form)
        assert result.exit_code == 0
        assert "s3cr3t" not in result.stdout + result.stderr
        assert named in result.stderr
    result = _imported(f"curl '{_URL}?api_key=s3cr3t-key'", "-o", "json")
    assert ["api_key"] == result.json[0]["credentials"]
    assert "s3cr3t" not in result.stdout + result.stderr


def test_what_the_document_does_not_know_is_said() -> None:
    """A pair of the query is given by its name; a field or a body that it lacks is left out, and named."""
    assert "list-pets --query colour=red\n" in _imported(f"curl '{_URL}?colour=red'").stdout
    assert "`colour`" in _imported("curl https://api.example.com/v1/form -d colour=red").stderr
    assert "a body of `text/plain`" in _imported(f"curl {_URL} -d x -H 'Content-Type: text/plain'").stderr
    assert "`--insecure`" in _imported(f"curl -k {_URL}").stderr
    assert "`| jq .`" in _imported(f"curl {_URL} | jq .").stderr


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(f"curl '{_URL}", "begins with `'` at character 6", id="quote"),
        pytest.param(f'curl "{_URL}', 'begins with `"` at character 6', id="double-quote"),
        pytest.param(f"curl $'{_URL}", "begins with `$'` at character 6", id="ansi-c-quote"),
        pytest.param(f"curl --colour {_URL}", "`--colour` is not known", id="unknown-option"),
        pytest.param(f"curl --compresed {_URL}", "Did you mean `--compressed`?", id="near-option"),
        pytest.param(f"curl -q9 {_URL}", "`-q9` is not known", id="unknown-letter"),
        pytest.param("curl -H", "`-H` has no value", id="no-value"),
        pytest.param("curl -v", "The command has no URL", id="no-url"),
        pytest.param(f"curl {_URL} {_URL}", "several URLs", id="two-urls"),
        pytest.param("curl 'https://[::1/'", "no URL that could be read", id="bad-url"),
        pytest.param("wget x", "cannot be read", id="no-file"),
        pytest.param('Invoke-WebRequest -Uri "https://a.example"', "This is for PowerShell", id="powershell"),
        pytest.param('fetch("https://a.example", {});', "This is for JavaScript", id="javascript"),
        pytest.param("", "This is not a curl command", id="empty"),
        pytest.param(
            "curl https://elsewhere.example/v1/pets",
            "No operation matches",
            id="elsewhere",
        ),
        pytest.param(f"curl -X DELETE {_URL}", "No operation matches", id="no-such-method"),
    ],
)
def test_bad_input(line: str, reason: str) -> None:
    """What is wrong is named; nothing is printed."""
    result = _imported(line)
    assert result.stdout.strip() == ""
    assert result.exit_code == (12 if line.startswith("wget") else 2)
    assert reason in result.stderr


@pytest.mark.parametrize(("style", "text"), [("csv", "a,b"), ("ssv", "a b"), ("pipes", "a|b")])
def test_a_list_in_a_header_is_read_in_its_format(style: str, text: str) -> None:
    """Swagger 2.0 has formats of lists in a header that OpenAPI 3 does not have."""
    listed = {"type": "array", "items": {"type": "string"}, "collectionFormat": style}
    get = operation("getPets", {"name": "X-Ids", "in": "header", **listed})
    swagger = {"swagger": "2.0", "info": {"title": "Pets", "version": "1"}, "host": "api.example.com"}
    api = save({**swagger, "schemes": ["https"], "paths": {"/pets": {"get": get}}})
    result = run_cli("import", "curl", f"curl https://api.example.com/pets -H 'X-Ids: {text}'", "--api", api)
    assert result.stdout.endswith(" get-pets --x-ids a --x-ids b\n")


def test_a_document_is_named_where_nothing_is_registered() -> None:
    """`--api` takes any document, whose operations then may be at any server; a line may come from a pipe."""
    line = "curl https://other.example/base/v9/pets/7"
    assert "No API is registered" in run_cli("import", "curl", line).stderr
    api = _api()
    result = run_cli("import", "curl", "-", "--api", api, stdin=line.encode())
    assert f"dynacli {api} get-pet 7 --server https://other.example/base/v9\n" == result.stdout
    assert "does not have the server" in result.stderr


def test_the_line_makes_the_same_request() -> None:
    """What dynacli writes for curl comes back as the same request."""
    api = _api()
    calls: list[tuple[str, ...]] = [
        ("list-pets", "--limit=3", "--status=a,b", "--status=c", "--ids=1", "--ids=2", "--filter.age=3"),
        ("add-pet", "--name=-x", "--age=3", "--is-good=false", "--tags=a", "--owner.name=Ann"),
        ("add-pet", "--body=[1,2]"),
        ("send-form", "--name=a&b=c", "--age=3"),
        ("get-pet", "a/b c"),
        ("put-raw", "7", "--body=some text"),
    ]
    for words in calls:
        before = ("--validate=off", "--server=https://h.example/v7")
        curl = run_cli(*before, "--dry-run=curl", api, *words).stdout
        line = run_cli("import", "curl", curl, "--api", api).stdout
        expected: dict[str, Any] = run_cli(*before, "--dry-run=json", api, *words).json
        found = run_cli("--validate=off", "--dry-run=json", *shlex.split(line)[1:]).json
        assert _comparable(expected) == _comparable(found), line


@pytest.mark.parametrize("is_exploded", [False, True])
@pytest.mark.parametrize("style", ["simple", "label", "matrix"])
def test_a_path_is_read_in_its_styles(style: str, *, is_exploded: bool) -> None:
    """A value, a list and an object of a path come back as options, whatever stands between their items."""
    text = {"type": "string"}
    kinds = {
        "one": text,
        "many": {"type": "array", "items": text},
        "record": {"type": "object", "properties": {"a": text, "b": text}},
    }
    parameters = [
        parameter(name, schema, "path", style=style, explode=is_exploded) for name, schema in kinds.items()
    ]
    api = save_api(get("/v/{one}/{many}/{record}", "show", *parameters))
    words = ("--one=x,y", "--many=1", "--many=a b", "--record.a=c", "--record.b=d")
    before = ("--validate=off", "--server=https://h.example")
    curl = run_cli(*before, "--dry-run=curl", api, "show", *words).stdout
    line = run_cli("import", "curl", curl, "--api", api).stdout
    expected = run_cli(*before, "--dry-run=json", api, "show", *words).json
    assert expected == run_cli("--validate=off", "--dry-run=json", *shlex.split(line)[1:]).json, line


def _comparable(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {**request, "body": json.loads(request["body"])}
    except (TypeError, ValueError):
        return request
