"""No error repeats what a person typed where a secret may stand: neither its text, nor its JSON, nor its `try` line."""

import pytest

from tests.documents import BEARER, document, operation, parameter, save
from tests.harness import run_cli

_LOGIN = {
    "type": "object",
    "required": ["user", "password"],
    "properties": {"user": {"type": "string"}, "password": {"type": "string", "format": "password"}},
}
_SECRETS = ["S3CRET-of-mine", "sesame", "Zq8", "/x", "ab/c+d==", "eyJhbGci.eyJzdWIi.c2ln_-"]

_OF_AUTH = """
auth login shop SECRET
auth login shop --scheme b --with-token SECRET
auth login shop --with-token=SECRET
auth login --token=SECRET shop
auth login --token SECRET shop
auth login shop -pSECRET
auth login shop --SECRET
auth login shop -- SECRET
auth login SECRET
auth login SECRET shop
auth login shop --scheme SECRET
auth login shop --store SECRET
auth login shop --profile SECRET
auth login shop --server SECRET
auth login shop --client-secret SECRET
auth login shop --callback-port SECRET
auth login shop --operation SECRET
auth login shop --refresh-operation SECRET
auth login shop --operation login -- --user me SECRET
auth login shop --operation login -- --passwrd SECRET
auth token x SECRET
auth token SECRET
auth token shop --scheme SECRET
auth logout x SECRET
auth logout SECRET
auth logout shop --scheme SECRET
auth logn shop SECRET
auth SECRET shop
auth status shop SECRET
auth explain shop SECRET
auth explain SECRET login
auth explain shop login --auth SECRET
""".strip().splitlines()

_ANYWHERE = """
DYNACLI_SHOP_TOKEN=SECRET shop get-item 1
shop GET /nope?sid=SECRET --nope
shop GET /nope?a=1&login_code=SECRET --plan x
DYNACLI_SHOP_KEY=SECRET auth login shop
shop DYNACLI_SHOP_KEY=SECRET
shop get-item DYNACLI_SHOP_KEY=SECRET 1
config set apis.shop.auth.b.token=SECRET
config set apis.shop.auth.b=SECRET
api set shop auth.b.token=SECRET
api set x auth.b.token=SECRET
api set auth.b.token=SECRET shop
shop get-item -H Authorization:SECRET --idd 1
shop get-itm 1 -H Authorization:SECRET
shop login --set password=SECRET --usr me
shop login --passwrd SECRET --user me
shop login --password SECRET --usr me
shop login --body {"user":5,"password":"SECRET"}
shop get-item 1 --token SECRET
shop get-item 1 --api-key=SECRET
--token=SECRET shop get-item 1
shop get-item 1 --server me:SECRET@127.0.0.1:9/x
http://me:SECRET@127.0.0.1:9/openapi.json
api add http://me:SECRET@127.0.0.1:9/openapi.json name
doctor http://me:SECRET@127.0.0.1:9/openapi.json
""".strip().splitlines()


@pytest.fixture(autouse=True)
def shop() -> None:
    """A registered API with an operation that takes a password."""
    paths = {
        "/login": {"post": operation("login", body=_LOGIN, security=[])},
        "/items/{id}": {"get": operation("get-item", parameter("id", {"type": "string"}, "path"))},
    }
    made = document(paths, ["http://127.0.0.1:9"], schemes={"b": BEARER}, security=[{"b": []}])
    assert 0 == run_cli("api", "add", "shop", save(made)).exit_code


def _shown(line: str, secret: str) -> str:
    """Return all that a mistaken command line prints, as text and as JSON."""
    words = [word.replace("SECRET", secret) for word in line.split()]
    results = [run_cli("--error-format", form, *words) for form in ("text", "json")]
    assert all(result.exit_code for result in results), line
    return "".join(result.stdout + result.stderr for result in results)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("secret", _SECRETS)
@pytest.mark.parametrize("line", _OF_AUTH)
def test_arguments_of_auth_are_never_repeated(line: str, secret: str) -> None:
    """Whatever they are, however short, and wherever they stand."""
    assert secret not in _shown(line, secret)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("line", _ANYWHERE)
def test_what_a_name_calls_secret_is_never_repeated(line: str) -> None:
    """Variables, keys of the configuration, headers, fields, options, and the userinfo of URLs."""
    assert "S3CRET-of-mine" not in _shown(line, "S3CRET-of-mine")


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        ("auth login shop --scheme bb", "`shop` has no security scheme"),
        ("auth login shpo", "Did you mean `shop`?"),
        ("auth token shop", "No credential is stored for `shop`"),
        ("auth explain shop logn", "Did you mean `login`?"),
        (
            "auth login shop --store file --scope credential --accept-origin http://127.0.0.1:9",
            "Cannot ask for the credential",
        ),
        ("shop login --password user --usr me", "--password PASSWORD --user me"),
    ],
)
def test_what_is_known_is_told(line: str, reported: str) -> None:
    """The names of APIs, schemes and operations, and the words of dynacli's own sentences."""
    assert reported in run_cli(*line.split()).stderr
