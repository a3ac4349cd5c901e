"""Tests of the other ways into dynacli."""
