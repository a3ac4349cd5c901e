"""The pytest plugin: calls of tests are validated. Every run of pytest loads it, so it imports the rest on demand."""
