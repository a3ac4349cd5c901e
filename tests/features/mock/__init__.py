"""Tests of `dynacli mock`."""
