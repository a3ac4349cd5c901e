"""The only room that writes to the terminal: data on standard output, everything else on standard error."""
