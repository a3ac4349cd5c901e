"""The documents that edits start from, and pointers into them."""

from pathlib import Path
from typing import Any

import yaml

_DOCUMENTS: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("base.yaml").read_bytes())
PETS, MODERN, SWAGGER = (_DOCUMENTS[name] for name in ("PETS", "MODERN", "SWAGGER"))

SCHEMAS = "/components/schemas"
PET = "/components/schemas/Pet/properties"
NEW_PET = "/components/schemas/NewPet/properties"
LIST = "/paths/~1pets/get"
CREATE = "/paths/~1pets/post"
ADMIN = "/paths/~1admin/post"
REPLACE = "/paths/~1pets~1{petId}/put"
