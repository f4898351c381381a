"""What goes in: the samples of a batch, the start of a chain, its gap."""
