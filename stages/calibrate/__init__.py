"""calibrate: when a student may answer alone."""
