"""What a network is: nothing is run here, nothing is claimed."""
