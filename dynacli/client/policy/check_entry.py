"""The entry of an API in the configuration is checked as a whole, with its profiles and policies."""

from collections.abc import Mapping
from typing import Any

from dynacli.client.policy.policy_rules import rules_of
from dynacli.client.profiles import KEYS, malformed, wrong_in_profile
from dynacli.environment import Environment

__all__ = ["check_entry"]


def check_entry(env: Environment, name: str, entry: Mapping[str, Any]) -> None:
    """Check what an entry, and its profiles, say of calls.

    Args:
        name: Of the API.

    Raises:
        FileError: They cannot be used.
    """
    profiles = entry.get("profiles", {})
    if not isinstance(profiles, dict):
        raise malformed(env, f"`profiles` of `{name}`", "they are tables")
    own = {key: entry[key] for key in KEYS if key in entry}
    tables = [(f"the entry of `{name}`", f"apis.{name}", own)]
    tables += [
        (f"the profile `{key}` of `{name}`", f"apis.{name}.profiles.{key}", profile)
        for key, profile in profiles.items()
    ]
    for part, place, table in tables:
        wrong = wrong_in_profile(table)
        if wrong:
            raise malformed(env, part, wrong)
        if "policy" in table:
            rules_of(env, table["policy"], f"{place}.policy")
