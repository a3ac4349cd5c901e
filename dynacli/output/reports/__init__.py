"""Verdicts for machines: JSON, JUnit, SARIF, GitHub and HAR, each a pure function of the calls that were judged."""
