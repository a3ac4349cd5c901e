"""Documents and edits, each with all that is to report of it, and what the program oasdiff says of the same.

The expected changes come from OpenAPI, JSON Schema and the RFCs, and were compared with oasdiff's rules. If the two
differ, `why` says who is right. A row of a file has what `Edit` has; `base` is a document of `base.yaml`, `!gone`
removes a place, and `!of POINTER` is the value at another place of the document before.
"""

from pathlib import Path

from tests.features.changes.edits.model import Edit, edits_of

__all__ = ["EDITS", "Edit"]

_SUBJECTS = (
    *(
        "operations",
        "parameters",
        "bodies",
        "responses",
        "types",
        "values",
        "objects",
        "alternatives",
        "security",
    ),
    *("documents", "modern", "dialects", "swagger"),
)
EDITS: tuple[Edit, ...] = tuple(
    edit for subject in _SUBJECTS for edit in edits_of(Path(__file__).with_name(f"{subject}.yaml"))
)
