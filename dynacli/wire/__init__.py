"""One exchange over HTTP: the client, its limits, and what its failures mean.

Documents and API calls travel the same way; what differs are the limits and the errors, which are arguments.
"""
