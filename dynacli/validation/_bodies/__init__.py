"""Bodies and headers read as the values that their media types say."""
