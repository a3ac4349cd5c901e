"""Pairs of a description and a message, each with all that is wrong with it by the specification.

The expected findings come from OpenAPI, JSON Schema and the RFCs, not from what the validator says.

A row of a file has `name`, `expected` and what `Pair` has, one of these descriptions, and the components `schemas`:

- `schema`, or `no_schema: true`, of the JSON body of a 200 response; `media_type` for another media type, and `came`
  for that of the response if it differs
- `responses` of an operation
- `operation`, which is sent to `path`
- a whole `document`

The message is `value`, or `body` if its text matters, beside the schema, in a `response` or in a `request`.
"""

from pathlib import Path

import yaml

from tests.validation.pairs.model import Pair, pair_of

__all__ = ["PAIRS", "Pair"]

_SUBJECTS = (
    *(
        "scalars",
        "texts",
        "formats",
        "objects",
        "arrays",
        "alternatives",
        "references",
        "directions",
        "responses",
    ),
    *("headers", "bodies", "bad_input", "exact", "wrong_schemas", "swagger", "requests"),
)
PAIRS: tuple[Pair, ...] = tuple(
    pair_of(row)
    for subject in _SUBJECTS
    for row in yaml.load(Path(__file__).with_name(f"{subject}.yaml").read_bytes(), yaml.CSafeLoader)
)
