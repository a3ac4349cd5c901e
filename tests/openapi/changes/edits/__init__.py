"""Documents and edits, each with all that is to be told of it, and what the program oasdiff says of the same.

What is expected was read out of OpenAPI, JSON Schema and the RFCs, and held against oasdiff's rules; where the
two differ it is written down who is right.
"""

from tests.openapi.changes.edits import (
    alternatives,
    answers,
    bodies,
    dialects,
    documents,
    modern,
    objects,
    operations,
    parameters,
    security,
    swagger,
    types,
    values,
)
from tests.openapi.changes.edits.model import Edit

__all__ = ["EDITS", "Edit"]

EDITS: tuple[Edit, ...] = (
    *operations.EDITS,
    *parameters.EDITS,
    *bodies.EDITS,
    *answers.EDITS,
    *types.EDITS,
    *values.EDITS,
    *objects.EDITS,
    *alternatives.EDITS,
    *security.EDITS,
    *documents.EDITS,
    *modern.EDITS,
    *dialects.EDITS,
    *swagger.EDITS,
)
