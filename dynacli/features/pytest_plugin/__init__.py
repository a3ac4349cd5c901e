"""The pytest plugin: it validates the calls of tests.

Every run of pytest loads it, so it imports the rest on demand.
"""
