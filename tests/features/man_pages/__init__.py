"""Tests of the man pages."""
