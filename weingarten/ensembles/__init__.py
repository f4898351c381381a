"""The ensembles, one file each: how their matrices are made, and by which sum they are integrated."""
