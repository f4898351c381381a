"""What a person types, read into symbols."""
