"""Requests of other programs, and the operations that they call.

`read_har` reads them from a HAR file. `recorded_request` finds the operation of each. Read it first.
"""
