"""orjson, imported after the modules that it looks up when it begins.

It takes for granted that they can be imported (3.13.0, `src/typeref.rs`): if Ctrl-C comes while it imports them, the
process ends with a segmentation fault.
"""

import dataclasses  # noqa: F401
import datetime as dt  # noqa: F401
import enum  # noqa: F401
import json  # noqa: F401
import uuid  # noqa: F401

import orjson

__all__ = ["orjson"]
