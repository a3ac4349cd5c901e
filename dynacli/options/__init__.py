"""What can be typed behind the name of the program: the tables of options and commands, and how words are read."""
