"""Learn from a few painted masks where a face is seen and where something covers it."""
