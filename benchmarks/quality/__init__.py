"""How good a synthetic table is, by the judges of others."""
