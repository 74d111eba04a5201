"""Personal data: finding columns of it, and making fakes for their values."""
