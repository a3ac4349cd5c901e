"""What an answer looks like in each format that is made of its value: tables, separated rows, lines, assignments."""
