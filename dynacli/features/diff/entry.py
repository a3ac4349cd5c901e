"""The entry of this feature in the table of commands."""

from dynacli.options.command import CALL, CALL_USAGE, TEST, Command
from dynacli.options.standard_options import COMPARING, options_of

COMMANDS = (
    Command(
        "diff",
        section=TEST,
        runs="features.diff.command:DiffGroup",
        help="Compare the responses of two servers to one call",
        about=(
            "OPERATION must be read-only (else exit 11). dynacli calls it with the same inputs on the server in use "
            "and on the server of `--against`, and compares status, documented headers and body. It exits with 0 if "
            "they are equal, with 9 if they differ."
        ),
        examples=(
            "dynacli diff demo search-runs --range 7d --against https://new.example.com",
            "dynacli diff demo list-workflows --against history:1 --ignore '/body/*/*/updatedAt'",
        ),
        usage=f"{CALL_USAGE} --against PROFILE|URL|history:N|rev:N",
        options=options_of({COMPARING}),
        of_tool=CALL,
    ),
)
