"""One exchange over HTTP: the client, its limits, and what its failures mean.

Documents and API calls travel the same way; what differs are the limits and the errors, which are arguments.
"""

__all__ = ["is_own_process"]

is_own_process = False
"""Whether dynacli is the program that runs, rather than code in somebody else's process.

Then httpx is imported for dynacli alone, without the parts that it has no use for (see `library`).
"""
