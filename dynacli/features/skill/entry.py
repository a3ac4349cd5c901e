"""The entry of this feature in the table of commands."""

from dynacli.options.command import API, OPENING, SHARE, Argument, Command
from dynacli.options.standard_options import API_NAMES, Option

COMMANDS = (
    Command(
        "skill",
        section=SHARE,
        runs="features.skill.command:write_skill",
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
            Option(("--workflows",), help="List the workflows of an Arazzo document, too", metavar="FILE"),
        ),
        takes=OPENING,
        of_tool=API,
    ),
)
