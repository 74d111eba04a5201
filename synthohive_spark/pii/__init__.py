"""Personal data: finding columns of it, and making stand-ins for their values."""
