"""The HTTP client: limits, redirects by policy, responses as streams, and what failures mean."""
