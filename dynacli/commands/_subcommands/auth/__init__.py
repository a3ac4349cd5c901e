"""The verb `dynacli auth`, which signs in and out, and tells which credentials there are."""
