"""One call from start to end: it is prepared, sent, validated, announced to listeners and saved in the history."""
