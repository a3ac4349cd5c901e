"""The HTTP client: requests with limits, redirects and retries, bodies as streams, downloads, and what failures mean.

It takes a request that is built and returns its answer, or raises an exception of `errors`.
Read `send` first, then `exchange`, which is the only user of a client of httpx.
"""
