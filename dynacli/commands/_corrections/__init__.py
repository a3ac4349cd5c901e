"""What an error of a call teaches: the corrected command line, which is made when an error has happened."""
