"""All operations, in the order of the document."""

from dynacli.demo.operations.demo_operation import DemoOperation
from dynacli.demo.operations.insight_operations import INSIGHT_OPERATIONS
from dynacli.demo.operations.run_operations import RUN_OPERATIONS
from dynacli.demo.operations.server_operations import SERVER_OPERATIONS
from dynacli.demo.operations.workflow_operations import NEXT_OPERATION, WORKFLOW_OPERATIONS

__all__ = ["operations"]


def operations(*, with_next: bool = False) -> tuple[DemoOperation, ...]:
    """Return the 23 operations, with `with_next` followed by the operation of the next revision."""
    now = (*SERVER_OPERATIONS, *WORKFLOW_OPERATIONS, *RUN_OPERATIONS, *INSIGHT_OPERATIONS)
    return (*now, NEXT_OPERATION) if with_next else now
