"""The operations of the stand-in: functions from a checked request and the store to an answer."""
