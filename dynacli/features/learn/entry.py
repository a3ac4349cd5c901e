"""The entry of this feature in the table of commands."""

from dynacli.options.command import ALONE, HOST, PORT, SHARE, Argument, Command
from dynacli.options.standard_options import Option
from dynacli.record import replace

COMMANDS = (
    Command(
        "learn",
        section=SHARE,
        runs="features.learn.command:learn_document",
        help="Write an OpenAPI document from traffic (HAR)",
        about="The document describes what was seen. Each exchange that it came from is valid against it.",
        examples=(
            "dynacli learn shop.har --out openapi.yaml",
            "dynacli learn --proxy https://shop.example --port 8080 --out openapi.yaml",
            "dynacli learn more.har --into openapi.yaml",
        ),
        arguments=(Argument("files", metavar="FILE|-", is_required=False, is_multiple=True),),
        options=(
            Option(("--out",), help="Write the document to a new file", metavar="FILE"),
            Option(("--into",), help="Add to a document; what you wrote stays", metavar="FILE"),
            Option(("--history",), help="Learn from stored calls of an API", metavar="API|URL"),
            Option(("--proxy",), help="Forward requests to URL, and learn from them", metavar="URL"),
            replace(PORT, default=8644),
            HOST,
            Option(("--server",), help="Use the exchanges with this base URL", metavar="URL"),
            Option(
                ("--path",),
                help="Give a path template, such as /users/{name}",
                metavar="TEMPLATE",
                is_multiple=True,
            ),
        ),
        of_tool=ALONE,
    ),
)
