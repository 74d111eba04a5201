"""How tables of each format are written: one file a format, and a line in `registry`."""
