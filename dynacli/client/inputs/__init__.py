"""Inputs of a call: find the input for a name, collect values, and build the body from them."""
