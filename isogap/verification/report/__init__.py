"""Pages and tables made of verdicts."""
