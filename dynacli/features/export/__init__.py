"""`dynacli export`: operations and calls in the formats of other programs."""
