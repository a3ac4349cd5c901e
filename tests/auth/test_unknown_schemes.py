"""A scheme of the configuration that the document does not have counts for nothing, and that is reported."""

from pathlib import Path

import pytest

from tests.auth.shop import Shop
from tests.documents import BEARER
from tests.harness import assert_ended, run_cli

_NOTE = "`auth.baerer` of the configuration names no security scheme of the document"


@pytest.fixture
def config(shop: Shop, home: Path) -> Path:
    """The configuration of an API whose scheme is `bearer`."""
    shop.register({"bearer": BEARER}, [{"bearer": []}])
    return home / "config" / "config.toml"


def _add(config: Path, lines: str) -> None:
    config.write_text(f"{config.read_text()}\n{lines}\n")


@pytest.mark.parametrize("table", ["apis.shop.auth.baerer", "apis.shop.profiles.p.auth.baerer"])
def test_a_scheme_that_is_not_there_is_told_of(table: str, shop: Shop, config: Path) -> None:
    """By a call that lacks its credential, and by whatever shows credentials, with the name that was meant."""
    _add(config, f"[{table}]\ntoken = 'env:OF_MINE'")
    more = ("--profile", "p") if "profiles" in table else ()
    call = shop.call(*more)
    assert_ended(call, 10, f"{_NOTE}. Did you mean `bearer`?")
    for words in (
        ("auth", "explain", "shop", "list-items", *more),
        ("auth", "status"),
        ("auth", "status", "shop"),
        ("doctor", "shop"),
    ):
        assert f"{_NOTE}. Did you mean `bearer`?" in run_cli(*words).stderr, words


def test_other_names_are_listed(shop: Shop, config: Path) -> None:
    """If none is near."""
    _add(config, "[apis.shop.auth.x]\ntoken = 'env:OF_MINE'")
    assert "`auth.x` of the configuration names no security scheme of the document. It has `bearer`" in (
        shop.call().stderr
    )


def test_a_certificate_counts_by_any_name(shop: Shop, config: Path) -> None:
    """Servers want one that their documents do not mention; so does a command that signs."""
    _add(config, "[apis.shop.auth.mutual]\ncert = 'me.pem'\n[apis.shop.auth.own]\nsign = 'signer'")
    assert "is for no security scheme" not in run_cli("doctor", "shop").stderr + shop.call().stderr
