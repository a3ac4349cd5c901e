"""The entry of this feature in the table of commands."""

from dynacli.options.command import CALL, CALL_USAGE, MAKE_CALLS, Command

COMMANDS = (
    Command(
        "edit",
        section=MAKE_CALLS,
        runs="features.edit.command:EditGroup",
        help="Edit a resource and send the change",
        about=(
            "dynacli calls OPERATION (a GET), opens the response in $VISUAL or $EDITOR, shows the difference, "
            "asks, and sends it with the PATCH or PUT of the same path. If the response had an ETag, it sends "
            "`If-Match`. `--yes` sends without asking."
        ),
        examples=(
            "dynacli edit demo get-workflow wf_search-issues",
            "dynacli edit demo get-workflow wf_search-issues --dry-run",
        ),
        usage=CALL_USAGE,
        of_tool=CALL,
    ),
)
