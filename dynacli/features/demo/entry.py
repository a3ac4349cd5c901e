"""The entry of this feature in the table of commands."""

from dynacli.options.command import DEMO_PORT, MAKE_CALLS, MISBEHAVE, NEXT, PORT, ROLE, Command
from dynacli.record import replace

COMMANDS = (
    Command(
        "demo",
        section=MAKE_CALLS,
        runs="features.demo.command:DemoGroup",
        help="Call the built-in demo API, which needs no set-up",
        options=(ROLE, NEXT, MISBEHAVE),
        usage="[OPTIONS] OPERATION [ARGUMENTS] [OPTIONS]",
        examples=("dynacli demo", "dynacli demo search-runs --range 7d"),
        commands=(
            Command(
                "serve",
                runs="features.demo.command:serve",
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
)
