"""Tests of requests that other programs made."""
