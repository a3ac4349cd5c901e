"""The entries of this feature in the table of commands."""

from dynacli.options.command import ALONE, LISTING, MAKE_CALLS, Argument, Command
from dynacli.options.standard_options import CACHE, CALLS, DATA_OUTPUT, DOCUMENT_READING, RESENDING, Option

_FILE = Argument("file", metavar="FILE")

COMMANDS = (
    Command(
        "workflow",
        section=MAKE_CALLS,
        help="Run the workflows of an Arazzo document",
        about=(
            "A workflow is a series of calls with conditions (Arazzo 1.0 and 1.1). Each step is a call like any other: "
            "with its origin, credentials, policy, validation and history."
        ),
        examples=(
            "dynacli workflow list nightly.arazzo.yaml",
            "dynacli workflow run nightly.arazzo.yaml --prompt 'List overdue invoices'",
            "dynacli workflow validate nightly.arazzo.yaml",
        ),
        commands=(
            Command(
                "list",
                runs="features.workflows.command:list_workflows",
                help="List the workflows of a document and their inputs",
                examples=("dynacli workflow list nightly.arazzo.yaml",),
                arguments=(_FILE,),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "run",
                runs="features.workflows.command:RunCommand",
                help="Run a workflow",
                about=(
                    "FILE is a path, a URL or `-`. The inputs of the workflow are options: `workflow run FILE --help` "
                    "lists them. Standard output is the outputs as JSON, and standard error has a line for each step."
                ),
                examples=(
                    "dynacli workflow run nightly.arazzo.yaml --prompt 'List overdue invoices' --yes",
                    "dynacli workflow run nightly.arazzo.yaml nightly --source demo=demo --dry-run",
                ),
                usage="FILE [WORKFLOW] [INPUTS] [OPTIONS]",
                arguments=(_FILE, Argument("workflow", is_required=False)),
                options=(
                    Option(
                        ("--source",),
                        help="Use this API, file or URL for a source",
                        metavar="NAME=API",
                        is_multiple=True,
                    ),
                    Option(("--mock",), help="Call mocks of the sources, which remember; no server"),
                    Option(
                        ("--max-steps",),
                        help="Stop after N steps, retries included",
                        metavar="N",
                        kind="integer",
                        between=(1, 1_000_000),
                        default=1000,
                        shows_default=True,
                    ),
                    Option(
                        ("--timeout-total",),
                        help="Stop after SECONDS and exit with 7",
                        metavar="SECONDS",
                        kind="seconds",
                    ),
                ),
                takes=(
                    DATA_OUTPUT,
                    DOCUMENT_READING,
                    CALLS,
                    CACHE,
                    RESENDING,
                    "progress",
                    "dry_run",
                    "inputs",
                    "report",
                ),
                texts={
                    "dry_run": "Print the steps and their requests, and send nothing",
                    "inputs": "Give inputs as one JSON object; other options override it",
                    "report": "Write the calls as junit, json, har or sarif to FILE",
                    "timeout": "Limit the time of each call",
                    "yes": "Do not ask before a workflow that changes something",
                },
                values={"report": ("har=",)},
                switches=("dry_run",),
            ),
            Command(
                "validate",
                runs="features.workflows.command:validate_workflows",
                help="List every error of an Arazzo document",
                examples=("dynacli workflow validate nightly.arazzo.yaml",),
                arguments=(_FILE,),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "record",
                runs="features.workflows.record_command:record_calls",
                help="Make a workflow from earlier calls or a HAR",
                about=(
                    "Values of a response that a later request has become expressions, other values become inputs, "
                    "and statuses become criteria. Secrets become inputs without a value."
                ),
                examples=(
                    "dynacli workflow record --from 3..1 --out again.arazzo.yaml",
                    "dynacli workflow record --har traffic.har --api demo --out again.arazzo.yaml",
                ),
                options=(
                    Option(("--from",), help="Take these calls of the history", metavar="N..N", name="calls"),
                    Option(("--har",), help="Take the requests of a HAR file", metavar="FILE|-"),
                    Option(("--api",), help="Search this API only, with any server", metavar="API"),
                    Option(("--out",), help="Write a new file [default: standard output]", metavar="FILE"),
                ),
                takes=LISTING,
            ),
        ),
        of_tool=ALONE,
    ),
)
