"""Tests of project files, and of the trust in them."""
