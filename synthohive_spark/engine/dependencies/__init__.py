"""What holds in every row of a table, found and kept, one kind a file."""
