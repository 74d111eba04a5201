"""Links between tables, compared: how many children rows have, how columns of linked tables go together."""
