"""Tests of `dynacli alias`."""
