"""What each idea of the CTGAN is worth by itself."""
