"""The official JSON-Schema-Test-Suite passes by the way that responses take, but for what is listed with its reason."""

from collections.abc import Mapping
from typing import NamedTuple

import pytest

from tests.validation.json_schema_suite import Figures, figures

pytestmark = pytest.mark.outside

_FORMATS = (
    "formats are validated here (OpenAPI 3.1.1, Data Type Format), where the suite takes them for annotations"
)
_METASCHEMA = "the schemas of JSON Schema itself are at an address that no document may send anybody to"
_VOCABULARY = "a dialect that is not known is said to be read as 2020-12; its vocabularies are not fetched"
_TUPLES = "3.0 has no positions: `items` must be an object (OpenAPI 3.0.4, Schema Object)"
_NO_KEYWORD = "3.0 does not have the keyword (OpenAPI 3.0.4, Schema Object)"
_NO_ID = "3.0 does not have `id` (OpenAPI 3.0.4, Schema Object)"
_DEPENDENCIES = "`dependencies` was split in two in 2019-09 and means nothing since"
_READ_FIRST = "references are followed when the document is read, before the dialect of a schema is looked at"
_RECURSION = (
    "a `$recursiveRef`, which 3.1 does not have any more, means the schema around it and no outer one"
)

_LISTED_2020_12: Mapping[str, str] = {
    "format: ": _FORMATS,
    "defs: validate definition against metaschema": _METASCHEMA,
    "ref: remote ref, containing refs itself": _METASCHEMA,
    "vocabulary: ": _VOCABULARY,
}
_OPTIONAL_2020_12: Mapping[str, str] = {
    "optional/cross-draft: ": "a file of the document is read in the document's dialect, not in its own `$schema`",
    "optional/dependencies-compatibility: ": _DEPENDENCIES,
    "optional/format-assertion: ": _VOCABULARY,
    "optional/unknownKeyword: ": "an `$id` is one wherever it stands: what is unknown to JSON Schema may be a schema",
}
_LISTED_DRAFT_4: Mapping[str, str] = {
    "additionalItems: ": _TUPLES,
    "items: an array of schemas for items": _TUPLES,
    "items: items and subitems": _TUPLES,
    "items: array-form items with null instance elements": _TUPLES,
    "ref: relative pointer ref to array": _TUPLES,
    "uniqueItems: uniqueItems with an array of items": _TUPLES,
    "uniqueItems: uniqueItems=false with an array of items": _TUPLES,
    "dependencies: ": _NO_KEYWORD,
    "patternProperties: ": _NO_KEYWORD,
    "properties: properties, patternProperties, additionalProperties interaction": _NO_KEYWORD,
    "definitions: validate definition against metaschema": _METASCHEMA,
    "ref: remote ref, containing refs itself": _METASCHEMA,
    "ref: $ref prevents a sibling id from changing the base uri": _NO_ID,
    "ref: Recursive references between schemas": _NO_ID,
    "ref: Location-independent identifier": _NO_ID,
    "ref: id must be resolved against nearest parent, not just immediate parent": _NO_ID,
    "refRemote: base URI change": _NO_ID,
    "refRemote: Location-independent identifier in remote ref": _NO_ID,
}
_LISTED_DRAFT_7: Mapping[str, str] = {
    "definitions: validate definition against metaschema": _METASCHEMA,
    "ref: remote ref, containing refs itself": _METASCHEMA,
    "ref: $ref prevents a sibling $id from changing the base uri": _READ_FIRST,
}
_LISTED_2019_09: Mapping[str, str] = {
    "vocabulary: ": _VOCABULARY,
    "defs: validate definition against metaschema": _METASCHEMA,
    "ref: remote ref, containing refs itself": _METASCHEMA,
    "recursiveRef: $recursiveRef with nesting": _RECURSION,
    "recursiveRef: multiple dynamic paths to the $recursiveRef keyword": _RECURSION,
    "recursiveRef: dynamic $recursiveRef destination (not predictable at schema compile time)": _RECURSION,
    "unevaluatedItems: unevaluatedItems with $recursiveRef": _RECURSION,
    "unevaluatedProperties: unevaluatedProperties with $recursiveRef": _RECURSION,
}
_OPTIONAL_DRAFT_4: Mapping[str, str] = {
    "optional/id: id inside an enum is not a real identifier": _NO_ID,
    "optional/non-bmp-regex: Proper UTF-16 surrogate pair handling: patternProperties": _NO_KEYWORD,
}


class _Run(NamedTuple):
    """Files of the suite, and what of them is listed.

    Args:
        least: How many cases the suite had when this was written.
        dialect: What the schemas name as theirs.
    """

    draft: str
    version: str
    files: str
    listed: Mapping[str, str]
    least: int
    dialect: str = ""


_RUNS = {
    "2020-12": _Run("draft2020-12", "3.1.1", "*.json", _LISTED_2020_12, 1_257),
    "2020-12 in 3.2": _Run("draft2020-12", "3.2.0", "*.json", _LISTED_2020_12, 1_257),
    "2020-12, optional": _Run("draft2020-12", "3.1.1", "optional/*.json", _OPTIONAL_2020_12, 158),
    "2020-12, formats": _Run("draft2020-12", "3.1.1", "optional/format/*.json", {}, 491),
    "2019-09 by its name": _Run(
        "draft2019-09",
        "3.1.1",
        "*.json",
        _LISTED_2019_09,
        1_227,
        "https://json-schema.org/draft/2019-09/schema",
    ),
    "draft 7 by its name": _Run(
        "draft7", "3.1.1", "*.json", _LISTED_DRAFT_7, 913, "http://json-schema.org/draft-07/schema#"
    ),
    "draft 4 as 3.0 has it": _Run("draft4", "3.0.4", "*.json", _LISTED_DRAFT_4, 610),
    "draft 4, optional": _Run("draft4", "3.0.4", "optional/*.json", _OPTIONAL_DRAFT_4, 100),
    "draft 4, formats": _Run("draft4", "3.0.4", "optional/format/*.json", {}, 153),
}


@pytest.mark.sampled(0)
@pytest.mark.parametrize("run", _RUNS.values(), ids=_RUNS)
def test_the_suite(run: _Run) -> None:
    """Each case has the result of the suite, and what is listed fails indeed."""
    found: Figures = figures(run.draft, run.version, run.files, run.dialect)
    unlisted = [
        f"{name}: {case}: {validation}"
        for name, case, validation in found.others
        if not any(name.startswith(start) for start in run.listed)
    ]
    assert [] == unlisted
    stale = [start for start in run.listed if not any(name.startswith(start) for name, _, _ in found.others)]
    assert [] == stale
    assert found.cases >= run.least
