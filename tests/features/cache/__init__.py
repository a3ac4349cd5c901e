"""Tests of `dynacli cache`, and of the response cache."""
