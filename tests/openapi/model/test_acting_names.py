"""Which reads do more than read, by the words of real documents."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dynacli.errors import DocumentError
from dynacli.openapi.catalog.catalog_writer import catalog_in_memory
from dynacli.openapi.catalog.compiler.compile_document import compile_document
from dynacli.openapi.model.acting_names import NAMED_METHODS, acting_word
from dynacli.openapi.model.operation import OperationSummary
from tests.documents import load_file
from tests.real_documents import documents

_ACTING = [
    # path, operation id, summary, word
    ("/irc/stop", "", "", "stop"),
    ("/irc/stop", "stop_irc_irc_stop_get", "Stop Irc", "stop"),
    ("/irc/stop", "get_irc_stop", "Get Irc Stop", "stop"),
    ("/irc/network/{networkID}/restart", "", "Restart network", "restart"),
    ("/api/testemail", "", "", "test"),
    ("/api/sendmail", "sendmail", "", "send"),
    ("/devices/poll", "", "Poll all devices", "poll"),
    ("/poll", "poll_poll_get", "Poll", "poll"),
    ("/send", "send_send_get", "Send", "send"),
    ("/send/{channel}", "", "", "send"),
    ("/send/mail/{address}", "", "", "send"),
    ("/restart/now", "", "", "restart"),
    ("/purge/logs", "", "", "purge"),
    ("/api/v1/jobs/{job_id}/start", "", "", "start"),
    ("/start", "start_start_get", "Start", "start"),
    ("/start/{job_id}", "", "", "start"),
    ("/cleanup", "cleanup_cleanup_get", "Cleanup", "cleanup"),
    ("/cleanup-old-files", "", "", "cleanup"),
    ("/sync", "sync_sync_get", "Sync", "sync"),
    ("/library/sync", "library_sync_retrieve", "", "sync"),
    ("/accounts/{id}/sync", "", "Synchronize the account", "synchronize"),
    ("/alerts/test", "", "Send a test alert", "send"),
    ("/alerts/test", "", "", "test"),
    ("/test-alert", "test_alert", "", "test"),
    ("/alerts/check", "", "Sends a test alert to every channel", "send"),
    ("/smtp/test", "smtpTest", "", "test"),
    ("/notifications", "sendTestNotification", "", "send"),
    ("/webhooks/{id}/test", "", "Test webhook", "test"),
    ("/scan", "", "Triggers a scan of the library", "trigger"),
    ("/library/scan", "", "", "scan"),
    ("/user/logout", "logoutUser", "Logs out current logged in user session", "log-out"),
    ("/cookies/delete", "", "Deletes cookie(s) as provided by the query string and redirects", "delete"),
    ("/cache/resetAll", "", "", "reset"),
    ("/server", "shutDownServer", "", "shut-down"),
    ("/admin/reset-settings", "", "", "reset"),
    ("/admin/users/bulkPurge", "", "", "purge"),
    ("/newsletter/unsubscribe/{token}", "", "", "unsubscribe"),
    ("/v2/droplets/{droplet_id}/destroy_with_associated_resources", "", "", "destroy"),
    ("/cancel/requests", "", "", "cancel"),
    ("/1.2.14/createGroup", "createGroupUsingGET", "creates a new group", "create"),
    ("/1.2.14/setText", "setTextUsingGET", "sets the text of a pad", "set"),
    ("/1.2.14/movePad", "movePadUsingGET", "moves a pad. If force is true, an existing pad goes", "move"),
    (
        "/1.2.14/restoreRevision",
        "restoreRevisionUsingGET",
        "Restores revision from past as new changeset",
        "restore",
    ),
    ("/pads/{id}", "deletePad", "Returns the deleted pad", "delete"),
    ("/pads/{id}/copy", "getPad", "Get a pad", "copy"),
    ("/deletePad", "getDeletePad", "Get Delete Pad", "delete"),
    ("/nodes/{id}/drain", "", "", "drain"),
    ("/nodes/{id}/yeetNode", "", "", "yeet"),
    ("/nodes/{id}/evict", "", "", "evict"),
    ("/nodes/{id}/unpause", "unpause", "Unpause", "unpause"),
    ("/nodes/{id}/vaporize", "", "", "vaporize"),
    ("/nodes/{id}/relaunch", "", "", "relaunch"),
    ("/doors/{id}/open", "", "", "open"),
    ("/mail", "", "Post a message", "post"),
    ("/nodes", "yeetNode", "", "yeet"),
    ("/nodes", "yeet_node_nodes_get", "Yeet Node", "yeet"),
    ("/nodes", "", "Yeets the node", "yeet"),
    ("/nodes", "yeetNodeUsingGET", "", "yeet"),
    ("/nodes/zap", "nodes_zap_retrieve", "", "zap"),
    ("/nodes", "yeetAndGetNodes", "", "yeet"),
    ("/nodes", "restartAndGetNodes", "", "restart"),
    ("/room/{id}/kick", "kick-user", "Kick", "kick"),
    ("/orders", "orderPizza", "", "order"),
    (
        "/pods/{name}/exec",
        "connectCoreV1GetNamespacedPodExec",
        "connect GET requests to exec of Pod",
        "connect",
    ),
]
_READING = [
    ("/sync/status", "", ""),
    ("/sync/status", "sync_status_sync_status_get", "Sync Status"),
    ("/start-times", "", ""),
    ("/sent-messages", "", ""),
    ("/starts", "list-starts", ""),
    ("/send-settings", "get-send-settings", ""),
    ("/send-settings", "get_send_settings_send_settings_get", "Get Send Settings"),
    ("/v2/monitoring/metrics/apps/restart_count", "monitoring_get_appMetricsRestartCount", "Get App Restart"),
    ("/v2/droplets/{droplet_id}/destroy_with_associated_resources/status", "", ""),
    (
        "/v2/droplets/{droplet_id}/destroy_with_associated_resources",
        "droplets_list_associatedResources",
        "List Associated Resources for a Droplet",
    ),
    ("/api/v1/monitor/can_delete", "CheckCanDeleteMonitor", "Check if a monitor can be deleted"),
    ("/api/catalog-item-bulk-delete-jobs", "get_bulk_delete_catalog_items_jobs", "Get Bulk Delete Jobs"),
    ("/api/catalog-item-bulk-delete-jobs/{job_id}", "get_bulk_delete_catalog_items_job", "Get Bulk Delete"),
    ("/indexes/{indexUid}/settings/stop-words", "getstopWords", "List stop words"),
    ("/indexes/{indexUid}/settings/stop-words", "", ""),
    ("/repos/{owner}/{repo}/pulls/{pull_number}/merge", "pulls/check-if-merged", "Check if merged"),
    ("/repos/{owner}/{repo}/actions/runs/{run_id}", "actions/get-workflow-run", "Get a workflow run"),
    ("/repos/{owner}/{repo}/import", "migrations/get-import-status", "Get an import status"),
    ("/2010-04-01/Accounts/{AccountSid}/Usage/Triggers.json", "ListUsageTrigger", ""),
    ("/v2/functions/namespaces/{namespace_id}/triggers", "functions_list_triggers", "List Triggers"),
    ("/guilds/{guild_id}/prune", "get_guild_prune_count", ""),
    ("/channels/{channel_id}/polls/{message_id}/answers/{answer_id}", "get_answer_voters", ""),
    ("/api/campaign-send-jobs/{id}", "get_campaign_send_job", "Get Campaign Send Job"),
    ("/api/v1/synthetics/tests/{public_id}", "GetTest", "Get a test configuration"),
    ("/api/v1/synthetics/tests", "ListTests", "Get the list of all Synthetic tests"),
    ("/scan/{scan_id}", "", ""),
    ("/poll/{poll_id}/results", "", ""),
    ("/run/{id}", "", ""),
    ("/runs/{id}", "run", ""),
    ("/polls", "poll", "Polls"),
    ("/stop/{stop_id}/departures", "", "Departures of a stop"),
    ("/stop/{stop_id}/departure", "", ""),
    ("/test", "test_test_get", "Test"),
    ("/tests", "", "Tests"),
    ("/presets", "listPresets", ""),
    ("/deleted-runs", "listDeleted", ""),
    ("/runs/{delete}", "readRun", ""),
    ("/restart-policy", "", ""),
    ("/poll", "fetchPoll", "Returns the poll"),
    ("/notify/settings", "", ""),
    ("/notifications", "", "Notifications"),
    ("/checkout/start-page", "", ""),
    (
        "/1.2.14/padUsersCount",
        "padUsersCountUsingGET",
        "returns the number of users that are editing this pad",
    ),
    ("/1.2.14/isPasswordProtected", "isPasswordProtectedUsingGET", "returns true of false"),
    ("/orders/{id}", "order", "Order"),
    ("/users", "users_list", ""),
    ("/me", "", "Current user"),
    ("/", "", "Welcome"),
    ("/load_balancers/{id}", "loadBalancers_get", "Retrieve an Existing Load Balancer"),
    ("/fork_count", "fork_count", "Get fork count"),
    ("/api/get_userdata", "", "similar to `check_auth` but returns UserData type."),
    ("/api/status_server", "", "Some general information about the current status"),
    ("/doors/{id}/open", "", "Get whether the door is open"),
    ("/open", "", ""),
    ("/slow", "slow", "Slow"),
    ("/slow", "slowCall", "A slow call"),
    ("/mood", "", ""),
    ("/ping", "ping", ""),
    ("/convert", "convert", "Convert an amount"),
    ("/empty", "empty", "Empty"),
    ("/switches/{id}/mood", "", ""),
    ("/healthz", "healthz", "Kubernetes healthz endpoint"),
    ("/invoices/{id}.pdf", "", ""),
    ("/pods", "watchCoreV1PodListForAllNamespaces", "watch individual changes to a list of Pod"),
]


@pytest.mark.parametrize(("path", "operation_id", "summary", "word"), _ACTING)
def test_a_read_that_acts(path: str, operation_id: str, summary: str, word: str) -> None:
    """The word that says so is returned."""
    assert word == acting_word(_operation(path, operation_id, summary))


@pytest.mark.parametrize(("path", "operation_id", "summary"), _READING)
def test_a_read_that_only_reads(path: str, operation_id: str, summary: str) -> None:
    """A verb within the name of a thing or a fact says nothing."""
    assert "" == acting_word(_operation(path, operation_id, summary))


def _operation(path: str, operation_id: str, summary: str) -> Any:
    return cast("Any", SimpleNamespace(path=path, operation_id=operation_id, summary=summary, tags=()))


_REFUSED_READS = 0.01
"""The part of the reads of real documents that may be taken for actions."""
_ACTIONS = re.compile(r"/authorize|/cookies/(?:set|delete).*|/user/log(?:in|out)|.*/generate-report")
"""The paths of the GETs of real documents that change something, as a person reads them."""


def _operations_of(path: Path) -> Iterator[OperationSummary]:
    try:
        catalog = catalog_in_memory(compile_document(load_file(path)), [])
    except DocumentError:
        return  # for such documents there are other tests
    yield from (summary for summary in catalog.each_summary() if summary.method in NAMED_METHODS)
    catalog.close()


@pytest.mark.long
@pytest.mark.corpus
def test_real_reads_are_taken_for_reads(corpus: Path) -> None:
    """At most one in a hundred GETs of real documents that only read is refused; each that acts is."""
    reads: list[str] = []
    refused: list[str] = []
    for path in documents(corpus):
        for operation in _operations_of(path):
            place = f"{path.name} {operation.path} {operation.operation_id}"
            word = acting_word(operation)
            if _ACTIONS.fullmatch(operation.path):
                assert word, place
                continue
            reads.append(place)
            if word:
                refused.append(f"{word}: {place}")
    assert len(refused) <= _REFUSED_READS * len(reads), "\n".join(refused)
