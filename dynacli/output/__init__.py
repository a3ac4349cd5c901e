"""Writes to the terminal: data to standard output, everything else to standard error.

Input: responses, findings and errors. Output: formatted text. No other package writes to the terminal. Read `render`
first, then `standard_error`.
"""
