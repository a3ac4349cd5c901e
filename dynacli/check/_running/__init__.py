"""The calls of a check: prepared, sent side by side, and judged."""
