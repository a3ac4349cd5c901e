"""The word before an API key that only the description of its scheme names."""

import getpass
import json
from pathlib import Path
from typing import Any

import pytest

from dynacli.openapi.model.operation import prefix_in_prose
from tests.auth.shop import Shop
from tests.harness import run_cli


def _key(description: Any, **more: Any) -> dict[str, Any]:
    return {"type": "apiKey", "in": "header", "name": "Authorization", "description": description, **more}


@pytest.mark.parametrize(
    ("word", "description"),
    [
        ("Token", 'Token-based authentication with required prefix "Token"'),
        ("Bearer", 'Enter your token with the `Bearer ` prefix, e.g. "Bearer abcde12345".'),
        ("Token", "The value is `Token <key>`."),
        ("Bearer", "Authorization: Bearer {token}"),
        ("Token", "Send `Authorization: Token YOUR_KEY`. Do not share the key."),
        ("ApiKey", "An API key. It must be prefixed with 'ApiKey'."),
        ("Bearer", "'Bearer ' + your token"),
        ("token", 'API tokens must be prepended with "token" followed by a space.'),
        ("Bearer", "The token, preceded by the word 'Bearer'"),
        ("", 'Use the "Bearer" or the "Token" prefix'),
        ("", '"Bearer <token>", else "Token <token>"'),
        ("", 'Do not use the "Bearer" prefix'),
        ("", "Send the key without a prefix, as in `Authorization: KEY`. Never `Bearer KEY`"),
        ("", "Your \"API KEY\", the 'key'"),
        ("", "A key that begins with the prefix `sk_`"),
        ("", ["Token"]),
        ("", None),
    ],
)
def test_a_description_names_the_word_before_a_key(word: str, description: Any) -> None:
    """It counts if it is clear: one word, and no sentence against it."""
    assert word == prefix_in_prose(_key(description))


@pytest.mark.parametrize("more", [{"name": "X-Key"}, {"in": "query"}, {"type": "http"}, {"name": None}])
def test_only_a_key_in_authorization_has_a_word(more: dict[str, Any]) -> None:
    """Other keys may begin with a prefix that belongs to them."""
    assert "" == prefix_in_prose(_key('required prefix "Token"', **more))


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("typed", "table", "sent"),
    [
        ("s3cret", "", "Token s3cret"),
        ("token s3cret", "", "token s3cret"),
        ("Bearer s3cret", "", "Bearer s3cret"),
        ("s3cret", '[apis.shop.auth.key]\nprefix = "Key"', "Key s3cret"),
        ("s3cret", '[apis.shop.auth.key]\nprefix = ""', "s3cret"),
    ],
    ids=["a key", "with its word", "with another word", "configured", "configured without"],
)
@pytest.mark.usefixtures("no_ring")
def test_the_word_of_the_description_is_sent_and_said(
    shop: Shop, home: Path, monkeypatch: pytest.MonkeyPatch, typed: str, table: str, sent: str
) -> None:
    """Signing in and `auth explain` say it; the key can have it, and the configuration wins."""
    shop.register({"key": _key('required prefix "Token"')}, [{"key": []}])
    shop.configure(home, table)
    asked: list[str] = []

    def ask(question: str, **_: object) -> str:
        asked.append(question)
        return typed

    monkeypatch.setattr(getpass, "getpass", ask)
    terminal = ("stdin", "stderr")
    result = run_cli("auth", "login", "shop", "--store", "file", terminal=terminal)
    assert 0 == result.exit_code
    assert 0 == shop.call().exit_code
    assert [sent] == shop.server.last.headers["authorization"]
    explained = run_cli("auth", "explain", "shop", "list-items")
    (row,) = json.loads(run_cli("auth", "explain", "shop", "list-items", "-o", "json").stdout)["alternatives"]
    if not table:
        assert ["Key for key, which is sent after `Token`: "] == asked
        assert "it is sent after `Token`" in result.stderr
        assert "in header Authorization after `Token`, from the stored" in explained.stdout
        assert "Token" == row["schemes"][0]["prefix"]
