"""Exchanges of other programs: reading, finding their operations, validation.

`read_har` reads exchanges from a HAR file, and `recorded_request` finds the operation of each. Read it first.
`validate_exchange` validates them.
"""
