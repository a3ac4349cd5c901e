"""What real servers are asked, and what is wrong with their responses: each finding was looked at by hand.

The comments say what a document says and what its server sends, as `curl` shows it.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """A call of an operation.

    Attributes:
        words: After the operation; `<NAME>` stands for what an earlier call kept.
        status: What the server responds; None if that cannot be read.
        found: `RULE POINTER` of each finding of `--validate exact`, indices as `*`, in order.
        not_validated: What of the response could not be validated, a part of the reason.
        keep: Name → the way to a value in the response that later calls need.
        exit_code: If it follows neither from the status nor from the findings.
    """

    operation: str
    words: tuple[str, ...] = ()
    status: int | None = 200
    found: tuple[str, ...] = ()
    not_validated: str = ""
    keep: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    exit_code: int | None = None

    def expected_exit(self, found: tuple[str, ...]) -> int:
        if self.exit_code is not None:
            return self.exit_code
        if self.status is not None and self.status >= 300:
            return self.status // 100
        return 9 if found else 0

    def expected(self, level: str) -> tuple[str, ...]:
        """Return what is found at a level: `strict` reports mismatches, and undocumented statuses."""
        if level == "exact":
            return self.found
        ignored = ("undocumented-body", "undocumented-property")
        return tuple(line for line in self.found if not line.startswith(ignored))


# `ResponseMeta.time_stamp` is `"format": "date-time"`, "A timestamp containing the date and time at which the query was
# executed"; the server sends `2026-11-24T22:35:44.772797`, without the offset that RFC 3339, section 5.6, asks for.
_TIME_STAMP = ("format /meta/time_stamp",)

# `Contents` has `content`, `format`, `hash` and `hash_algorithm` as `type: string`, and says in prose "The content and
# format keys may be null if content is not contained", which is what the server sends.
_NO_HASH = ("type /hash", "type /hash_algorithm")
_NO_CONTENT = ("type /content", "type /format", *_NO_HASH)
# And of a directory `"size": null, "mimetype": null`, if it has `integer` and `string`.
_DIRECTORY = ("type /mimetype", "type /size")
# `Session` has `id`, `path`, `name`, `type` and `kernel`; the server still sends `notebook`, of its earlier version.
_SESSION = ("undocumented-property /notebook",)

# `nearMisses` are `logged-request`s, with `method`, `url`, ...; the server sends
# `{"request": {...}, "stubMapping": {...}, "matchResult": {...}}`, which is what the document's own example has.
_NEAR_MISSES = tuple(
    f"undocumented-property /nearMisses/*/{name}" for name in ("matchResult", "request", "stubMapping")
)
# A 200 without `content`, and the server sends `{}`.
_EMPTY_OBJECT = ("undocumented-body",)

_SESSION_BODY = (
    '{"path": "d/n.ipynb", "name": "n", "type": "notebook", "kernel": {"id": "<kernel>", "name": "python3"}}'
)
_STUB = "730d3e32-d098-4169-a20c-554c3bedce58"

CALLS: dict[str, tuple[Call, ...]] = {
    "optimade": (
        Call("get-info", found=_TIME_STAMP),
        Call("get-entry-info", ("structures",), found=_TIME_STAMP),
        Call("get-entry-info", ("nothing",), 404, found=_TIME_STAMP),
        Call("get-links", found=_TIME_STAMP),
        Call("get-references", found=_TIME_STAMP),
        Call("get-single-reference", ("dijkstra1968",), found=_TIME_STAMP),
        Call("get-single-reference", ("dummy/2019",), found=_TIME_STAMP),
        Call("get-structures", found=_TIME_STAMP),
        Call(
            "get-structures",
            ("--filter", 'elements HAS "Ag"', "--response-fields", "elements,nelements", "--page-limit", "2"),
            found=_TIME_STAMP,
        ),
        Call("get-structures", ("--filter", "elements HASS"), 400, found=_TIME_STAMP),
        Call("get-structures", ("--page-limit", "5000"), 403, found=_TIME_STAMP),
        Call("get-single-structure", ("mpf_1",), found=_TIME_STAMP),
        Call("get-versions"),
    ),
    "jupyter": (
        Call("get-api"),
        Call("get-api-spec-yaml"),
        Call("get-api-status"),
        # "May be `null` if unavailable", says the description of both, and `type: string`; the server sends null.
        Call("get-api-me", found=("type /identity/avatar_url", "type /identity/color")),
        Call(
            "put-api-contents-path",
            ("d", "--type", "directory"),
            201,
            found=tuple(sorted((*_NO_CONTENT, *_DIRECTORY))),
        ),
        Call(
            "put-api-contents-path",
            ("d/a b.txt", "--type", "file", "--format", "text", "--content", "hello"),
            201,
            found=_NO_CONTENT,
        ),
        Call("get-api-contents-path", ("d/a b.txt",), found=_NO_HASH),
        Call("get-api-contents-path", ("d/a b.txt", "--content", "0"), found=_NO_CONTENT),
        Call("get-api-contents-path", ("d/a b.txt", "--hash", "1")),
        # "Will be an array if type is 'directory'", says `content`, and `type: string`.
        Call(
            "get-api-contents-path",
            ("d",),
            found=tuple(sorted(("type /content", *_NO_HASH, *_DIRECTORY))),
        ),
        # A 400 has `error` and `reason`; the server sends `{"message": "d is a directory, ...", "reason": ...}`.
        Call(
            "get-api-contents-path",
            ("d", "--type", "file"),
            400,
            found=("undocumented-property /message",),
        ),
        # A 404 without a schema; the server sends `file or directory '/nothing' does not exist`, and calls it JSON.
        Call("get-api-contents-path", ("nothing",), 404, found=("undocumented-body",)),
        Call("get-api-resolve-path", ("--path", "d")),
        Call("post-api-contents-path", ("d", "--copy-from", "d/a b.txt"), 201, found=_NO_CONTENT),
        Call("patch-api-contents-path", ("d/a b.txt", "--body.path", "z.txt"), found=_NO_CONTENT),
        Call("post-api-contents-path-checkpoints", ("z.txt",), 201),
        # It fails if there is no such file.
        Call("post-api-contents-path-checkpoints", ("nothing",), 500, found=("undocumented-status status",)),
        Call("get-api-contents-path-checkpoints", ("z.txt",)),
        Call("post-api-contents-path-checkpoints-checkpoint-id", ("z.txt", "checkpoint"), 204),
        Call("delete-api-contents-path-checkpoints-checkpoint-id", ("z.txt", "checkpoint"), 204),
        Call("delete-api-contents-path", ("z.txt",), 204),
        # DELETE has a 204 alone; the server sends 404 when there is no such file.
        Call("delete-api-contents-path", ("z.txt",), 404, found=("undocumented-status status",)),
        # `KernelSpec` has `KernelSpecFile`, which the server calls `spec`; of the logos it has `logo-*`, as a name.
        Call(
            "get-api-kernelspecs",
            found=(
                "undocumented-property /kernelspecs/python3/resources/logo-32x32",
                "undocumented-property /kernelspecs/python3/resources/logo-64x64",
                "undocumented-property /kernelspecs/python3/resources/logo-svg",
                "undocumented-property /kernelspecs/python3/spec",
            ),
        ),
        Call("post-api-kernels", ("--name", "python3"), 201, keep={"kernel": ("id",)}),
        # A 201 alone; for a kernel that there is not the server fails with 500.
        Call("post-api-kernels", ("--name", "none"), 500, found=("undocumented-status status",)),
        Call("get-api-kernels"),
        Call("get-api-kernels-kernel-id", ("<kernel>",)),
        Call(
            "post-api-sessions",
            ("--body", _SESSION_BODY),
            201,
            found=_SESSION,
            keep={"session": ("id",)},
        ),
        # The body is not required; without it the server sends 400, and the document has 201 and 501.
        Call("post-api-sessions", (), 400, found=("undocumented-status status",)),
        Call("get-api-sessions", found=("undocumented-property /*/notebook",)),
        Call("get-api-sessions-session", ("<session>",), found=_SESSION),
        Call("patch-api-sessions-session", ("<session>", "--name", "x"), found=_SESSION),
        Call("post-api-kernels-kernel-id-interrupt", ("<kernel>",), 204),
        Call("delete-api-sessions-session", ("<session>",), 204),
        # GET has a 200 alone; the server sends 404 for a kernel that is gone.
        Call("get-api-kernels-kernel-id", ("<kernel>",), 404, found=("undocumented-status status",)),
        Call("post-api-terminals", keep={"terminal": ("name",)}),
        Call("get-api-terminals"),
        Call("get-api-terminals-terminal-id", ("<terminal>",)),
        Call("delete-api-terminals-terminal-id", ("<terminal>",), 204),
        # A 404 without a schema; the server sends `{"message": "Terminal not found: 1", ...}`.
        Call("get-api-terminals-terminal-id", ("<terminal>",), 404, found=("undocumented-body",)),
        Call("patch-api-config-section-name", ("notebook", "--body", '{"a": 1}')),
        Call("get-api-config-section-name", ("notebook",)),
    ),
    "httpbin": (
        # No response has a schema. "If this field does not exist, it means no content is returned as part of the
        # response", says OpenAPI 2.0 of it, and all these send one.
        *(
            Call(name, found=("undocumented-body",))
            for name in (
                *("get-anything", "get-brotli", "get-cache", "get-cookies"),
                *("get-deflate", "get-deny", "get-encoding-utf8", "get-get", "get-gzip", "get-headers"),
                *("get-html", "get-image-svg", "get-ip", "get-json", "get-robots-txt"),
                *("get-user-agent", "get-uuid", "get-xml"),
            )
        ),
        *(
            Call(name, words, found=("undocumented-body",))
            for name, words in (
                ("get-anything-anything", ("a/b c",)),
                ("get-base64-value", ("aGVsbG8=",)),
                ("get-bytes-n", ("3", "-o", "raw")),
                ("get-cache-value", ("60",)),
                ("get-delay-delay", ("0",)),
                ("get-drip", ("--numbytes", "3", "--duration", "0", "--delay", "0")),
                ("get-etag-etag", ("e",)),
                ("get-image-jpeg", ("-o", "raw")),
                ("get-image-png", ("-o", "raw")),
                ("get-image-webp", ("-o", "raw")),
                ("get-links-n-offset", ("3", "0")),
                ("get-range-numbytes", ("26",)),
                ("get-response-headers", ("--freeform.a", "b")),
                ("get-stream-bytes-n", ("3", "-o", "raw")),
                ("get-image", ("-o", "raw")),
                ("get-stream-n", ("1", "-o", "raw")),
                ("get-stream-n", ("2", "-o", "raw")),  # `application/json` for two JSON texts, a line each
                ("get-basic-auth-user-passwd", ("u", "p", "-H", "Authorization: Basic dTpw")),
                ("get-hidden-basic-auth-user-passwd", ("u", "p", "-H", "Authorization: Basic dTpw")),
                ("get-bearer", ("-H", "Authorization: Bearer x")),
                ("delete-anything", ()),
                ("patch-anything", ()),
                ("post-anything", ()),
                ("put-anything", ()),
            )
        ),
        # `produces` has `text/plain`; a redirect, of which the document says nothing, leads to JSON.
        *(
            Call(name, words, found=("undocumented-media-type header/Content-Type",))
            for name, words in (
                ("get-cookies-delete", ()),
                ("get-cookies-set", ("--freeform.a", "b")),
                ("get-cookies-set-name-value", ("a", "b")),
            )
        ),
        # It has 100, 200, 300, 400 and 500, by which it means what begins with the same digit.
        Call("get-status-codes", ("204",), 204, found=("undocumented-status status",)),
        Call("get-status-codes", ("503",), 503, found=("undocumented-status status",)),
        Call("get-status-codes", ("400",), 400),
        Call("get-status-codes", ("none",), 400, found=("undocumented-body",)),
        Call("get-basic-auth-user-passwd", ("u", "p"), 401),
        Call("get-bearer", (), 401),
        Call("get-digest-auth-qop-user-passwd", ("auth", "u", "p"), 401),
        Call("get-digest-auth-qop-user-passwd-algorithm", ("auth", "u", "p", "MD5"), 401),
        Call(
            "get-digest-auth-qop-user-passwd-algorithm-stale-after", ("auth", "u", "p", "MD5", "never"), 401
        ),
        Call("get-hidden-basic-auth-user-passwd", ("u", "p"), 404),
        Call("get-etag-etag", ("e", "--if-match", "other"), 412),
        Call("get-cache", ("--if-none-match", "e"), 304),
        # The 302 is described, and followed to another operation.
        *(
            Call(name, words, not_validated="describes the redirect")
            for name, words in (
                ("get-absolute-redirect-n", ("2",)),
                ("get-redirect-n", ("2",)),
                ("get-redirect-to", ("--url", "/get")),
                ("get-relative-redirect-n", ("2",)),
            )
        ),
    ),
    "kinto": (
        Call("server-info"),
        Call("heartbeat"),
        Call("lbheartbeat"),
        Call("get-openapi-spec"),
        Call("contribute"),
        # A 200 alone; the server looks for a file that is not a part of its package, and fails with 500.
        Call("version", (), 500, found=("undocumented-status status",)),
        Call("create-bucket", ("--data.id", "b", "--permissions.write", "system.Everyone"), 201),
        Call("update-bucket", ("b2", "--data.id", "b2"), 201),
        Call("get-buckets", ("--limit", "1", "--sort", "-last_modified")),
        Call("get-bucket", ("b",)),
        Call("get-bucket", ("none",), 404),
        Call("create-collection", ("b", "--data.id", "c"), 201),
        Call("get-collections", ("b",)),
        Call("get-collection", ("b", "c")),
        Call("create-record", ("b", "c", "--body", '{"data": {"id": "r", "title": "x", "n": 1}}'), 201),
        Call("get-records", ("b", "c", "--since", "1", "--fields", "title")),
        Call("get-record", ("b", "c", "r")),
        Call("get-record", ("b", "c", "none"), 404),
        Call("patch-record", ("b", "c", "r", "--body", '{"data": {"n": 2}}')),
        Call("update-record", ("b", "c", "r", "--body", '{"data": {"n": 3}}')),
        Call("create-group", ("b", "--body", '{"data": {"id": "g", "members": ["x"]}}'), 201),
        Call("get-groups", ("b",)),
        Call("get-group", ("b", "g")),
        # `data.items` requires `bucket_id`, which the entry of `/` has not; `id` and `permissions` are not there.
        Call(
            "get-permissionss",
            found=(
                "required /data/*",
                "undocumented-property /data/*/id",
                "undocumented-property /data/*/permissions",
            ),
        ),
        Call("batch", ("--body", '{"requests": [{"method": "GET", "path": "/buckets"}]}')),
        Call("delete-record", ("b", "c", "r")),
        Call("delete-records", ("b", "c")),
        Call("delete-group", ("b", "g")),
        Call("delete-collection", ("b", "c")),
        Call("delete-buckets"),
    ),
    "wiremock": (
        Call("get-health"),
        Call("get-version"),
        Call(
            "create-new-stub-mapping",
            (
                *("--id", _STUB, "--request.method", "GET", "--request.url-path", "/hi", "--metadata.a", "1"),
                *("--response.status", "200", "--response.headers.Content-Type", "text/plain"),
                *("--response.body", "hello", "--response.fixed-delay-milliseconds", "1"),
                *("--scenario-name", "s", "--required-scenario-state", "Started"),
            ),
            201,
        ),
        # A 422 has `source` as `type: string`; the server sends `"source": {"pointer": "/"}`.
        Call("create-new-stub-mapping", (), 422, found=("type /errors/*/source",)),
        Call("get-all-stub-mappings"),
        Call("get-all-stub-mappings", ("--limit", "1", "--offset", "0")),
        Call("get-stub-mapping-by-id", (_STUB,)),
        Call("get-stub-mapping-by-id", ("730d3e32-d098-4169-a20c-554c3bedce59",), 404),
        Call("update-stub-mapping", (_STUB, "--request.url-path", "/ho", "--response.status", "201")),
        Call("find-unmatched-stub-mappings"),
        Call("find-stub-mappings-by-metadata", ("--example",)),
        Call("get-all-scenarios"),
        Call("reset-all-scenarios", found=_EMPTY_OBJECT),
        # The journal has the request for `/nothing` that was made before.
        Call(
            "get-all-requests-in-journal", not_validated="no schema", keep={"request": ("requests", 0, "id")}
        ),
        Call("get-request-by-id", ("<request>",), not_validated="no schema"),
        Call("get-request-by-id", (_STUB,), 404),
        Call("find-unmatched-requests", not_validated="no schema"),
        Call(
            "find-requests-by-criteria", ("--method", "GET", "--url", "/nothing"), not_validated="no schema"
        ),
        # `count` alone is described; the server sends `"requestJournalDisabled": false` as well.
        Call(
            "count-requests-by-criteria",
            ("--method", "GET", "--url-pattern", "/n.*"),
            found=("undocumented-property /requestJournalDisabled",),
        ),
        Call("retrieve-near-misses-for-unmatched-requests", found=_NEAR_MISSES),
        Call("find-near-misses-for-request", ("--method", "GET", "--url", "/nothing"), found=_NEAR_MISSES),
        Call("get-recording-status"),
        Call("start-recording", ("--example",), found=_EMPTY_OBJECT),
        Call("stop-recording"),
        Call("take-recording-snapshot", ("--repeats-as-scenarios", "false")),
        # "contents of the request body as a string", says the description, without `content`; it comes in Base64.
        Call("update-file-by-id", ("f.txt", "--body", "hello"), found=("undocumented-body",)),
        Call("get-all-file-names"),
        # "The contents of the file", without `content`.
        Call("get-file-by-id", ("f.txt",), found=("undocumented-body",)),
        Call("get-file-by-id", ("nothing",), 404),
        Call("delete-file-by-id", ("f.txt",)),
        Call("delete-stub-mapping", (_STUB,), found=_EMPTY_OBJECT),
        Call("delete-stub-mapping", (_STUB,), 404),
        # In the document, "deprecated", and no longer in the server.
        Call("empty-request-journal", (), 404, found=("undocumented-status status",)),
        Call("delete-all-requests-in-journal", found=_EMPTY_OBJECT),
        Call("reset-mappings-and-journal"),
    ),
    "todo": (
        Call(
            "todo-controller-create",
            ("--title", "t", "--desc", "d", "--is-complete", "false"),
            keep={"id": ("id",)},
        ),
        # The body is not required; without it the server fails: `Cannot read properties of undefined`.
        Call("todo-controller-create", (), 500, found=("undocumented-status status",)),
        Call("todo-controller-find"),
        Call("todo-controller-find", ("--filter.limit", "1", "--filter.fields.title", "true")),
        Call("todo-controller-find", ("--filter", '{"where": {"title": "x y&z"}, "order": ["title ASC"]}')),
        Call("todo-controller-count", ("--where", '{"title": "t"}')),
        Call("todo-controller-find-by-id", ("<id>",)),
        Call("todo-controller-replace-by-id", ("<id>", "--title", "other"), 204),
        Call("todo-controller-update-by-id", ("<id>", "--desc", "x"), 204),
        Call("todo-controller-update-all", ("--where", '{"title": "other"}', "--desc", "y")),
        Call("todo-controller-delete-by-id", ("<id>",), 204),
        # GET has a 200 alone; the server sends 404 for what is gone.
        Call("todo-controller-find-by-id", ("<id>",), 404, found=("undocumented-status status",)),
    ),
    "pygeoapi": (
        # These are described by references to the schemas of a standard, which are not followed.
        *(
            Call(name, not_validated="/ogcapi-features-1.yaml#/components/responses/")
            for name in (
                *("get-landing-page", "get-collections", "describe-points-collection"),
                "get-conformance-declaration",
            )
        ),
        Call("get-points-features", not_validated="/ogcapi-features-1.yaml#/components/responses/"),
        Call("get-points-feature", ("1",), not_validated="/ogcapi-features-1.yaml#/components/responses/"),
        Call("get-processes", not_validated="/responses/ProcessList.yaml"),
        Call("get-job", ("nothing",), 404, not_validated="/responses/NotFound.yaml"),
        Call("get-job-results", ("nothing",), 404, not_validated="/responses/NotFound.yaml"),
        # `Queryables` has `application/json` alone.
        Call("get-points-queryables", found=("undocumented-media-type header/Content-Type",)),
        Call("get-points-schema", found=("undocumented-media-type header/Content-Type",)),
        # `"200": {"description": "successful operation"}`, without `content`.
        Call("get-jobs", found=("undocumented-body",)),
        Call("get-openapi", found=("undocumented-body",)),
        Call("describe-hello-world-process", found=("undocumented-body",)),
        # Of the request, here: the response is any object.
        Call(
            "execute-hello-world-job",
            ("--body", '{"inputs": {"name": "World"}}'),
            not_validated="/schemas/execute.yaml",
        ),
    ),
}


# The numbers of operations, of warnings, and of parts that are not valid OpenAPI.
DOCUMENTS = {
    "optimade": (8, 0, 0),
    "jupyter": (32, 0, 0),
    # `"type": "int"`, 18 times; path parameters that are not declared, 7 times. And path parameters without
    # `"required": true`, 41 times, with `protocol` at the top and two more contacts in `info`.
    "httpbin": (78, 25, 50),
    "kinto": (37, 0, 0),
    "wiremock": (41, 0, 0),
    "todo": (8, 0, 0),
    # References to other hosts, which cost parameters and responses.
    "pygeoapi": (18, 47, 0),
}


# What someone has there before a check that writes: how it is made, and where it shows.
THEIRS: dict[str, tuple[list[tuple[str, ...]], list[tuple[str, ...]]]] = {
    "jupyter": (
        [("put-api-contents-path", "theirs.txt", "--type", "file", "--format", "text", "--content", "x")],
        [("get-api-contents-path", "theirs.txt"), ("get-api-kernels",), ("get-api-terminals",)],
    ),
    "kinto": (
        [
            ("create-bucket", "--data.id", "theirs", "--permissions.write", "system.Everyone"),
            ("create-collection", "theirs", "--data.id", "theirs"),
            ("create-record", "theirs", "theirs", "--body", '{"data": {"id": "theirs", "n": 1}}'),
        ],
        [("get-buckets",), ("get-collections", "theirs"), ("get-records", "theirs", "theirs")],
    ),
    "wiremock": (
        [
            ("create-new-stub-mapping", "--request.url-path", "/theirs", "--response.status", "200"),
            ("update-file-by-id", "theirs.txt", "--body", "x"),
        ],
        [("get-all-stub-mappings",), ("get-all-file-names",), ("get-file-by-id", "theirs.txt")],
    ),
    "todo": ([("todo-controller-create", "--title", "theirs")], [("todo-controller-find",)]),
}
