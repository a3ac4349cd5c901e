"""The resources that a check created by operations that the person named: other named operations may change them."""

from collections.abc import Iterable, Mapping, Sequence

from dynacli.check.check_records import Exchange, InputValue
from dynacli.check.planning.answer_links import AnswerLinks
from dynacli.check.planning.answer_values import AnswerValues
from dynacli.check.planning.created_id import created_paths
from dynacli.check.planning.resource_chains import ResourceChain, find_chains
from dynacli.client.described_operation import DescribedOperation
from dynacli.model.path_templates import parameter_names, path_template

__all__ = ["CreatedResources"]


class CreatedResources:
    """Remembers the paths of created resources.

    Args:
        operations: The operations that are called, by name.
        changing_names: The names of those that may change something and were named by the person.
        links: Operation → the links of its answers.
        answers: The values of earlier answers.
    """

    def __init__(
        self,
        operations: Mapping[str, DescribedOperation],
        changing_names: Iterable[str],
        links: Mapping[str, AnswerLinks],
        answers: AnswerValues,
    ) -> None:
        self._operations, self._links, self._answers = operations, links, answers
        names = set(changing_names)
        linked_to = {name: each.targets for name, each in links.items()}
        chains = find_chains([each.operation for each in operations.values()], linked_to) if names else []
        self._chains: dict[str, ResourceChain] = {
            chain.create: chain for chain in chains if chain.create in names and not chain.is_created_by_put
        }
        self._paths: list[tuple[ResourceChain, tuple[object, ...]]] = []

    def add(self, exchange: Exchange) -> None:
        """Remember what a call created, unless its answer is about a resource that was there before."""
        chain = self._chains.get(exchange.operation_name)
        if chain is None or not exchange.is_success:
            return
        on_item = [self._operations[name] for name in chain.on_item if name in self._operations]
        paths = created_paths(exchange, self._operations[chain.create], self._links[chain.create], on_item)
        if paths and str(paths[0][-1]) not in self._answers.known_ids(on_item):
            self._paths.append((chain, paths[0]))

    def path_values(self, described: DescribedOperation) -> Sequence[tuple[InputValue, ...]]:
        """Return values for the beginning of an operation's path that name created resources, the longest first."""
        template = path_template(described.operation.path).removesuffix("/")
        names = parameter_names(described.operation.path)
        found = [
            tuple(
                InputValue("path", name, value, "answer", chain.create)
                for name, value in zip(names, path, strict=False)
            )
            for chain, path in self._paths
            if template == chain.item_path
            or template.startswith((f"{chain.item_path}/", f"{chain.item_path}:"))
        ]
        return sorted(found, key=len, reverse=True)
