"""The operations of the demo API: functions from a checked request and the store to an answer."""
