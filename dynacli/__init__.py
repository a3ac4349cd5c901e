"""Turns any OpenAPI document into a command line, at run time."""

__all__ = ["__version__"]

__version__ = "0.1.0"
