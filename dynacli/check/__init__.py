"""Calls a whole API, and validates recorded traffic of other programs.

`check_run` plans a call for every operation that it may call, makes the calls through `client`, and reports the
findings. `recordings` does the same with exchanges from a HAR. Read `check_run` first.
"""
