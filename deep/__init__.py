"""The experiment: learned codecs, measured against the certified limits. Empty until its turn comes (see README)."""
