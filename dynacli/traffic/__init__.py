"""Exchanges of other programs: reading them, finding their operations, and validating them.

`read_har` reads exchanges from a HAR file, `recorded_request` finds the operation of each, and `validate_exchange`
validates them. Read `recorded_request` first.
"""
