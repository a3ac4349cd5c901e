"""The verb `dynacli export`, which writes the operations of an API and the calls of the history for other programs."""
