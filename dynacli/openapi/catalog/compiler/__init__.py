"""The compiler: a loaded document becomes the rows of a catalog."""
