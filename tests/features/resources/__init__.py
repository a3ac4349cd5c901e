"""Tests of `dynacli resources`."""
