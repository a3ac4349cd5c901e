"""Validates a response in-process: `python -m tests.bench.validator CATALOG OPERATION BODY TIMES`.

It prints how many seconds that took at the median: reading the body, and validating it.
"""

import sys
import time
from pathlib import Path
from statistics import median

from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.validation.validated_messages import ValidatedResponse
from dynacli.validation.validator import Validator

__all__: list[str] = []

_JSON = "application/json"


def _main() -> int:
    catalog, name, body = Catalog(sys.argv[1]), sys.argv[2], Path(sys.argv[3]).read_bytes()
    seconds = []
    for _ in range(int(sys.argv[4])):
        validator = Validator(catalog, catalog.operation(name))
        began = time.perf_counter()
        validation = validator.response(ValidatedResponse(200, {"content-type": _JSON}, _JSON, body))
        seconds.append(time.perf_counter() - began)
        if validation.findings or validation.not_validated or validation.failures:
            sys.stderr.write(f"{validation.findings[:1]} {validation.not_validated} {validation.failures}\n")
            return 1
    sys.stdout.write(f"{median(seconds)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main())
