"""Requests of other programs, read from a curl command or a HAR.

`read_curl` and `read_har` parse them. `operation_finder` finds the operation of each. Read `recorded_request` first.
"""
