"""One call, whole: it is prepared, sent, validated, told to its listeners, and written into the history."""
