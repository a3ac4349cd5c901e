"""The links of an answer: the values that they put into other calls, taken from what was really sent and answered.

OpenAPI 3.2.0, "Link Object" and "Runtime Expressions".
"""

from collections.abc import Iterator

from dynacli.check.check_records import Exchange, InputValue
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.links.describe_links import describe_links
from dynacli.client.links.runtime_values import AnsweredCall, link_value
from dynacli.model.operation import documented_status

__all__ = ["AnswerLinks"]


class AnswerLinks:
    """The links of one operation's answers, read once."""

    def __init__(self, described: DescribedOperation) -> None:
        self._documented = [response.status for response in described.operation.responses]
        self._links = describe_links(described)

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the operations that the links lead to."""
        return tuple(dict.fromkeys(link["operation"] for link in self._links.values() if link["operation"]))

    def values(self, exchange: Exchange) -> Iterator[tuple[str, tuple[InputValue, ...]]]:
        """Yield for each link of this very answer the name of the linked operation, and values for it."""
        if exchange.answer is None:
            return
        status = documented_status(exchange.answer.status, self._documented)
        sent = {value.key: value.value for value in exchange.planned.values}
        call = AnsweredCall(exchange.request, sent, exchange.sent_json, exchange.answer, exchange.answer_json)
        for link in self._links.values():
            if link["operation"] is None or link["status"] != status:
                continue
            values = []
            for fill in link["fills"]:
                value = link_value(fill["from"], call)
                if value is not None and fill["in"] != "body":
                    values.append(
                        InputValue(fill["in"], fill["name"], value, "link", exchange.operation_name)
                    )
            if values:
                yield link["operation"], tuple(values)
