"""`--jq`: filters that are programs of jq, run by the package `jq`."""
