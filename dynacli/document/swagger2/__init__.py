"""Turns Swagger 2.0 documents into OpenAPI 3.0 ones, offline and part by part.

- `conversion` does it, and says where each part came from; `ledger` is the book that all parts write in.
- `servers`, `security`, `schemas`, `parameters`, `bodies`, `responses`, `operations`, `components`:
  one part of the document each.
- `references` comes last: only then it is known where everything went.
"""

from dynacli.document.swagger2.conversion import Conversion, convert

__all__ = ["Conversion", "convert"]
