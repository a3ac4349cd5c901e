"""Whether a call may be made: the policy decides, or the user confirms, before the request is built.

Without a policy, dynacli asks on a terminal before each DELETE. Without a terminal it sends the DELETE, so that
scripts work. If a terminal cannot be used for the question, the call needs `--yes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.policy.policy_rules import (
    ALLOWED,
    CONFIRMED,
    DENIED,
    LISTED_METHODS,
    READ_ONLY,
    READS,
    Decision,
    decide,
    only_reads,
)
from dynacli.client.readings import asked_by_headers
from dynacli.environment import Consent, invocation
from dynacli.errors import RefusedError
from dynacli.http.semantics import SAFE_METHODS
from dynacli.openapi.model.acting_names import acting_word

if TYPE_CHECKING:
    from dynacli.client.policy.policy_rules import Policy
    from dynacli.client.readings import Sent

_DESTROYING = "DELETE"
_NOTHING: Mapping[str, str] = {}


class Bounds(NamedTuple):
    """The rules for calls.

    Args:
        policy: The policy; None if the configuration has none.
        headers: Names and values of headers of all calls, which may override the method.
        consent: The user's consent to calls that need confirmation.
        reads_only_by: Command that allows only read-only operations, as named in messages; empty if there is none.
    """

    policy: Policy | None
    headers: tuple[tuple[str, str], ...]
    consent: Consent
    reads_only_by: str


def decision_on(
    described: DescribedOperation,
    bounds: Bounds,
    asked: Mapping[str, str] = _NOTHING,
    sent: Sent | None = None,
) -> Decision:
    """Return the decision of the policy on an operation.

    Args:
        asked: Further method that the server may execute → source of that method in the request.
        sent: Paths and values of the request; None before it is built.
    """
    if bounds.policy is None:
        return Decision(ALLOWED)
    return decide(
        bounds.policy,
        described.api.catalog,
        described.operation,
        methods={**asked_by_headers(bounds.headers), **asked},
        is_documented=described.is_documented,
        sent=sent,
    )


def denial(described: DescribedOperation, bounds: Bounds) -> RefusedError | None:
    """Return the error if the policy denies an operation in every call; None if it does not."""
    decision = decision_on(described, bounds)
    return _refused(described, decision) if decision.effect == DENIED else None


def is_asked_about(described: DescribedOperation, bounds: Bounds) -> bool:
    """Return whether dynacli asks on a terminal before it calls an operation, unless `--yes` is given."""
    decision = decision_on(described, bounds)
    return decision.effect == CONFIRMED or (decision.effect == ALLOWED and _is_delicate(described, decision))


def permit(
    described: DescribedOperation,
    bounds: Bounds,
    asked: Mapping[str, str] = _NOTHING,
    sent: Sent | None = None,
) -> None:
    """Refuse an operation unless the policy allows it and the user confirms it if needed.

    Args:
        asked: Further method that the server may execute → source of that method in the request.
        sent: Paths and values of the request; None before it is built.

    Raises:
        RefusedError: The policy denies the operation, the user did not confirm it, or it may change data although only
            read-only operations are allowed.
    """
    if bounds.reads_only_by:
        check_that_it_reads(described, bounds, asked, sent)
    obey(decision_on(described, bounds, asked, sent), described, bounds.consent, asked)


def obey(
    decision: Decision,
    described: DescribedOperation,
    consent: Consent,
    asked: Mapping[str, str] = _NOTHING,
) -> None:
    """Refuse an operation unless a decision allows it and the user confirms it if needed.

    Raises:
        RefusedError: The operation is denied or was not confirmed.
    """
    if decision.effect == DENIED:
        raise _refused(described, decision)
    # A confirmed operation needs another confirmation if it is called with another method.
    name = " as ".join((described.operation.name, *asked))
    if consent.is_given or name in consent.agreed:
        return
    is_confirmed = decision.effect == CONFIRMED
    if not is_confirmed and not _is_delicate(described, decision, asked):
        return
    if consent.ask is None and not is_confirmed and not consent.is_required:
        return
    if consent.ask is not None and consent.waiting is not None:
        consent.waiting.append(lambda consent: obey(decision, described, consent, asked))
        return
    if consent.ask is None or not consent.ask(_question(described, decision)):
        raise _unconfirmed(described, consent, decision, was_asked=consent.ask is not None)
    consent.agreed.add(name)


def check_that_it_reads(
    described: DescribedOperation,
    bounds: Bounds,
    asked: Mapping[str, str] = _NOTHING,
    sent: Sent | None = None,
) -> None:
    """Refuse an operation that may change data, and a request that may be executed with such a method.

    Args:
        asked: Further method that the server may execute → source of that method in the request.
        sent: Paths and values of the request; None before it is built.

    Raises:
        RefusedError: The operation may change data.
    """
    operation = described.operation
    further = {**asked_by_headers(bounds.headers), **asked}
    for method, source in further.items():
        if method not in SAFE_METHODS:
            raise _change_refused(described, method, bounds, f"{source[:1].upper()}{source[1:]} asks for")
    is_reading = only_reads(
        bounds.policy, described.api.catalog, operation, is_documented=described.is_documented, sent=sent
    )
    if not is_reading:
        raise _change_refused(described, operation.method, bounds, "Its method is", acting_word(operation))


def _change_refused(
    described: DescribedOperation, method: str, bounds: Bounds, begin: str, word: str = ""
) -> RefusedError:
    """Return the error for an operation that may change data although only read-only operations are allowed.

    Args:
        method: Method of the operation, or the one that overrides it.
        begin: Words before the method in the sentence.
        word: Word in the name of a GET operation that indicates a change.
    """
    reason = f"{begin} {method}, which may change data"
    if method in SAFE_METHODS:
        cause = f"`{word}` says" if word else "the document has an operation at this path whose name says"
        reason = f"{begin} {method}, but {cause} that it may change data"
    name = described.operation.name
    hint = bounds.consent.hint_on_reading.format(line=invocation(api=described.api.name), operation=name)
    return RefusedError(
        f"{bounds.reads_only_by} does not call `{name}`",
        reason=reason,
        hint=". ".join(filter(None, (hint, _hint_to_declare_read_only(described, bounds.policy)))),
    )


def _hint_to_declare_read_only(described: DescribedOperation, policy: Policy | None) -> str:
    """Return the hint to declare an operation as read-only; empty if that is impossible or already done."""
    from shlex import quote

    from dynacli.registry.configuration import Configuration

    api, operation = described.api, described.operation
    is_own = api.name in Configuration(api.open_request.env).own_apis()
    is_said = only_reads(policy, api.catalog, operation)
    if operation.method.upper() not in LISTED_METHODS or not described.is_documented or not is_own or is_said:
        return ""
    # `api set` replaces the whole list.
    tables = policy.tables if policy is not None else ()
    listed = [word for rules in tables if rules.place == f"apis.{api.name}.policy" for word in rules.reads]
    line = invocation("api set", api.name)
    setting = quote(f"policy.{READS}={','.join(dict.fromkeys((*listed, operation.name)))}")
    return f"If it changes nothing, the user can declare it on a terminal: `{line} {setting}`"


def _is_delicate(
    described: DescribedOperation, decision: Decision, asked: Mapping[str, str] = _NOTHING
) -> bool:
    """Return whether an operation deletes a resource and no table of a policy decides on it."""
    return _DESTROYING in (described.operation.method, *asked) and not decision.place


def _question(described: DescribedOperation, decision: Decision) -> str:
    wish = f" ({decision.reason})" if decision.place else ""
    return f"Call {_title(described)}?{wish}"


def _title(described: DescribedOperation) -> str:
    operation = described.operation
    request = f"{operation.method} {operation.path}"
    name = f"`{operation.name}`" if operation.name == request else f"`{operation.name}` ({request})"
    return f"{name} of `{described.api.name}`"


def _refused(described: DescribedOperation, decision: Decision) -> RefusedError:
    from dynacli.registry.configuration import Configuration

    operation = described.operation
    file = Configuration(described.api.open_request.env).file_name_of(decision.path[1])
    hint = f"Only the user can change a policy, in `{file}`. See it: `{_explaining(described)}`"
    if decision.key == READ_ONLY and operation.method in LISTED_METHODS:
        hint += f". Operations that change nothing can be listed in `{READS}`: `{invocation('help policy')}`"
    return RefusedError(
        f"`{operation.name}` is not called: the policy denies it",
        reason=decision.reason,
        hint=hint,
        policy=_policy_json(decision),
    )


def _unconfirmed(
    described: DescribedOperation, consent: Consent, decision: Decision, *, was_asked: bool
) -> RefusedError:
    operation = described.operation
    if was_asked:
        return RefusedError.declined("Nothing was sent")
    reason = decision.reason if decision.place else f"Its method is {_DESTROYING}, which deletes data"
    return RefusedError(
        f"`{operation.name}` needs confirmation, and there is no terminal to ask on",
        reason=reason,
        hint=consent.hint,
        policy=_policy_json(
            decision._replace(effect=CONFIRMED)
        ),  # a DELETE needs confirmation even without a rule
    )


def _explaining(described: DescribedOperation) -> str:
    from shlex import quote

    name = described.operation.name
    words = [quote(name)] if described.is_documented else name.split(" ", 1)
    return " ".join([invocation("policy explain", described.api.name), *words])


def _policy_json(decision: Decision) -> dict[str, str | None]:
    """Return a decision as data for the JSON of an error."""
    return {
        "decision": decision.effect,
        "table": decision.place or None,
        "list": decision.key or None,
        "entry": decision.word or None,
    }
