"""Times a thousand rows of `dynacli batch` against as many runs of curl, and against a loop of httpx's own client."""

import shutil
import sys
from pathlib import Path

from tests.bench.process import Comparison, compare
from tests.bench.setting import Setting

_CALLS = 1_000
_URL = "ORIGIN/repos/octocat/hello-world/issues/"
_LOOP = """
import httpx
with httpx.Client() as client:
    for number in range(1, 1001):
        client.get(f"URL{number}").raise_for_status().json()
"""


def against_curl(setting: Setting, pairs: int) -> Comparison | None:
    """Hold four rows at once against four curl at once; None if curl or xargs is missing."""
    shell = shutil.which("sh")
    if shell is None or shutil.which("curl") is None or shutil.which("xargs") is None:
        return None
    url = _URL.replace("ORIGIN", setting.origin)
    line = f"seq {_CALLS} | xargs -P 4 -I NUMBER curl -s -f -o /dev/null {url}NUMBER"
    return compare([shell, "-c", line], _batch(setting), setting.variables, min(pairs, 5))


def against_httpx(setting: Setting, pairs: int) -> Comparison:
    """Hold four rows at once against one call after the other, over a connection that is kept."""
    loop = [sys.executable, "-c", _LOOP.replace("URL", _URL.replace("ORIGIN", setting.origin))]
    return compare(loop, _batch(setting), setting.variables, min(pairs, 5))


def _batch(setting: Setting) -> list[str]:
    rows = Path(setting.directory, "rows.csv")
    lines = "".join(f"octocat,hello-world,{number}\n" for number in range(1, _CALLS + 1))
    rows.write_text(f"owner,repo,issue-number\n{lines}")
    words = ("batch", "github", "issues-get", str(rows), "--server", "ORIGIN", "--parallel", "4")
    return setting.call(*words)
