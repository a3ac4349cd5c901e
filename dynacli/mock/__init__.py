"""The mock of an API: each operation is answered from the document."""
