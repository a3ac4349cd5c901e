"""The message that findings are about, as far as a person can be shown the parts that are wrong."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

from dynacli.model.media_types import essence, is_json_lines, is_json_sequence
from dynacli.text.content_kind import decoded, is_json
from dynacli.text.excerpt import ExcerptTarget, in_margin, json_excerpts, marked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynacli.http.built_request import Request
    from dynacli.http.send import Answer
    from dynacli.validation.findings.finding import Finding

__all__ = ["Evidence"]

_OF_THE_NAME = frozenset({"additionalProperties", "unevaluatedProperties", "undocumented-property"})
"""Rules by which it is the property that is wrong, whatever its value is."""
_ABOUT_NAMES = frozenset({"required", "minProperties", "maxProperties", "dependentRequired", "dependencies"})
"""Rules about which properties an object has."""
_SECRET = frozenset({"writeOnly"})
"""Rules by which the value is a secret, which is not shown."""
_ABSENT = frozenset({"missing-header", "missing-parameter", "missing-body"})


class Evidence:
    """A message.

    Args:
        body: Empty where there is none, or where it is not at hand.
        media_type: The body's, with its parameters.
        heads: Place of a finding → (what stands before the value, the value, what stands behind it).
    """

    def __init__(
        self, body: bytes = b"", media_type: str = "", heads: Mapping[str, tuple[str, str, str]] | None = None
    ) -> None:
        self._body, self._media_type = body, media_type
        self._heads = heads or {}

    @classmethod
    def of_answer(cls, answer: "Answer") -> "Evidence":
        """Return the evidence of a `dynacli.http.send.Answer`."""
        heads = {f"header/{name.lower()}": (f"{name}: ", value, "") for name, value in answer.headers}
        return cls(answer.body, answer.header("content-type"), heads)

    @classmethod
    def of_request(cls, method: str, path: str, request: "Request", media_type: str) -> "Evidence":
        """Return the evidence of a `dynacli.http.built_request.Request` that was built from a path template."""
        heads: dict[str, tuple[str, str, str]] = {}
        for name, text in request.parts.path.items():
            before, _, after = path.partition(f"{{{name}}}")
            others = {f"{{{other}}}": unquote(value) for other, value in request.parts.path.items()}
            for template, value in others.items():
                before, after = before.replace(template, value), after.replace(template, value)
            heads[f"path/{name}"] = (f"{method} {before}", unquote(text), after)
        seen: dict[str, int] = {}
        for pair in request.parts.query:
            head = (f"?{pair.name}=", pair.value, "")
            heads.setdefault(f"query/{pair.name}", head)
            number = seen[pair.name] = seen.get(pair.name, -1) + 1
            heads[f"query/{pair.name}/{number}"] = head
        for name, value in request.parts.headers.items():
            heads[f"header/{name.lower()}"] = (f"{name}: ", value, "")
        for pair in request.parts.cookies:
            heads[f"cookie/{pair.name}"] = (f"Cookie: {pair.name}=", pair.value, "")
        body = request.body if isinstance(request.body, bytes) else b""
        return cls(body, media_type, heads)

    def excerpts(self, findings: "Sequence[Finding]") -> list[str]:
        """Return for each finding the part of the message that is wrong, marked; empty where it cannot be shown."""
        wanted = [self._wanted(finding) for finding in findings]
        in_body: dict[tuple[int | None, ExcerptTarget], list[str]] = {}
        numbers: dict[int | None, list[ExcerptTarget]] = {}
        for place in wanted:
            if place is not None:
                numbers.setdefault(place[0], []).append(place[1])
        if numbers:
            texts = self._texts()
            for number, places in numbers.items():
                if number in texts:
                    found = json_excerpts(texts[number], places)
                    in_body |= {(number, target): lines for target, lines in found.items()}
        return [
            in_margin(in_body.get(place, ()) if place is not None else self._in_head(finding))
            for finding, place in zip(findings, wanted, strict=True)
        ]

    def _wanted(self, finding: "Finding") -> tuple[int | None, ExcerptTarget] | None:
        """Return which item of the body, None for all of it, and where in it; None for a finding elsewhere."""
        pointer: str = finding.pointer
        if finding.rule in _ABSENT | _SECRET or finding.rule == "unreadable-body":
            return None
        if pointer and pointer[0] != "/":
            return None
        wanted = ExcerptTarget(pointer, finding.rule in _OF_THE_NAME, finding.rule in _ABOUT_NAMES)
        if not self._is_sequence:
            return None, wanted
        number, slash, rest = pointer[1:].partition("/")
        return (int(number), wanted._replace(pointer=slash + rest)) if number.isdecimal() else None

    def _in_head(self, finding: "Finding") -> list[str]:
        if finding.rule in _ABSENT:
            return []
        steps = finding.pointer.split("/")
        if steps[0] == "header":
            steps = [step.lower() for step in steps]
        # An item of an array that is a pair of its own, or all that there is of the parameter.
        heads = (self._heads.get("/".join(steps[:length])) for length in (3, 2))
        head = next((found for found in heads if found is not None), None)
        return marked(*head) if head is not None and head[1] else []

    @property
    def _is_sequence(self) -> bool:
        name = self._name
        return name == "application/stream+json" or is_json_lines(name) or is_json_sequence(name)

    @property
    def _name(self) -> str:
        return essence(self._media_type)

    def _texts(self) -> dict[int | None, str]:
        """Return the body's JSON texts: one, or by its number each item of a sequence."""
        text = decoded(self._body, self._media_type) if self._body else None
        if text is None:
            return {}
        if self._is_sequence:
            pieces = text.split("\x1e" if is_json_sequence(self._name) else "\n")
            return dict(enumerate(piece for piece in pieces if piece.strip()))
        return {None: text} if is_json(self._media_type, text) else {}
