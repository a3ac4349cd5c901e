"""Which operation lists the values that another one needs, as far as paths and names say so.

A value of `runId` in `/workflows/{id}/runs/{runId}` is an item of `/workflows/{id}/runs`, and `ID` in `/message/{ID}`
one of `/messages`. If nothing lists at that path, it is any collection that is called like what the parameter names:
`/projects/{}/runs` for `/runs/{run_id}`, `/mailbox/messages` for `/message/{ID}`.
Values that are found by the name of a field alone can come from any operation, and are left out here.
"""

from collections.abc import Iterable, Mapping

from dynacli.model.field_names import owner_name, plain_name
from dynacli.model.operation import Operation, OperationSummary
from dynacli.model.path_templates import (
    collection_template,
    nouns_of,
    parameter_names,
    path_template,
    picked_noun,
    resource_template,
)

__all__ = ["ListingOperations"]


class ListingOperations:
    """Operations whose answers may list things, by the paths and nouns of their collections.

    Args:
        operations: The operations, in the order in which they are preferred.
    """

    def __init__(self, operations: Iterable[OperationSummary | Operation]) -> None:
        self._by_path: dict[str, list[str]] = {}
        self._by_resource: dict[str, list[str]] = {}
        self._by_noun: dict[str, list[str]] = {}
        for operation in operations:
            template = path_template(operation.path).removesuffix("/")
            self._by_path.setdefault(template, []).append(operation.name)
            self._by_resource.setdefault(resource_template(template), []).append(operation.name)
            for noun in nouns_of(template) if not template.endswith("}") else ():
                self._by_noun.setdefault(noun, []).append(operation.name)

    def sources_of(self, operation: OperationSummary | Operation) -> Mapping[str, list[str]]:
        """Return path parameter → the names of the other operations that list its values, where there are any."""
        found = {}
        for index, parameter in enumerate(parameter_names(operation.path)):
            collection = collection_template(operation.path, index)
            for names in (
                self._by_path.get(collection, ()),
                self._by_resource.get(resource_template(collection), ()),
                self._by_noun.get(picked_noun(operation.path, index), ()),
            ):
                others = [name for name in names if name != operation.name]
                if others:
                    found[parameter] = others
                    break
        return found

    def lists_of(self, name: str) -> list[str]:
        """Return the operations that list what an input of a name, such as `workflowId` or `workflow`, names."""
        return self._by_noun.get(owner_name(name) or plain_name(name), [])
