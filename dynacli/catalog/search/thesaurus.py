"""General knowledge of the vocabulary of APIs: what a verb does, which words mean the same, what is abbreviated."""

__all__ = ["ACTIONS", "GROUPS", "PHRASES"]

ACTIONS = {
    "list": "list enumerate browse search find query filter",
    "get": "get show see view read retrieve fetch describe display look check inspect return load detail",
    "create": "create new add make start register open post insert build generate issue submit set-up"
    " provision launch upload invite send publish schedule",
    "update": "update change edit modify set rename adjust alter configure replace patch put move fix correct",
    "delete": "delete remove destroy erase drop purge discard trash archive wipe unregister revoke clear",
}
"""What an operation does to what it is about → the verbs that ask for it."""

GROUPS = (
    "delete remove destroy erase drop purge discard wipe trash eliminate",
    "create add make new insert register",
    "update change edit modify alter adjust patch configure",
    "list enumerate browse",
    "get show see view read retrieve fetch display",
    "search find query look",
    "disable deactivate stop suspend off pause",
    "enable activate start resume on",
)
"""Words of one meaning."""

PHRASES = {
    "pr": "pull request",
    "prs": "pull request",
    "repo": "repository",
    "repos": "repository",
    "org": "organization",
    "orgs": "organization",
    "organisation": "organization",
    "organisations": "organization",
    "db": "database",
    "dbs": "database",
    "vm": "server",
    "vms": "server",
    "merge request": "pull request",
    "turn off": "disable",
    "switch off": "disable",
    "turn on": "enable",
    "switch on": "enable",
    "get rid of": "delete",
    "set up": "create",
    "get all": "list",
    "show all": "list",
    "look up": "get",
}
"""Words as people write them → the words that are looked for."""
