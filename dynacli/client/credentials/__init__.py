"""The credentials of calls beyond environment variables: which schemes count, and what is stored for them."""
