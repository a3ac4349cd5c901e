"""XML and its values: as the `xml` objects of a document describe them, and nothing that attacks by XML."""

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dynacli.media import _xml_value
from dynacli.media._xml_value import NoXmlError, XmlError, xml_text, xml_value
from dynacli.text.exact_json import compact_json

_PET = {
    "type": "object",
    "xml": {"name": "pet"},
    "properties": {
        "id": {"type": "integer", "xml": {"attribute": True}},
        "price": {"type": "number"},
        "ok": {"type": "boolean"},
    },
}
_COMPONENTS: dict[str, Any] = {
    "Pet": _PET,
    "Tag": {"type": "object", "properties": {"a": {"type": "string"}}},
}
_TABLE = yaml.safe_load(Path(__file__).with_name("xml_values.yaml").read_text(encoding="utf-8"))


def _resolve(reference: str) -> Any:
    return _COMPONENTS[reference.rpartition("/")[2]]


@pytest.mark.parametrize("row", _TABLE, ids=[row["name"] for row in _TABLE])
def test_a_value_and_its_xml(row: dict[str, Any]) -> None:
    """XML is read into the value, and written from it, as the schema says."""
    assert row["value"] == xml_value(row["xml"].encode(), row["schema"], _resolve)
    assert row["xml"] == xml_text(row["value"], row["schema"], _resolve)


@pytest.mark.parametrize(
    ("xml", "schema", "value"),
    [
        ("<pet id='007'><price>+.50</price><ok>0</ok></pet>", _PET, {"id": 7, "price": 0.5, "ok": False}),
        ("<pet id='x'><price/><ok>yes</ok></pet>", _PET, {"id": "x", "price": "", "ok": "yes"}),
        ("<x:pet xmlns:x='urn:any'><x:ok>1</x:ok></x:pet>", _PET, {"ok": True}),
        ("<other><ok>true</ok></other>", _PET, {"ok": True}),
        ("<a xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='true'/>", _PET, None),
        ("<pet>\n  <ok> true </ok>\n</pet>", _PET, {"ok": True}),
        ("<pet><ok>true</ok><ok>false</ok></pet>", _PET, {"ok": [True, False]}),
        ("<pet><ok><b/></ok></pet>", _PET, {"ok": {"b": ""}}),
        ("<n unit='kg'>5</n>", {"type": "integer"}, 5),
        ("<n/>", {"type": ["integer", "null"]}, None),
        ("<n>5</n>", {"type": ["integer", "string"]}, "5"),
        ("<a><![CDATA[<b>]]></a>", {"type": "string"}, "<b>"),
        ("<a>x<!-- no --><?p no?>y</a>", {"type": "string"}, "xy"),
        (
            "<r><a xmlns='urn:1'>1</a><a xmlns='urn:2'>2</a></r>",
            {"properties": {"a": {"type": "integer", "xml": {"namespace": "urn:2"}}}},
            {"a": 2, "#a": "1"},
        ),
    ],
)
def test_xml_is_read_leniently(xml: str, schema: Any, value: Any) -> None:
    """What differs from the document is in the value, where the validator finds it."""
    assert value == xml_value(xml.encode(), schema, _resolve)


def test_numbers_keep_their_digits() -> None:
    """A number is read as it came, however long."""
    found = xml_value(
        b"<n><a>1.10</a><a>123456789012345678901234567890</a></n>",
        {"properties": {"a": {"type": "array", "items": {"type": "number"}}}},
        _resolve,
    )
    assert '{"a":[1.10,123456789012345678901234567890]}' == compact_json(found)


def test_the_encoding_is_that_of_the_media_type_or_of_the_document() -> None:
    """The charset of the media type wins over the declaration (RFC 7303, section 3.2)."""
    declared = b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xfc</a>"
    assert "ü" == xml_value(declared, True, _resolve)
    assert "ü" == xml_value(
        "<?xml version='1.0' encoding='utf-16'?><a>ü</a>".encode("utf-16"), True, _resolve
    )
    assert "ü" == xml_value(
        "<?xml version='1.0' encoding='latin-1'?><a>ü</a>".encode(), True, _resolve, encoding="utf-8"
    )


_LAUGHS = (
    b"<!DOCTYPE a [<!ENTITY a 'ha'>"
    + b"".join(b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><a>&j;</a>"
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (_LAUGHS, "document type"),
        (b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "document type"),
        (b"<!DOCTYPE a SYSTEM 'http://127.0.0.1/a.dtd'><a/>", "document type"),
        (b"<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://127.0.0.1/x'> %x;]><a/>", "document type"),
        (b"<!DOCTYPE html><html/>", "document type"),
        (b"<a>&x;</a>", "undefined entity"),
        (b"<a>" * 100_000, "nested too deeply"),
        (b"<a>" + b"<b/>" * 5_001 + b"</a>", "more than 5,000"),
        (b"<a " + b" ".join(b"a%d=''" % n for n in range(5_001)) + b"/>", "more than 5,000"),
        (b"<?xml version='1.0' encoding='hex'?><a/>", "encoding"),
        (b"<?xml version='1.0' encoding='no-such'?><a/>", "encoding"),
        (b"<a", "not XML"),
        (b"\0", "not XML"),
        (b"<p:a/>", "unbound prefix"),
        (b"<a xmlns='" + b"u" * 1_001 + b"'/>", "namespace"),
    ],
    ids=["laughs", "file", "external-dtd", "parameter-entity", "html", "entity", "deep", "elements", "attributes",
         "codec", "encoding", "cut", "nul", "prefix", "namespace"],
)  # fmt: skip
def test_hostile_xml_is_refused(content: bytes, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No document type, no entity and nothing external is read, and limits of depth and number hold."""
    monkeypatch.setattr(_xml_value, "_MOST_PARTS", 5_000)
    with pytest.raises(XmlError, match=said):
        xml_value(content, True, _resolve)


@pytest.mark.no_cover
@pytest.mark.parametrize("xml", [{}, {"name": "a", "namespace": "urn:"}], ids=["names", "namespaces"])
def test_large_xml_and_a_large_schema_are_not_multiplied(xml: dict[str, str]) -> None:
    """Neither 2,000 elements nor 2,000 properties are gone through for each of the other."""
    own = [{**xml, "namespace": f"{xml['namespace']}{n}"} if xml else {} for n in range(2_000)]
    properties = {f"p{n}": {"type": "string", "xml": own[n]} for n in range(2_000)}
    schema = {"type": "array", "items": {"type": "object", "properties": properties}}
    content = b"<root>" + b"<i><p1999>x</p1999></i>" * 2_000 + b"<i>" + b"<a/>" * 2_000 + b"</i></root>"
    start = time.process_time()
    value = xml_value(content, schema, _resolve)
    assert ({"p1999": "x"}, 2_001) == (value[0], len(value))
    assert time.process_time() - start < 3


_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True)
_TEXTS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xD7FF), max_size=8).map(str.strip)
_VALUES = st.dictionaries(
    _NAMES,
    st.recursive(_TEXTS, lambda below: st.dictionaries(_NAMES, below, min_size=1, max_size=3), max_leaves=8),
)


@given(_VALUES)
def test_objects_of_texts_survive(value: dict[str, Any]) -> None:
    """A value without arrays is read back as it was written, whatever its names and texts are."""
    assert value == xml_value(
        xml_text(value, {"type": "object"}, _resolve).encode(), {"type": "object"}, _resolve
    )


@pytest.mark.parametrize("text", ["\0", "\x1b", "\ud800", "\uffff"])
def test_a_character_that_xml_does_not_have_is_refused(text: str) -> None:
    """XML 1.0 has no form for it, not even an escape."""
    with pytest.raises(NoXmlError, match="U\\+"):
        xml_text({"a": text}, True, _resolve)


def test_a_value_that_is_too_deep_is_refused() -> None:
    """So that what is written can be read."""
    value: Any = "x"
    for _ in range(300):
        value = {"a": value}
    with pytest.raises(NoXmlError, match="deeply"):
        xml_text(value, True, _resolve)
