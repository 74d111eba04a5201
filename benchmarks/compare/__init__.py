"""Compare with other packages, in turn and in environments of their own."""
