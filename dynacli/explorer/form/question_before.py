"""The question that a person is asked before a request is sent."""

from dynacli.client.call import base_url_of
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.explorer.form.draft import Draft, check
from dynacli.explorer.form.further_calls import further_calls
from dynacli.http.semantics import SAFE_METHODS
from dynacli.urls import with_masked_secrets

__all__ = ["question_before"]


def question_before(draft: Draft, settings: CallSettings, line: str) -> str:
    """Return what is asked before a draft is sent; empty where nothing is, as nothing is sent that is wrong.

    Args:
        line: The command line, with the values of secrets masked.

    Raises:
        DynacliError: There is no server to send it to.
    """
    if settings.consent.is_given or not check(draft, settings).is_right:
        return ""
    described = draft.described
    asked = [described, *further_calls(described, draft.settings, settings).targets]
    asked = [each for each in asked if _changes(each) or settings.is_asked_about(each)]
    if not asked:
        return ""
    calls = dict.fromkeys(f"{each.operation.method} {each.operation.path}" for each in asked)
    server = with_masked_secrets(base_url_of(described, settings))
    return f"Send {' and '.join(calls)} to {server}?\n\n$ {line}"


def _changes(described: DescribedOperation) -> bool:
    return described.operation.method not in SAFE_METHODS
