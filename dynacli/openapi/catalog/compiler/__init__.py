"""The compiler, which turns a loaded document into the content of a compiled document."""
