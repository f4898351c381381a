"""What is no polynomial: determinants, exponentials of traces, and the free limit of large sizes."""
