"""An HTTP server: where it listens, how it runs, and how it ends."""
