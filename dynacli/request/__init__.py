"""Values → a request: pure functions that turn what a person gave into what goes on the wire."""
