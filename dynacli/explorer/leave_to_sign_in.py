"""Signing in from within the explorer, on the terminal that it gives back for as long as that takes."""

import signal
import subprocess

from dynacli.environment import Environment
from dynacli.library.background_refresh import process_words

__all__ = ["sign_in"]


def sign_in(env: Environment, api: str, options: list[str]) -> bool:
    """Let the person sign in to an API, as `auth login` does it, and return whether that went well.

    Args:
        options: Those of `auth login`.
    """
    # A signal by a key is that of the process that asks; it gets a handler that another process does not take over.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    words = process_words("auth", "login", api, *options)
    try:
        while True:
            # Standard output may be where the command lines go.
            ended = subprocess.run(words, env=dict(env.variables), stdout=env.stderr, check=False)
            if ended.returncode == 0:
                return True
            env.stderr.write("\nEnter goes back to the explorer, options such as --store file try again: ")
            env.stderr.flush()
            more = env.stdin.readline().split()
            if not more:
                return False
            words = process_words("auth", "login", api, *options, *more)
    finally:
        signal.signal(signal.SIGINT, before)
