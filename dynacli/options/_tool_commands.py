"""The commands about the policy, agents, other programs and dynacli itself."""

from dynacli.options.command import (
    ALONE,
    API,
    DEMO_PORT,
    LISTING,
    MAKE_CALLS,
    MANAGE,
    MISBEHAVE,
    NEXT,
    OPENING,
    PORT,
    ROLE,
    SHARE,
    TEST,
    Argument,
    Command,
)
from dynacli.options.standard_options import (
    API_NAMES,
    DATA_OUTPUT,
    EARLIER_CALLS,
    OPERATIONS,
    REGISTERED,
    RULES,
    TOPICS,
    Option,
)
from dynacli.record import replace

_FAILED = Option(("--failed",), help="List only calls with an exit code other than 0")
_SINCE = Option(("--since",), help="List only calls of the last 30m, 2h or 7d", metavar="TIME")
_LOOKED_IN = Option(("--api",), help="Search this API only, with any server", metavar="API")

COMMANDS = (
    Command(
        "ignore",
        section=TEST,
        runs="config:ignore",
        help="Suppress known findings",
        about=(
            "RULE is the name at the end of a finding, such as `type`, or `*` for all. dynacli saves the "
            "exception in the configuration; `--reason` is required."
        ),
        examples=(
            "dynacli ignore github type --reason 'Fixed in 2.1'",
            "dynacli ignore github format issues-list --pointer '/*/created_at' --reason 'No time zone'",
        ),
        arguments=(
            Argument("api", offers=REGISTERED),
            Argument("rule", offers=RULES),
            Argument("operation", is_required=False, offers=OPERATIONS),
        ),
        options=(
            Option(("--reason",), help="Say why [required]", metavar="TEXT", default=""),
            Option(
                ("--pointer",),
                help="Suppress only at this place, and inside it",
                metavar="POINTER",
            ),
            Option(
                ("--status",),
                help="Suppress only in responses with this status: 404 or 4XX",
                metavar="STATUS",
            ),
            Option(
                ("--where",),
                help="Suppress only in requests, or only in responses",
                metavar="request|response",
            ),
        ),
        takes=OPENING,
        of_tool=API,
    ),
    Command(
        "policy",
        section=MANAGE,
        help="Explain which calls are allowed",
        about="The policy of an API is `[apis.NAME.policy]` in the configuration.",
        examples=(
            "dynacli policy explain demo archive-workflow",
            "dynacli policy explain demo GET /workflows",
        ),
        commands=(
            Command(
                "explain",
                of_tool=API,
                runs="config:explain_decision",
                help="Show whether a call is allowed, and why",
                examples=(
                    "dynacli policy explain demo archive-workflow",
                    "dynacli policy explain demo GET /workflows",
                ),
                arguments=(
                    Argument("api", offers=API_NAMES),
                    Argument(
                        "operation", metavar="OPERATION|METHOD PATH", is_multiple=True, offers=OPERATIONS
                    ),
                ),
                takes=(DATA_OUTPUT, *OPENING, "header"),
            ),
        ),
    ),
    Command(
        "skill",
        section=SHARE,
        runs="skill:write_skill",
        help="Write a SKILL.md for an agent",
        about=(
            "It has at most 60 lines: when to use the API, how to search, describe and call, and the exit codes. "
            "It contains no secret."
        ),
        examples=("dynacli skill demo", "dynacli skill demo --out skills/armature"),
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            Option(
                ("--out",),
                help="Write SKILL.md into DIRECTORY [default: standard output]",
                metavar="DIRECTORY",
            ),
        ),
        takes=OPENING,
        of_tool=API,
    ),
    Command(
        "mcp",
        section=SHARE,
        runs="mcp:serve_mcp",
        help="Offer APIs to an agent over MCP",
        about=(
            "The server has three tools, `search`, `describe` and `call`, on standard input and output. Without "
            "APIs, it offers all registered ones. Without `--write`, `call` makes only read-only calls, `reads` "
            "of the policy included. A DELETE, and a call that the policy wants confirmed, also needs `--yes`."
        ),
        examples=("dynacli mcp demo", "dynacli mcp github --http 8080"),
        arguments=(
            Argument("apis", metavar="[API...]", is_required=False, is_multiple=True, offers=API_NAMES),
        ),
        options=(
            Option(("--write",), help="Allow calls that may change something"),
            Option(
                ("--http",),
                help="Serve over HTTP [default host: 127.0.0.1; 0: a free port]",
                metavar="[HOST:]PORT",
            ),
            Option(
                ("--token",),
                help="Read the token of HTTP clients from env:NAME or file:PATH",
                metavar="REFERENCE|none",
            ),
            Option(
                ("--max-bytes",),
                help="Cut responses to N bytes, by whole items",
                metavar="N",
                kind="integer",
                between=(2000, 10000000),
                default=20000,
                shows_default=True,
            ),
        ),
        takes=("validate", "profile", "timeout", "retries", "rate"),
        of_tool=API,
    ),
    Command(
        "document",
        section=SHARE,
        runs="document:write_document",
        help="Print the OpenAPI document of an API",
        examples=(
            "dynacli document demo --bundled",
            "dynacli document demo --only runs -o yaml",
        ),
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            Option(("--bundled",), help="Print one file in OpenAPI 3, as dynacli uses it"),
            Option(("--resolved",), help="Replace references, except recursive ones"),
            Option(
                ("--only",),
                offers=OPERATIONS,
                help="Print only these operations and what they need",
                metavar="OPERATION|TAG",
                is_multiple=True,
            ),
        ),
        takes=LISTING,
        of_tool=API,
    ),
    Command(
        "export",
        section=SHARE,
        runs="export:export_api",
        help="Export the operations for another program",
        about=(
            "Each operation becomes a request with a valid example, in folders by tag. Credentials become "
            "variables without a value."
        ),
        examples=(
            "dynacli export demo --to postman --out demo.json",
            "dynacli export demo --to hurl --only runs",
        ),
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            Option(
                ("--to",),
                help="Export for this program [required]",
                values=("postman", "insomnia", "bruno", "har", "hurl", "markdown", "html"),
                name="form",
            ),
            Option(
                ("--only",),
                offers=OPERATIONS,
                help="Export only these operations",
                metavar="OPERATION|TAG",
                is_multiple=True,
            ),
            Option(
                ("--out",),
                help="Write to a file or directory [default: standard output]",
                metavar="FILE|DIRECTORY",
            ),
        ),
        takes=(*OPENING, "output", "server", "server_var"),
        of_tool=API,
    ),
    Command(
        "demo",
        section=MAKE_CALLS,
        runs="demo:DemoGroup",
        help="Call the built-in demo API, which needs no set-up",
        options=(ROLE, NEXT, MISBEHAVE),
        usage="[OPTIONS] OPERATION [ARGUMENTS] [OPTIONS]",
        examples=("dynacli demo", "dynacli demo search-runs --range 7d"),
        commands=(
            Command(
                "serve",
                runs="demo:serve",
                help="Run the demo API on 127.0.0.1 until Ctrl-C",
                about=(
                    "The kinds of `--misbehave` are wrong-type, missing-field, undocumented-field, "
                    "undocumented-status, wrong-media-type, truncated-json and hang."
                ),
                examples=(
                    "dynacli demo serve",
                    "dynacli demo serve --port 0 --misbehave search-runs=wrong-type",
                ),
                options=(replace(PORT, default=DEMO_PORT), NEXT, MISBEHAVE),
            ),
        ),
    ),
    Command(
        "history",
        section=MAKE_CALLS,
        default="list",
        help="List, show and clear earlier calls",
        examples=("dynacli history --failed --since 2h", "dynacli history show 1 --as curl"),
        commands=(
            Command(
                "list",
                runs="history:list_calls",
                help="List earlier calls, latest first",
                arguments=(Argument("api", is_required=False, offers=API_NAMES),),
                options=(_FAILED, _SINCE),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "show",
                runs="history:show_call",
                help="Show call N",
                examples=("dynacli history show 1", "dynacli history show 1 --as curl"),
                arguments=(Argument("number", metavar="N", least=1, offers=EARLIER_CALLS),),
                options=(
                    Option(
                        ("--as",),
                        help="Show the call in this format",
                        values=("curl", "har", "http"),
                        name="form",
                    ),
                ),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "export",
                runs="export:export_calls",
                help="Export calls for another program",
                examples=("dynacli history export demo --as har --out calls.har",),
                arguments=(Argument("api", is_required=False, offers=API_NAMES),),
                options=(
                    Option(
                        ("--as",),
                        help="Export in this format [required]",
                        values=("har", "hurl", "postman"),
                        name="form",
                    ),
                    _FAILED,
                    _SINCE,
                    Option(("--out",), help="Write to FILE [default: standard output]", metavar="FILE"),
                ),
                takes=("output",),
            ),
            Command(
                "clear",
                runs="history:forget_calls",
                help="Delete all calls, and ids known from them",
                examples=("dynacli history clear",),
            ),
        ),
        of_tool=ALONE,
    ),
    Command(
        "bake",
        section=SHARE,
        runs="bake:bake",
        help="Write a separate command-line program for one API",
        about=(
            "Its operations follow NAME directly; its help, completion, variables and directories have that name. "
            "It needs an installed dynacli, contains the document, which it refreshes, and no secret."
        ),
        examples=(
            "dynacli bake armature --api demo",
            "dynacli bake armature --api demo --only runs --package --out armature-cli",
        ),
        arguments=(Argument("name"),),
        options=(
            Option(("--api",), help="Write the program for API [default: NAME]", metavar="API", default=""),
            Option(
                ("--only",),
                offers=OPERATIONS,
                help="Include only these operations",
                metavar="TAG|OPERATION",
                is_multiple=True,
            ),
            Option(
                ("--except",),
                help="Leave these operations out",
                metavar="TAG|OPERATION",
                is_multiple=True,
                name="without",
            ),
            Option(
                ("--name-style",),
                help="Drop the tag from names that stay unique [default: usual]",
                values=("usual", "short"),
                default="usual",
            ),
            Option(("--package",), help="Write a directory for `pip install` and `pipx install`"),
            Option(("--vendor",), help="Put dynacli into the package; it needs no other"),
            Option(("--before",), help="Call this function before each call", metavar="MODULE:FUNCTION"),
            Option(("--after",), help="Call this function after each call", metavar="MODULE:FUNCTION"),
            Option(("--out",), help="Write to this path [default: ./NAME]", metavar="FILE|DIR"),
        ),
        takes=OPENING,
    ),
    Command(
        "import",
        section=SHARE,
        help="Turn a curl command or a HAR into dynacli commands",
        examples=(
            "dynacli import curl \"curl 'https://api.example.com/issues?state=open'\"",
            "dynacli import har traffic.har",
        ),
        commands=(
            Command(
                "curl",
                runs="imports:import_curl",
                help="Turn a curl command into a dynacli command",
                examples=("dynacli import curl \"curl 'https://api.example.com/issues?state=open'\"",),
                arguments=(Argument("line", metavar="COMMAND|FILE|-"),),
                options=(_LOOKED_IN,),
                takes=LISTING,
            ),
            Command(
                "har",
                runs="imports:import_har",
                help="Turn the requests of a HAR file into commands",
                examples=("dynacli import har traffic.har",),
                arguments=(Argument("file", metavar="FILE|-"),),
                options=(_LOOKED_IN,),
                takes=LISTING,
            ),
        ),
        of_tool=ALONE,
    ),
    Command(
        "replay",
        section=MAKE_CALLS,
        runs="history:Replay",
        help="Repeat an earlier call, with other options",
        about=(
            "N is the number of a call in `dynacli history`. OPTIONS are those of its operation; they replace the "
            "earlier ones."
        ),
        examples=("dynacli replay 1", "dynacli replay 1 --page 2 --dry-run"),
        usage="N [OPTIONS]",
        of_tool=ALONE,
    ),
    Command(
        "doctor",
        section=MANAGE,
        runs="doctor:examine",
        help="Check the installation and the documents",
        examples=("dynacli doctor", "dynacli doctor demo -o json"),
        arguments=(Argument("api", is_required=False, offers=API_NAMES),),
        takes=LISTING,
        of_tool=API,
    ),
    Command(
        "completion",
        section=MANAGE,
        runs="completion:write_script",
        help="Print the completion script for a shell",
        about=(
            'Bash: add `eval "$(dynacli completion bash)"` to `~/.bashrc`.\n\n'
            'Zsh: add `eval "$(dynacli completion zsh)"` to `~/.zshrc`, after `compinit`.\n\n'
            "Fish: run `dynacli completion fish > ~/.config/fish/completions/dynacli.fish`.\n\n"
            "PowerShell: add `dynacli completion powershell | Out-String | Invoke-Expression` to the file `$PROFILE`."
        ),
        examples=("dynacli completion bash", "dynacli completion fish"),
        arguments=(Argument("shell", values=("bash", "zsh", "fish", "powershell")),),
        is_plain=True,
        of_tool=ALONE,
    ),
    Command(
        "help",
        runs="help:show_topic",
        help="Show the manual, or its page on TOPIC",
        about="`help errors KIND` explains errors of a kind: `usage`, `auth`, `refused` and so on. "
        "`help options WORD` lists the options about a word.",
        examples=(
            "dynacli help",
            "dynacli help check",
            "dynacli help api add",
            "dynacli help errors usage",
            "dynacli help options retries",
        ),
        arguments=(
            Argument("topic", is_required=False, offers=TOPICS),
            Argument("kind", is_required=False, offers=TOPICS),
        ),
        is_plain=True,
        of_tool=ALONE,
    ),
)
