"""What responses teach about a document: the overlay that makes the document agree with them."""
