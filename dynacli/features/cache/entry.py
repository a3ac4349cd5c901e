"""The entry of this feature in the table of commands."""

from dynacli.options.command import ALONE, MANAGE, Argument, Command
from dynacli.options.standard_options import API_NAMES, DATA_OUTPUT, Option

COMMANDS = (
    Command(
        "cache",
        section=MANAGE,
        help="Show or clear the cache",
        examples=("dynacli cache info", "dynacli cache clear github", "dynacli cache clear --responses"),
        commands=(
            Command(
                "info",
                runs="features.cache.command:show_cache",
                help="Show the sizes of cached documents or responses",
                examples=("dynacli cache info", "dynacli cache info --responses -o json"),
                options=(Option(("--responses",), help="Show how much the stored responses take"),),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "clear",
                runs="features.cache.command:clear_cache",
                help="Clear the cache, or the part of one API",
                about="Clearing is always safe: dynacli fetches and compiles a document again if it needs it.",
                examples=("dynacli cache clear github", "dynacli cache clear --responses"),
                arguments=(Argument("api", is_required=False, offers=API_NAMES),),
                options=(
                    Option(("--history",), help="Clear only revisions that are neither current nor pinned"),
                    Option(("--responses",), help="Clear only the stored responses"),
                ),
            ),
        ),
        of_tool=ALONE,
    ),
)
