"""The bytes of a document, from a file, a URL or standard input, under limits of size, time and trust."""
