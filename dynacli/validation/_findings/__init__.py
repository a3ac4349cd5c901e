"""Findings: a defect with its place, what was expected, what came, and a sentence for people."""
