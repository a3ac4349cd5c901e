"""As a program, dynacli imports libraries without what they hardly use; nothing else about a run changes."""

import subprocess
import sys


def _printed(code: str) -> list[str]:
    """Run code in a process that is dynacli's own, and return the lines that it prints."""
    program = f"import dynacli; dynacli.is_own_process = True\n{code}"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "" == ended.stderr
    return ended.stdout.splitlines()


def test_jsonschema_rs_is_imported_without_the_date_of_its_build() -> None:
    """It judges as ever, and other code gets the real `email.utils`."""
    code = """
from dynacli.lean_imports import import_jsonschema_rs
import_jsonschema_rs()
import_jsonschema_rs()
import sys
print("email.utils" in sys.modules)
from jsonschema_rs import is_valid
print(is_valid({"type": "string", "maxLength": 1}, "ab"))
import email.utils
print(email.utils.parsedate_to_datetime("Sun, 8 Nov 2026 16:26:25 +0000").year)
"""
    assert ["False", "False", "2026"] == _printed(code)
