"""All operations, in the order of the document."""

from dynacli.demo.operations.demo_operation import Operation
from dynacli.demo.operations.insight_operations import INSIGHT_OPERATIONS
from dynacli.demo.operations.run_operations import RUN_OPERATIONS
from dynacli.demo.operations.server_operations import SERVER_OPERATIONS
from dynacli.demo.operations.workflow_operations import NEXT_OPERATION, WORKFLOW_OPERATIONS

__all__ = ["operations"]


def operations(*, with_next: bool = False) -> tuple[Operation, ...]:
    """Returns the 23 operations, and the one of the next revision where it is asked for."""
    now = (*SERVER_OPERATIONS, *WORKFLOW_OPERATIONS, *RUN_OPERATIONS, *INSIGHT_OPERATIONS)
    return (*now, NEXT_OPERATION) if with_next else now
