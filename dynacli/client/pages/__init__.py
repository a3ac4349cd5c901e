"""The pages of a list: by which rule a response leads to the next one, following them, and making one list of them."""
