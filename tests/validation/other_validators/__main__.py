"""Prints where Prism and Schemathesis validate a pair otherwise than the specification.

Run it as `python -m tests.validation.other_validators`.
"""

import sys

from _pytest.outcomes import Skipped

from tests.validation.other_validators.disagreements import REASONS
from tests.validation.other_validators.programs import PROGRAMS, ask, compared, differing


def _main() -> None:
    pairs = {key: pair for key, pair, _ in compared()}
    for name in PROGRAMS:
        try:
            reported = ask(name)
        except Skipped as missing:
            sys.stdout.write(f"{missing.msg}\n")
            continue
        found = differing(reported)
        for key, said in found.items():
            right = "valid" if pairs[key].is_valid else "invalid"
            known = REASONS.get(name, {}).get(pairs[key].name, "NOT RECORDED")
            sys.stdout.write(
                f"{name:12} {said.validation:8} (is {right}) {key}\n    says: {said.why}\n    {known}\n"
            )
        alarms = sum(pairs[key].is_valid and said.validation == "invalid" for key, said in found.items())
        misses = sum(not pairs[key].is_valid and said.validation == "valid" for key, said in found.items())
        sys.stdout.write(
            f"{name}: {len(reported)} verdicts, {len(found)} differ:"
            f" {alarms} false alarms, {misses} misses, {len(found) - alarms - misses} without a verdict\n"
        )


if __name__ == "__main__":
    _main()
