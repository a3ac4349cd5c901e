"""Pairs of a description and a message, each with all that is wrong with it by the specification.

What is expected was read out of OpenAPI, JSON Schema and the RFCs, not taken from what the judge says.
"""

from tests.validation.pairs import (
    alternatives,
    answers,
    arrays,
    bad_input,
    bodies,
    directions,
    exact,
    formats,
    headers,
    objects,
    references,
    requests,
    scalars,
    swagger,
    texts,
    wrong_schemas,
)
from tests.validation.pairs.model import Pair

__all__ = ["PAIRS", "Pair"]

PAIRS: tuple[Pair, ...] = (
    *scalars.PAIRS,
    *texts.PAIRS,
    *formats.PAIRS,
    *objects.PAIRS,
    *arrays.PAIRS,
    *alternatives.PAIRS,
    *references.PAIRS,
    *directions.PAIRS,
    *answers.PAIRS,
    *headers.PAIRS,
    *bodies.PAIRS,
    *bad_input.PAIRS,
    *exact.PAIRS,
    *wrong_schemas.PAIRS,
    *swagger.PAIRS,
    *requests.PAIRS,
)
