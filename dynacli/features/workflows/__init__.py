"""`dynacli workflow`: runs, validates and lists the workflows of Arazzo documents. A step is a call of the engine."""
