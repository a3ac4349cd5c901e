"""The pages of a list: by which rule an answer leads to the next one, following them, and making one list of them."""
