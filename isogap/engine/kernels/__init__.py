"""Compiled inner loops. They trust their input: every check happens in the public functions above them."""
