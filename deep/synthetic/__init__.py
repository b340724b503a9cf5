"""Two tasks whose limits are known exactly: learned codes with real bytes for a Gaussian vector and for binary blocks."""
