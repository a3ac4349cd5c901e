"""Candidates that the configuration has: the names of profiles, and the keys that can be set."""

from collections.abc import Iterator

from dynacli.environment import Environment
from dynacli.library.configuration.configuration import Configuration, profiles_in

__all__ = ["profile_names", "setting_words"]


def profile_names(env: Environment, words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the profiles of the API that is named on a command line, else those of all APIs."""
    apis = Configuration(env).apis()
    named = [word for word in words if word in apis][:1]
    for name in named or sorted(apis):
        yield from ((profile, f"of {name}") for profile in profiles_in(apis[name]))


def setting_words(env: Environment, verb: str, word: str) -> Iterator[tuple[str, str]]:
    """Yield the keys behind `api set NAME`, `config get` and `config set`, or the values of one that chooses."""
    from dynacli.commands.verbs.config.setting_keys import KEYS_OF_API, key_path, words_of_key

    key, equals, _ = word.partition("=")
    if equals:
        path = key_path(key)
        of_api = words_of_key(("apis", "NAME", *path)) if verb == "api set" else words_of_key(path)
        yield from ((f"{key}={value}", "") for value in of_api)
        return
    end = "" if verb == "config get" else "="
    if verb == "api set":
        yield from ((f"{each}{end}", "") for each in KEYS_OF_API)
        return
    yield from ((f"{each}{end}", "") for each in ("history", "cache.limit"))
    for name in sorted(Configuration(env).apis()):
        yield from ((f"apis.{name}.{each}{end}", "") for each in KEYS_OF_API)
