"""Small mistakes of a document mended where their meaning is plain, and all mistakes reported."""
