"""The response to a call: for a Python program, as an error, and with what is wrong in it shown."""
