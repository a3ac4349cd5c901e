"""The calls of a check: sent side by side, and judged one by one."""
