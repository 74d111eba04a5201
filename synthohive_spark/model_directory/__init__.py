"""Model directories: written whole, verified when read."""
