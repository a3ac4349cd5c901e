"""Credentials and security schemes."""

from tests.openapi.changes.edits.base import ADMIN, HEALTH, LIST, PETS
from tests.openapi.changes.edits.model import GONE, Of, edit, expected

__all__ = ["EDITS"]

EDITS = [
    edit(
        "an operation that was open needs credentials",
        PETS,
        {f"{HEALTH}/security": GONE},
        expected("secured", "/security", [], [{"key": []}], breaking=True),
        oasdiff=("api-security-anonymous-access-removed ERR",),
    ),
    edit(
        "an operation needs no credentials any more",
        PETS,
        {f"{ADMIN}/security": []},
        expected("made-public", f"{ADMIN}/security", [{"oauth": ["read"]}, {"key": []}], [], breaking=False),
        oasdiff=("api-security-anonymous-access-added INFO",),
    ),
    edit(
        "credentials become optional",
        PETS,
        {f"{ADMIN}/security/2": {}},
        expected(
            "made-public",
            f"{ADMIN}/security",
            [{"oauth": ["read"]}, {"key": []}],
            [{"oauth": ["read"]}, {"key": []}, {}],
            breaking=False,
        ),
        oasdiff=("api-security-anonymous-access-added INFO",),
    ),
    edit(
        "a way to sign in is gone",
        PETS,
        {f"{ADMIN}/security/0": GONE},
        expected(
            "security-alternative-removed", f"{ADMIN}/security/0", {"oauth": ["read"]}, None, breaking=True
        ),
        oasdiff=("api-security-removed ERR",),
    ),
    edit(
        "a way to sign in is new",
        PETS,
        {f"{LIST}/security": [{"key": []}, {"oauth": ["read"]}]},
        expected(
            "security-alternative-added", f"{LIST}/security/1", None, {"oauth": ["read"]}, breaking=False
        ),
        oasdiff=("api-security-added INFO",),
    ),
    edit(
        "the same security is written at the operation",
        PETS,
        {f"{LIST}/security": [{"key": []}]},
    ),
    edit(
        "a second credential is needed",
        PETS,
        {f"{ADMIN}/security": [{"oauth": ["read"]}, {"key": [], "oauth": ["read"]}]},
        expected(
            "security-alternative-added",
            f"{ADMIN}/security/1",
            None,
            {"key": [], "oauth": ["read"]},
            breaking=False,
        ),
        expected("security-alternative-removed", f"{ADMIN}/security/1", {"key": []}, None, breaking=True),
        oasdiff=("api-security-added INFO", "api-security-removed ERR"),
    ),
    edit(
        "of two credentials one is enough",
        PETS,
        {"/security": [{"key": []}]},
        expected("security-alternative-added", "/security/0", None, {"key": []}, breaking=False),
        expected(
            "security-alternative-removed",
            "/security/0",
            {"key": [], "oauth": ["read"]},
            None,
            breaking=False,
        ),
        before={"/security": [{"key": [], "oauth": ["read"]}]},
        oasdiff=("api-security-added INFO", "api-security-removed ERR"),
        why="Who has both has the one.",
    ),
    edit(
        "a scope is asked for",
        PETS,
        {f"{ADMIN}/security/0/oauth/1": "write"},
        expected("scope-added", f"{ADMIN}/security/0", None, "oauth: write", breaking=True),
        oasdiff=("api-security-scope-added ERR",),
    ),
    edit(
        "a scope is asked for no more",
        PETS,
        {f"{ADMIN}/security/0/oauth": []},
        expected("scope-removed", f"{ADMIN}/security/0", "oauth: read", None, breaking=False),
        oasdiff=("api-security-scope-removed INFO",),
    ),
    edit(
        "the document asks for other credentials",
        PETS,
        {"/security": [{"oauth": ["read"]}]},
        expected("security-alternative-added", "/security/0", None, {"oauth": ["read"]}, breaking=False),
        expected("security-alternative-removed", "/security/0", {"key": []}, None, breaking=True),
        oasdiff=("api-security-added INFO", "api-security-removed ERR"),
    ),
    edit(
        "a security scheme is called otherwise",
        PETS,
        {
            "/components/securitySchemes/apiKey": Of("/components/securitySchemes/key"),
            "/components/securitySchemes/key": GONE,
            "/security": [{"apiKey": []}],
            f"{ADMIN}/security/1": {"apiKey": []},
        },
        oasdiff=(
            "api-security-added INFO",
            "api-security-component-added INFO",
            "api-security-component-removed INFO",
            "api-security-removed ERR",
        ),
        why="The name of a security scheme is not sent.",
    ),
    edit(
        "a key goes into the query",
        PETS,
        {"/components/securitySchemes/key/in": "query"},
        expected(
            "security-scheme-changed", "/components/securitySchemes/key/in", "header", "query", breaking=True
        ),
        oasdiff=(
            "api-security-component-api-key-in-changed ERR",
            "api-security-component-api-key-name-changed ERR",
        ),
    ),
    edit(
        "a key has another name",
        PETS,
        {"/components/securitySchemes/key/name": "X-Api-Key"},
        expected(
            "security-scheme-changed",
            "/components/securitySchemes/key/name",
            "X-Key",
            "X-Api-Key",
            breaking=True,
        ),
        oasdiff=("api-security-component-api-key-name-changed ERR",),
    ),
    edit(
        "a security scheme is of another type",
        PETS,
        {"/components/securitySchemes/key": {"type": "http", "scheme": "bearer"}},
        expected(
            "security-scheme-changed", "/components/securitySchemes/key/type", "apiKey", "http", breaking=True
        ),
        oasdiff=("api-security-component-type-changed ERR",),
    ),
    edit(
        "a security scheme is new",
        PETS,
        {"/components/securitySchemes/basic": {"type": "http", "scheme": "basic"}},
        expected(
            "security-scheme-added",
            "/components/securitySchemes/basic",
            None,
            {"type": "http", "scheme": "basic"},
            breaking=False,
        ),
        oasdiff=("api-security-component-added INFO",),
    ),
    edit(
        "a security scheme is gone that nothing asks for",
        PETS,
        {"/components/securitySchemes/basic": GONE},
        expected(
            "security-scheme-removed",
            "/components/securitySchemes/basic",
            {"type": "http", "scheme": "basic"},
        ),
        before={"/components/securitySchemes/basic": {"type": "http", "scheme": "basic"}},
        oasdiff=("api-security-component-removed INFO",),
    ),
    edit(
        "tokens are fetched elsewhere",
        PETS,
        {
            "/components/securitySchemes/oauth/flows/clientCredentials/tokenUrl": "https://login.example.com/token"
        },
        expected(
            "security-scheme-changed",
            "/components/securitySchemes/oauth/flows/clientCredentials/tokenUrl",
            "https://auth.example.com/token",
            "https://login.example.com/token",
        ),
        oasdiff=("api-security-component-oauth-token-url-changed WARN",),
    ),
    edit(
        "a scope is described otherwise",
        PETS,
        {"/components/securitySchemes/oauth/flows/clientCredentials/scopes/read": "Read"},
        oasdiff=("api-security-component-oauth-scope-changed INFO",),
        why="A text for people, and no other scope.",
    ),
    edit(
        "a way to sign in is gone, and none is needed",
        PETS,
        {f"{ADMIN}/security/1": GONE},
        expected("security-alternative-removed", f"{ADMIN}/security/1", {"key": []}),
        before={f"{ADMIN}/security/2": {}},
    ),
]
