"""The small language of lanes in which kernels are written."""
