"""The entry of this feature in the table of commands."""

from dynacli.options.command import ALONE, MAKE_CALLS, OF_DEMO, OPENING, ROLE, Argument, Command
from dynacli.options.standard_options import DATA_OUTPUT, PLANS, RESENDING, Option

_PLAN = Argument("plan", metavar="FILE|NAME", offers=PLANS)

COMMANDS = (
    Command(
        "plan",
        section=MAKE_CALLS,
        help="Show and apply planned calls",
        about=(
            "`--plan FILE` on a call or on `batch` writes a plan instead of sending. A plan is applied once, and only "
            "if nothing has changed since it was made: the file, the resource, the document and the account."
        ),
        examples=("dynacli plan list", "dynacli plan show change.json", "dynacli plan apply change.json"),
        commands=(
            Command(
                "list",
                runs="features.plans.command:list_plans",
                help="List the plans in the state directory",
                examples=("dynacli plan list", "dynacli plan list -o json"),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "show",
                runs="features.plans.command:show",
                help="Show a plan as a diff",
                examples=("dynacli plan show change.json",),
                arguments=(_PLAN,),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "apply",
                runs="features.plans.command:apply",
                help="Send the requests of a plan, once",
                about=(
                    "dynacli checks that nothing has changed, asks, and sends the requests in order. It stops at the "
                    "first failure, and writes the result beside the plan."
                ),
                examples=("dynacli plan apply change.json", "dynacli plan apply change.json --yes"),
                arguments=(_PLAN,),
                options=(
                    Option(("--resume",), help="Send the requests that did not succeed", name="resume_"),
                ),
                last=(ROLE, *OF_DEMO),
                takes=(
                    *(DATA_OUTPUT, *OPENING[:1], RESENDING, "timeout", "retries", "rate", "http_version"),
                    "accept_origin",
                ),
                texts={"yes": "Apply it without asking"},
            ),
        ),
        of_tool=ALONE,
    ),
)
