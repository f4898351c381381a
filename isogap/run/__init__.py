"""Where the wings meet: simulate and report."""
