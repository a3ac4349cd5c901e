"""The compiler, which turns a loaded document into the rows of a compiled document."""
