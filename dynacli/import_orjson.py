"""Imports orjson, after the modules that it imports itself.

If Ctrl-C interrupts orjson while it imports them, the process ends with a segmentation fault (3.13.0,
`src/typeref.rs`).
"""

import dataclasses  # noqa: F401
import datetime as dt  # noqa: F401
import enum  # noqa: F401
import json  # noqa: F401
import uuid  # noqa: F401

import orjson

__all__ = ["orjson"]
