"""The commands about the policy, agents, other programs and dynacli itself."""

from dynacli.options.command import (
    ALONE,
    API,
    LISTING,
    MISBEHAVE,
    NEXT,
    OPENING,
    PORT,
    ROLE,
    Argument,
    Command,
)
from dynacli.options.standard_options import (
    API_NAMES,
    DATA,
    EARLIER_CALLS,
    OPERATIONS,
    REGISTERED,
    RULES,
    TOPICS,
    Option,
)
from dynacli.record import replace

__all__ = ["TOOL_COMMANDS"]

_FAILED = Option(("--failed",), help="only calls that did not end with exit code 0")
_SINCE = Option(("--since",), help="only calls of the last 30m, 2h, 7d", metavar="TIME")
_LOOKED_IN = Option(("--api",), help="look in this API alone, at any server", metavar="API")

TOOL_COMMANDS = (
    Command(
        "ignore",
        runs="ignore:ignore",
        help="Let the findings of RULE in the calls of API, or of its OPERATION, not count from "
        "now on. RULE is what a finding ends with, for example `type`, or `*` for all.",
        arguments=(
            Argument("api", offers=REGISTERED),
            Argument("rule", offers=RULES),
            Argument("operation", is_required=False, offers=OPERATIONS),
        ),
        options=(
            Option(
                ("--reason",), help="why these findings do not count; required", metavar="TEXT", default=""
            ),
            Option(
                ("--pointer",),
                help="only at this place and inside of it, for example '/items/*/created' or header/ETag",
                metavar="POINTER",
            ),
            Option(
                ("--status",),
                help="only in answers with this status: 404, or 4XX for the class",
                metavar="STATUS",
            ),
            Option(("--where",), help="only in requests, or only in answers", metavar="request|response"),
        ),
        takes=OPENING,
        rows=(
            ("ignore API RULE [OPERATION]", "let findings not count that are known, with `--reason TEXT`"),
        ),
        of_tool=API,
    ),
    Command(
        "policy",
        help="What may be done with an API, as `[apis.NAME.policy]` in the configuration says; "
        "the page `policy` of `help` has its keys.",
        commands=(
            Command(
                "explain",
                of_tool=API,
                runs="policy:explain",
                help="Say what would become of a call of OPERATION, here and with these options, and "
                "which entry of which list of the policy decides.",
                arguments=(
                    Argument("api", offers=API_NAMES),
                    Argument(
                        "operation", metavar="OPERATION|METHOD PATH", is_multiple=True, offers=OPERATIONS
                    ),
                ),
                takes=(DATA, *OPENING, "header"),
            ),
        ),
        rows=(
            ("policy explain API OPERATION", "what would become of a call, and which rule of yours decides"),
        ),
    ),
    Command(
        "skill",
        runs="agents.skill:write_skill",
        help="Write what an agent needs to know of API, as a SKILL.md of at most 60 lines: when "
        "to use it, how to search, describe and call, and what the exit codes mean. No "
        "secret is in it.",
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            Option(
                ("--out",),
                help="into SKILL.md of a directory, and not to standard output",
                metavar="DIRECTORY",
            ),
        ),
        takes=OPENING,
        rows=(("skill API [--out DIRECTORY]", "what an agent needs to know of an API, as a SKILL.md"),),
        of_tool=API,
    ),
    Command(
        "mcp",
        runs="agents.mcp:serve_mcp",
        help="Offer APIs, by default all that are registered, to an agent over the Model Context "
        "Protocol, on standard input and output: three tools, `search`, `describe` and "
        "`call`. Only operations that read are called without --write; what the policy wants "
        "confirmed, and each DELETE, also needs --yes here.",
        arguments=(
            Argument("apis", metavar="[API...]", is_required=False, is_multiple=True, offers=API_NAMES),
        ),
        options=(
            Option(("--write",), help="let operations be called that may change something"),
            Option(
                ("--http",),
                help="over streamable HTTP, by default on 127.0.0.1; 0: a free port",
                metavar="[HOST:]PORT",
            ),
            Option(
                ("--token",),
                help="where the token is that clients bear over HTTP: env:NAME, file:PATH, ...; one is "
                "made by default",
                metavar="REFERENCE|none",
            ),
            Option(
                ("--max-bytes",),
                help="the most bytes of an answer; lists lose whole items, which is said",
                metavar="N",
                kind="integer",
                between=(2000, 10000000),
                default=20000,
                shows_default=True,
            ),
        ),
        takes=("validate", "profile", "timeout", "retries", "rate"),
        rows=(("mcp [API...]", "the APIs for an agent, over the Model Context Protocol"),),
        of_tool=API,
    ),
    Command(
        "document",
        runs="document:write_document",
        help="Print the document of API: as it was fetched, in one file, or with its references replaced.",
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            Option(
                ("--bundled",),
                help="in one file, in OpenAPI 3, as calls are made by it; its references lead nowhere else",
            ),
            Option(
                ("--resolved",), help="with references replaced by what they lead to; recursive ones stay"
            ),
            Option(
                ("--only",),
                offers=OPERATIONS,
                help="these operations alone, with all that they need, in one file; may be repeated",
                metavar="OPERATION|TAG",
                is_multiple=True,
            ),
            Option(
                ("--version",),
                help="in this version of OpenAPI, in one file; what it cannot say is left out with a warning",
                values=("3.0", "3.1"),
            ),
        ),
        takes=LISTING,
        rows=(("document API [--bundled]", "the document as it was fetched, or in one file"),),
        of_tool=API,
    ),
    Command(
        "export",
        runs="export:export_api",
        help="Write the operations of API for another program: a request each, with an example "
        "that the document allows, in folders by tag. Credentials are variables without a "
        "value.",
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            Option(
                ("--to",),
                help="the program it is for",
                values=("postman", "insomnia", "bruno", "har", "hurl", "markdown", "html"),
                name="form",
            ),
            Option(
                ("--only",),
                offers=OPERATIONS,
                help="these operations alone; may be repeated",
                metavar="OPERATION|TAG",
                is_multiple=True,
            ),
            Option(
                ("--out",),
                help="into a file, or into files of a directory, and not to standard output",
                metavar="FILE|DIRECTORY",
            ),
        ),
        takes=(*OPENING, "server", "server_var"),
        rows=(
            (
                "export API --to FORM [--out FILE]",
                "its operations with examples, for Postman, hurl and the like",
            ),
        ),
        of_tool=API,
    ),
    Command(
        "demo",
        runs="demo:DemoGroup",
        help="Call the embedded stand-in of Armature's API.",
        options=(ROLE, NEXT, MISBEHAVE),
        rows=(
            (
                "demo OPERATION",
                "a call to the embedded stand-in of Armature's API; `demo serve` keeps it running",
            ),
        ),
        commands=(
            Command(
                "serve",
                runs="demo:serve",
                help="Keep the stand-in running on 127.0.0.1 until Ctrl-C.",
                options=(replace(PORT, default=8642), NEXT, MISBEHAVE),
            ),
        ),
    ),
    Command(
        "history",
        default="list",
        commands=(
            Command(
                "list",
                runs="history:list_calls",
                help="List the calls that were made, or those of API, the latest first.",
                arguments=(Argument("api", is_required=False, offers=API_NAMES),),
                options=(_FAILED, _SINCE),
                takes=(DATA,),
            ),
            Command(
                "show",
                runs="history:show_call",
                help="Show the call N of the list.",
                arguments=(Argument("number", metavar="N", least=1, offers=EARLIER_CALLS),),
                options=(
                    Option(
                        ("--as",),
                        help="the call in another form",
                        values=("curl", "har", "http"),
                        name="form",
                    ),
                ),
                takes=(DATA,),
            ),
            Command(
                "export",
                runs="history:export_calls",
                help="Write the calls that were made, or those of API, for another program, the oldest "
                "first.",
                arguments=(Argument("api", is_required=False, offers=API_NAMES),),
                options=(
                    Option(("--as",), help="the form", values=("har", "hurl", "postman"), name="form"),
                    _FAILED,
                    _SINCE,
                    Option(("--out",), help="into a file, and not to standard output", metavar="FILE"),
                ),
            ),
            Command(
                "clear",
                runs="history:forget_calls",
                help="Forget all calls, and the ids that completion knows from their answers.",
            ),
        ),
        rows=(
            ("history [API] [--failed] [--since 2h]", "the calls that were made; `history show N` shows one"),
        ),
        of_tool=ALONE,
    ),
    Command(
        "bake",
        runs="bake.bake:bake",
        help="Write a command line of its own for API: its operations stand right behind NAME, "
        "and its help, completion, variables and directories have that name. It needs "
        "dynacli installed, has the document inside, which it refreshes, and holds no secret.",
        arguments=(Argument("name"),),
        options=(
            Option(("--api",), help="the API whose command line it is", metavar="API", is_required=True),
            Option(
                ("--only",),
                offers=OPERATIONS,
                help="the operations that it has; given again, more",
                metavar="TAG|OPERATION",
                is_multiple=True,
            ),
            Option(
                ("--except",),
                help="operations that it does not have",
                metavar="TAG|OPERATION",
                is_multiple=True,
                name="without",
            ),
            Option(
                ("--name-style",),
                help="`short`: names of operations without the tag in front, where they stay unique",
                values=("usual", "short"),
                default="usual",
            ),
            Option(("--package",), help="a directory that `pip install` and `pipx install` take"),
            Option(("--before",), help="is called before each call", metavar="MODULE:FUNCTION"),
            Option(("--after",), help="is called behind each call", metavar="MODULE:FUNCTION"),
            Option(("--out",), help="what to write  [default: ./NAME]", metavar="FILE|DIR"),
        ),
        takes=OPENING,
        rows=(("bake NAME --api API", "an executable file, a command line for one API"),),
    ),
    Command(
        "import",
        help="The operation that a request of another program belongs to, and the line that makes "
        "the same request.",
        commands=(
            Command(
                "curl",
                runs="traffic:import_curl",
                help="Import a line for curl, as browsers and Postman copy it.",
                arguments=(Argument("line", metavar="LINE|FILE|-"),),
                options=(_LOOKED_IN,),
                takes=LISTING,
            ),
            Command(
                "har",
                runs="traffic:import_har",
                help="Import the requests of a HAR file.",
                arguments=(Argument("file", metavar="FILE|-"),),
                options=(_LOOKED_IN,),
                takes=LISTING,
            ),
        ),
        rows=(("import curl LINE", "the line that makes the request of a line for curl; `import har FILE`"),),
        of_tool=ALONE,
    ),
    Command(
        "replay",
        runs="history:Replay",
        rows=(("replay N", "make call N once more, with other options behind it"),),
        of_tool=ALONE,
    ),
    Command(
        "doctor",
        runs="doctor:examine",
        help="Look whether all works here, and what is wrong with the documents of all APIs, or of API.",
        arguments=(Argument("api", is_required=False, offers=API_NAMES),),
        takes=LISTING,
        rows=(("doctor [API]", "whether all works here, and what is wrong with the documents"),),
        of_tool=API,
    ),
    Command(
        "completion",
        runs="completion:write_script",
        help='Print the completion script for a shell.\n\nBash: add `eval "$(dynacli completion '
        'bash)"` to ~/.bashrc. Zsh: add `eval "$(dynacli completion zsh)"` to ~/.zshrc, '
        "behind `compinit`. Fish: `dynacli completion fish > "
        "~/.config/fish/completions/dynacli.fish`.",
        arguments=(Argument("shell", values=("bash", "zsh", "fish")),),
        is_plain=True,
        rows=(("completion bash|zsh|fish", "completion for your shell"),),
        of_tool=ALONE,
    ),
    Command(
        "help",
        runs="help:show_page",
        help="Show the manual, or its page on TOPIC.",
        arguments=(Argument("topic", is_required=False, offers=TOPICS),),
        is_plain=True,
        rows=(("help [TOPIC]", "the manual"),),
        of_tool=ALONE,
    ),
)
