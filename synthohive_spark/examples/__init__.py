"""Databases of people who do not exist, to try the package on."""
