"""The demo API, and `dynacli demo`."""
