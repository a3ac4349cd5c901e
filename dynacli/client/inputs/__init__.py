"""The inputs of a call: which input a name means, and the values and the body that are made of them."""
