"""Responses: as Python objects, as errors, and with their findings as text."""
