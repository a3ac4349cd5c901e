"""Tests of exports for other programs."""
