"""The plugin of pytest: calls in tests that are judged, tests that are made of a document, a report and coverage."""
