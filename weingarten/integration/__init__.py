"""Words and products of entries, integrated."""
