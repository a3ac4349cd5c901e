"""Each format that is made of an answer's value says what the answer said, for each kind of JSON value."""

import io

import pytest

from dynacli.environment import Environment
from dynacli.output.output_form import OutputForm
from dynacli.output.render import write_body

JSON = "application/json"
PETS = b'{"pets": [{"id": 1, "name": "Rex", "tags": ["a", "b"]}, {"id": 2, "price": 1.10, "name": null}], "total": 2}'
PET = b'{"id": 12345678901234567890, "name": "Rex, \\"the\\"\\tdog", "owner": {"login": "ann"}, "on": true}'
FORMATS = ("table", "csv", "tsv", "ndjson", "lines", "gron")


def written(body: bytes, form: OutputForm, media_type: str = JSON) -> str:
    """Return what is written of a body in a pipe."""
    stdout = io.TextIOWrapper(io.BytesIO())
    write_body(Environment(stdout=stdout, stderr=io.StringIO(), variables={}), body, media_type, form)
    return stdout.buffer.getvalue().decode()


ANSWERS: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "list in an object": (
        PETS,
        (
            'id  name  price  tags\n--  ----  -----  ---------\n 1  Rex          ["a","b"]\n 2         1.10\n',
            'id,name,tags,price\r\n1,Rex,"[""a"",""b""]",\r\n2,,,1.10\r\n',
            'id\tname\ttags\tprice\n1\tRex\t["a","b"]\t\n2\t\t\t1.10\n',
            '{"id":1,"name":"Rex","tags":["a","b"]}\n{"id":2,"price":1.10,"name":null}\n',
            '{"id":1,"name":"Rex","tags":["a","b"]}\n{"id":2,"price":1.10,"name":null}\n',
            (
                'json = {};\njson.pets = [];\njson.pets[0] = {};\njson.pets[0].id = 1;\njson.pets[0].name = "Rex";\n'
                'json.pets[0].tags = [];\njson.pets[0].tags[0] = "a";\njson.pets[0].tags[1] = "b";\n'
                "json.pets[1] = {};\njson.pets[1].id = 2;\njson.pets[1].price = 1.10;\njson.pets[1].name = null;\n"
                "json.total = 2;\n"
            ),
        ),
    ),
    "object": (
        PET,
        (
            'id     12345678901234567890\nname   Rex, "the"\\tdog\nowner  {"login":"ann"}\non     true\n',
            'id,name,owner,on\r\n12345678901234567890,"Rex, ""the""\tdog","{""login"":""ann""}",true\r\n',
            'id\tname\towner\ton\n12345678901234567890\tRex, "the"\\tdog\t{"login":"ann"}\ttrue\n',
            '{"id":12345678901234567890,"name":"Rex, \\"the\\"\\tdog","owner":{"login":"ann"},"on":true}\n',
            '{"id":12345678901234567890,"name":"Rex, \\"the\\"\\tdog","owner":{"login":"ann"},"on":true}\n',
            (
                'json = {};\njson.id = 12345678901234567890;\njson.name = "Rex, \\"the\\"\\tdog";\n'
                'json.owner = {};\njson.owner.login = "ann";\njson.on = true;\n'
            ),
        ),
    ),
    "texts": (
        b'["a b", "c\\nd", "\\\\e", ""]',
        (
            "value\n-----\na b\nc\\nd\n\\e\n\n",
            'value\r\na b\r\n"c\nd"\r\n\\e\r\n""\r\n',
            "value\na b\nc\\nd\n\\\\e\n\n",
            '"a b"\n"c\\nd"\n"\\\\e"\n""\n',
            "a b\nc\\nd\n\\e\n\n",
            'json = [];\njson[0] = "a b";\njson[1] = "c\\nd";\njson[2] = "\\\\e";\njson[3] = "";\n',
        ),
    ),
    "numbers": (
        b"[1e400, -0, 1.50, 1E+2, 0.1]",
        (
            "value\n-----\n1e400\n   -0\n 1.50\n 1E+2\n  0.1\n",
            "value\r\n1e400\r\n-0\r\n1.50\r\n1E+2\r\n0.1\r\n",
            "value\n1e400\n-0\n1.50\n1E+2\n0.1\n",
            "1e400\n-0\n1.50\n1E+2\n0.1\n",
            "1e400\n-0\n1.50\n1E+2\n0.1\n",
            "json = [];\njson[0] = 1e400;\njson[1] = -0;\njson[2] = 1.50;\njson[3] = 1E+2;\njson[4] = 0.1;\n",
        ),
    ),
    "lists in a list": (
        b'[["a", 1], ["b"]]',
        (
            "0  1\n-  -\na  1\nb\n",
            "0,1\r\na,1\r\nb,\r\n",
            "0\t1\na\t1\nb\t\n",
            '["a",1]\n["b"]\n',
            '["a",1]\n["b"]\n',
            'json = [];\njson[0] = [];\njson[0][0] = "a";\njson[0][1] = 1;\njson[1] = [];\njson[1][0] = "b";\n',
        ),
    ),
    "text": (
        b'"a"',
        ("value\n-----\na\n", "value\r\na\r\n", "value\na\n", '"a"\n', "a\n", 'json = "a";\n'),
    ),
    "number": (
        b"1.10",
        ("value\n-----\n 1.10\n", "value\r\n1.10\r\n", "value\n1.10\n", "1.10\n", "1.10\n", "json = 1.10;\n"),
    ),
    "null": (b"null", ("", "", "", "", "", "json = null;\n")),
    "empty list": (b"[]", ("", "", "", "", "", "json = [];\n")),
    "empty object": (b"{}", ("", "", "", "{}\n", "{}\n", "json = {};\n")),
    "nothing": (b"", ("", "", "", "", "", "")),
    "odd keys": (
        b'{"a.b": 1, "": 2, "in": 3, "\xc3\xbc": "=1+1"}',
        (
            "a.b  1\n     2\nin   3\nü    =1+1\n",
            "a.b,,in,ü\r\n1,2,3,=1+1\r\n",
            "a.b\t\tin\tü\n1\t2\t3\t=1+1\n",
            '{"a.b":1,"":2,"in":3,"ü":"=1+1"}\n',
            '{"a.b":1,"":2,"in":3,"ü":"=1+1"}\n',
            'json = {};\njson["a.b"] = 1;\njson[""] = 2;\njson["in"] = 3;\njson["ü"] = "=1+1";\n',
        ),
    ),
}


@pytest.mark.parametrize(("body", "shown"), ANSWERS.values(), ids=list(ANSWERS))
def test_a_format_says_what_the_answer_said(body: bytes, shown: tuple[str, ...]) -> None:
    """In a pipe nothing is left out or shortened, and every number has its digits."""
    assert dict(zip(FORMATS, shown, strict=True)) == {
        name: written(body, OutputForm(name)) for name in FORMATS
    }
