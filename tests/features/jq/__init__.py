"""Tests of `--jq`."""
