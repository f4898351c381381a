"""The chain of the main paper: jobs, blocks, totals."""
