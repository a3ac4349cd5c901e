"""Requests of other programs, read from a curl command or a HAR.

`read_curl` and `read_har` parse them. `recorded_request` finds the operation of each. Read it first.
"""
