"""Verdicts for machines: one module per format, each a pure function of the calls that were judged."""
