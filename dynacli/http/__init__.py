"""One exchange over HTTP: the client, its limits, and what its failures mean."""
