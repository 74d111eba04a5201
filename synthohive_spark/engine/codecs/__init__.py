"""Codecs: a column's values to (code, rank) and back, one file for each way of modelling a column."""
