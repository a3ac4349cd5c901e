"""The answers of a mock: made of the document when they are first asked for, and judged before they are given."""

from collections.abc import Iterator, Sequence
from random import Random

from dynacli.check.recordings.exchange_judge import ExchangeJudge
from dynacli.client.described_operation import DescribedOperation
from dynacli.library.opened_api import OpenedApi
from dynacli.mock.answer_bodies import AnswerBodies, AnswerBody, NoNamedExampleError, static_value
from dynacli.mock.answer_headers import documented_headers
from dynacli.mock.documented_answer import DocumentedAnswer, answer_for, plain_answer
from dynacli.mock.negotiate import accepted_offer
from dynacli.mock.preferences import Preferences
from dynacli.mock.problem import ProblemError, answer_of
from dynacli.mock.random_value import random_value
from dynacli.model.lenient_reading import dict_or_empty
from dynacli.model.operation import WITHOUT_BODY
from dynacli.record import record
from dynacli.traffic.operation_finder import MatchedOperation
from dynacli.traffic.recorded_request import RecordedAnswer
from dynacli.validation.findings.finding import Finding

__all__ = ["MadeAnswer", "MockAnswers"]

_MOST_KEPT = 1_000


@record
class MadeAnswer:
    """An answer, and how it was made.

    Args:
        source: What its body was made of; empty where it has none.
        findings: Where it breaks the document, which nothing that the document itself says would keep.
    """

    answer: RecordedAnswer
    source: str
    findings: tuple[Finding, ...] = ()


class MockAnswers:
    """Makes the answers of an API.

    Args:
        judge: Judges the answers.
        is_dynamic: Whether values are made up anew for each answer where the client does not say.
        has_examples: Whether the examples of answers are given where the client names none.
    """

    def __init__(
        self, api: OpenedApi, judge: ExchangeJudge, *, is_dynamic: bool = False, has_examples: bool = True
    ) -> None:
        self._api, self._judge = api, judge
        self._is_dynamic, self._has_examples = is_dynamic, has_examples
        self._described: dict[str, DescribedOperation] = {}
        self._kept: dict[tuple[object, ...], MadeAnswer] = {}
        self._count = 0

    def success(self, match: MatchedOperation, preferences: Preferences, accept: Sequence[str]) -> MadeAnswer:
        """Return the answer to a right request.

        Args:
            accept: The values of `Accept`.

        Raises:
            ProblemError: The document has no answer as it is asked for.
        """
        described = self._description(match)
        if preferences.code:
            documented = answer_for(described, [preferences.code])
            if documented is None:
                raise ProblemError(404, f"The document has no answer {preferences.code} of this operation")
        else:
            documented = plain_answer(described)
        return self._answer(match, documented, preferences, accept)

    def failure(
        self, match: MatchedOperation, statuses: Sequence[int], accept: Sequence[str]
    ) -> MadeAnswer | None:
        """Return the answer to a wrong request; None where the document has none.

        Args:
            statuses: Those that would be right, the best first.
        """
        documented = answer_for(self._description(match), statuses)
        if documented is None:
            return None
        try:
            return self._answer(match, documented, Preferences(), accept)
        except ProblemError:
            # A client that does not want the error's media type gets it all the same (RFC 9110, section 12.5.1).
            return self._answer(match, documented, Preferences(), ())

    def _description(self, match: MatchedOperation) -> DescribedOperation:
        name = match.operation.name
        if name not in self._described:
            self._described[name] = DescribedOperation(self._api, match.operation)
        return self._described[name]

    def _answer(
        self,
        match: MatchedOperation,
        documented: DocumentedAnswer,
        preferences: Preferences,
        accept: Sequence[str],
    ) -> MadeAnswer:
        content = dict_or_empty(documented.raw.get("content"))
        chosen = accepted_offer(accept, list(content))
        if content and chosen is None and documented.status not in WITHOUT_BODY:
            listed = ", ".join(f"`{name}`" for name in content)
            raise ProblemError(406, f"The answer {documented.status} can be had as {listed}")
        is_dynamic = self._is_dynamic if preferences.is_dynamic is None else preferences.is_dynamic
        is_made_anew = is_dynamic and not preferences.example
        key = match.operation.name, documented.status, chosen, preferences.example
        if not is_made_anew and key in self._kept:
            return self._kept[key]
        described = self._description(match)
        bodies = self._bodies(described, documented, chosen, preferences.example, is_random=is_made_anew)
        made = self._made(match, documented, bodies)
        if not is_made_anew:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = made
        return made

    def _made(
        self, match: MatchedOperation, documented: DocumentedAnswer, bodies: Iterator[AnswerBody | None]
    ) -> MadeAnswer:
        """Return the first answer that is as the document describes it; where there is none, the first of all."""
        described = self._description(match)
        headers = list(documented_headers(described, documented.raw))
        if match.operation.is_deprecated:
            headers.append(("Deprecation", "true"))
        made = []
        for body in bodies:
            typed = [("Content-Type", body.media_type)] if body else []
            answer = answer_of(documented.status, [*typed, *headers], body.content if body else b"")
            # A success that the document leaves out is the mock's own, and nobody's defect.
            findings = tuple(self._judge.answer(answer, match).findings) if documented.key else ()
            made.append(MadeAnswer(answer, body.source if body else "", findings))
            if not findings:
                return made[-1]
        return made[0]

    def _bodies(
        self,
        described: DescribedOperation,
        documented: DocumentedAnswer,
        chosen: tuple[str, str] | None,
        example: str,
        *,
        is_random: bool,
    ) -> Iterator[AnswerBody | None]:
        if chosen is None or documented.status in WITHOUT_BODY:
            if example:
                raise ProblemError(404, f"The answer {documented.status} has no body, and so no examples")
            yield None
            return
        offer, named = chosen
        bodies = AnswerBodies(described, offer, named, documented.raw["content"][offer])
        if example:
            try:
                yield from bodies.named(example)
            except NoNamedExampleError as error:
                raise ProblemError(404, str(error)) from error
            return
        if is_random:
            # The n-th answer of a server is the same in each run.
            self._count += 1
            random = Random(self._count)  # noqa: S311  - no secret
            yield from bodies.made(
                lambda schema, resolve, _: random_value(schema, resolve, random, direction="response")
            )
        elif self._has_examples:
            yield from bodies.documented()
        yield from bodies.made(static_value)
        yield None
