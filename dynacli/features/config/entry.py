"""The entries of this feature in the table of commands."""

from dynacli.options.command import ALONE, API, MANAGE, OPENING, TEST, Argument, Command
from dynacli.options.standard_options import (
    API_NAMES,
    DATA_OUTPUT,
    KEYS,
    OPERATIONS,
    REGISTERED,
    RULES,
    Option,
)

_PROJECT = Argument("file", metavar="FILE|DIRECTORY", is_required=False)

COMMANDS = (
    Command(
        "config",
        section=MANAGE,
        help="Show and change the configuration",
        examples=("dynacli config get apis.github", "dynacli config set history=off"),
        commands=(
            Command(
                "path",
                runs="features.config.command:show_path",
                help="Print the path of the configuration file",
                examples=("dynacli config path",),
            ),
            Command(
                "get",
                runs="features.config.command:show_values",
                help="Show one setting, or all; secrets are masked",
                examples=("dynacli config get", "dynacli config get apis.github"),
                arguments=(Argument("key", is_required=False, offers=KEYS),),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "set",
                runs="features.config.command:set_values",
                help="Set keys of the configuration",
                about="`KEY=` removes a key. Comments stay.",
                examples=("dynacli config set history=off", "dynacli config set apis.github.timeout=10"),
                arguments=(Argument("settings", metavar="KEY=VALUE...", is_multiple=True, offers=KEYS),),
            ),
            Command(
                "edit",
                runs="features.config.command:edit_file",
                help="Edit the file in $VISUAL or $EDITOR",
                about="dynacli refuses a file with mistakes, and shows them with their lines.",
                examples=("dynacli config edit",),
            ),
            Command(
                "trust",
                runs="features.project_file.trust:trust_project",
                help="Trust the project file, after showing what it adds",
                about=(
                    "Without FILE, it is the nearest `.dynacli.toml`. If its content changes, trust it again. An agent "
                    "cannot trust a file."
                ),
                examples=("dynacli config trust", "dynacli config trust ./shop"),
                arguments=(_PROJECT,),
            ),
            Command(
                "untrust",
                runs="features.project_file.trust:distrust_project",
                help="No longer use the project file",
                examples=("dynacli config untrust", "dynacli config untrust ./shop"),
                arguments=(_PROJECT,),
            ),
        ),
        of_tool=ALONE,
    ),
    Command(
        "ignore",
        section=TEST,
        runs="features.config.command:ignore",
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
                help="Suppress only at this location, and inside it",
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
                runs="features.config.command:explain_decision",
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
)
