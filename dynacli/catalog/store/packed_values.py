"""How a catalog holds values: with a checksum, and compressed where that is worth it."""

import zlib

__all__ = ["pack", "unpack"]

_CHECKSUM = 8
"""The length of the checksum in front of a value that is not compressed."""

_SHORTEST, _LONGEST = 120, 1 << 26
"""How many characters a value has that is compressed: to a third, which takes less time than writing the rest."""

# Texts that most values contain, so that short values can be compressed, too. They are a part of the format: what was
# written with others cannot be read. The most usual come last (zlib's manual, `deflateSetDictionary`).
_WORDS = (
    b'"allowReserved":true,"allowEmptyValue":true,"writeOnly":true,"discriminator":{"propertyName":"type","mapping":'
    b'{"additionalProperties":false,"anyOf":[{"oneOf":[{"allOf":[{"nullable":true,"readOnly":true,"deprecated":true,'
    b'"format":"date-time","format":"uuid","format":"int32","format":"int64","minimum":0,"maximum":100,"minLength":1,'
    b'"maxLength":255,"pattern":"^[a-zA-Z0-9_-]+$","example":"externalDocs":{"url":"https://"callbacks":{"x-"title":"'
    b'"security":[{"":[]}],"tags":["items":{"type":"string"}},"type":"array","type":"boolean","type":"integer",'
    b'"type":"number","type":"object","default":"enum":["properties":{"id":{"description":"required":["name":"'
    b'"location":"header","option":"style":"form","explode":true,"location":"path","is_required":true,"style":"simple"'
    b',"location":"query","value":{"type":"string"},"aliases":["limits":{"items":{"type":"string"}}'
    b'{"name":"","operation_id":"","method":"GET","path":"/","summary":"","description":"","tags":[""],'
    b'"is_deprecated":false,"aliases":[],"parameters":[],"body":{"content":[{"name":"application/json","options":0}],'
    b'"is_required":true,"description":""},"responses":[0,1],"security":[[{"name":"kind":"oauth2","scopes":[]}]],'
    b'"example":[""]}{"path_item":{},"operation":{"operationId":"summary":"description":"parameters":[{"name":"in":'
    b'"path","required":true,"schema":{"type":"string"}},{"in":"query","required":false,"schema":{"type":"integer"}},'
    b'{"$ref":"#/components/parameters/"requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":'
    b'"#/components/schemas/"}}}},"responses":{"201":{"description":"Created","204":{"description":"No Content"},'
    b'"400":{"description":"Bad Request","401":{"description":"Unauthorized","403":{"description":"Forbidden",'
    b'"404":{"description":"Not found","422":{"$ref":"#/components/responses/"},"500":"default":{"description":"error",'
    b'"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Error"}}}},"200":{"description":"OK",'
    b'"content":{"application/json":{"schema":{"$ref":"#/components/schemas/"}}}}}}}'
)


def pack(text: str) -> str | bytes:
    """Return a text in the form that the catalog holds."""
    if not _SHORTEST <= len(text) <= _LONGEST:
        return _checksum_of(text) + text
    # The levels above 1 take longer, and save a twentieth more.
    writer = zlib.compressobj(1, zdict=_WORDS)
    return writer.compress(text.encode("utf-8", "surrogatepass")) + writer.flush()


def unpack(packed: object) -> str:
    """Return the text that was packed.

    Raises:
        ValueError: The value is damaged.
    """
    if type(packed) is bytes:
        # zlib has a checksum of its own (RFC 1950, section 2.2).
        reader = zlib.decompressobj(zdict=_WORDS)
        try:
            text = reader.decompress(packed, 4 * _LONGEST)
        except zlib.error as error:
            raise ValueError(str(error)) from error
        if not reader.eof or reader.unused_data:
            raise ValueError("it is cut, too long, or has something behind it")
        return text.decode("utf-8", "surrogatepass")
    if type(packed) is not str or packed[:_CHECKSUM] != _checksum_of(packed[_CHECKSUM:]):
        raise ValueError("the checksum does not fit")
    return packed[_CHECKSUM:]


def _checksum_of(text: str) -> str:
    return f"{zlib.crc32(text.encode('utf-8', 'surrogatepass')):08x}"
