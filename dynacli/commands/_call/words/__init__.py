"""The words of a call: they become the inputs of its body, are written in an editor, laid over others, and masked."""
