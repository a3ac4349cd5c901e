"""The command `policy explain`: whether a call would be allowed, and which rule decides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.client.call import base_url_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.policy.permission import decision_on, is_asked_about
from dynacli.client.policy.policy_rules import ALLOWED, CONFIRMED, DENIED, Decision, strictest, unknown_words
from dynacli.client.readings import Sent, SentValues
from dynacli.errors import UsageError
from dynacli.http.built_request import Request
from dynacli.registry.configuration import Configuration
from dynacli.registry.configuration_text import line_of

if TYPE_CHECKING:
    from dynacli.client.call_settings import CallSettings

_ENDINGS = {
    ALLOWED: "would be called",
    CONFIRMED: "would be called after the user agrees",
    DENIED: "would not be called",
}


class Explanation(NamedTuple):
    """The explanation of a decision about a call.

    Args:
        described: The operation.
        decision: The decision of the policy.
        effect: `ALLOWED`, `CONFIRMED` or `DENIED`; this includes the rules without a policy.
        exit_code: 0 if the call would be made here, possibly after the user agrees; else 11.
        is_asked: Whether the user would be asked.
        has_policy: Whether there is a policy.
        unknown: (table, list, entry) of the entries that match no operation.
        file: The path of the configuration.
        line: The line in the configuration that decides; None if no line does.
    """

    described: DescribedOperation
    decision: Decision
    effect: str
    exit_code: int
    is_asked: bool
    has_policy: bool
    unknown: tuple[tuple[str, str, str], ...]
    file: str
    line: int | None

    def as_json(self) -> dict[str, Any]:
        """Return it as data."""
        operation, decision = self.described.operation, self.decision
        decider = {
            "table": decision.place,
            "list": decision.key,
            "entry": decision.word or None,
            "file": self.file,
            "line": self.line,
        }
        return {
            "api": self.described.api.name,
            "operation": operation.name,
            "method": operation.method,
            "path": operation.path,
            "decision": self.effect,
            "decided_by": decider if decision.place else None,
            "reason": self._reason(),
            "asked": self.is_asked,
            "exit_code": self.exit_code,
            "unknown": [{"table": place, "list": key, "entry": word} for place, key, word in self.unknown],
        }

    def sentences(self) -> list[str]:
        """Return what would become of the call, and why, a sentence each."""
        operation = self.described.operation
        place = f"{operation.method} {operation.path}"
        name = place if operation.name == place else f"{operation.name} ({place})"
        place = f"Line {self.line} of `{self.file}`" if self.line else f"In `{self.file}`"
        return [
            f"{name} of {self.described.api.name} {_ENDINGS[self.effect]}",
            self._reason(),
            *([place] if self.decision.place else []),
            self._here(),
        ]

    def _reason(self) -> str:
        if self.decision.place:
            return self.decision.reason
        said = "No rule of the policy matches" if self.has_policy else "There is no policy"
        if self.described.operation.method == "DELETE":
            return f"{said}, and a DELETE removes something: dynacli asks on a terminal, and sends it without one"
        return said

    def _here(self) -> str:
        if self.effect == DENIED:
            return "Result: refused (exit 11), whatever you give"
        if self.exit_code:
            return "Result: refused (exit 11) without `--yes`, because there is no terminal to ask on"
        return (
            "Result: allowed, because `--yes` has agreed"
            if self.is_asked
            else "Result: allowed without confirmation"
        )


def _decisions(described: DescribedOperation, settings: CallSettings, target: str) -> Iterator[Decision]:
    """Yield what the policy says of an operation, and what those say of other APIs with the same server."""
    path = target.partition("?")[0]
    values = SentValues(Request(described.operation.method, target))
    yield decision_on(described, settings.bounds, sent=Sent((path,), values) if path else None)
    if settings.others is not None:
        with suppress(UsageError):  # a call without a server goes nowhere
            url = base_url_of(described, settings) + (path or described.operation.path)
            yield settings.others.decision(described.operation.method, url, {}, values)


def explain_policy(described: DescribedOperation, settings: CallSettings, target: str = "") -> Explanation:
    """Return what would become of a call of an operation, in these surroundings.

    Args:
        target: The path, with its query, by which the operation was named; empty if it was named otherwise.
    """
    decision, consent = strictest(_decisions(described, settings, target)), settings.consent
    effect, exit_code, is_asked = decision.effect, 0, False
    if effect == DENIED:
        exit_code = 11
    elif (effect == CONFIRMED or is_asked_about(described, settings.bounds)) and not consent.is_given:
        is_asked = consent.ask is not None
        is_refused = not is_asked and (effect == CONFIRMED or consent.is_required)
        exit_code = 11 if is_refused else 0
        effect = CONFIRMED if is_asked or is_refused else effect
    policy = settings.policy
    unknown = () if policy is None else tuple(unknown_words(policy, described.api.catalog))
    configuration = Configuration(described.api.open_request.env)
    name = decision.path[1] if decision.place else described.api.name
    line = line_of(configuration.text_of(name), decision.path, decision.word) if decision.place else None
    is_there = policy is not None or bool(decision.place)
    return Explanation(
        described, decision, effect, exit_code, is_asked, is_there, unknown, configuration.path_of(name), line
    )
