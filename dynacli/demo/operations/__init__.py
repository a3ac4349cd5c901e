"""What each operation of the API does: pure functions from a checked request and the store to an answer."""
