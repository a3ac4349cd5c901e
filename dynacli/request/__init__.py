"""From values to a request: pure functions that write what goes on the wire."""
