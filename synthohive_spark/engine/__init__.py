"""What learns and draws rows, without Spark: codecs, noise and generative models."""
