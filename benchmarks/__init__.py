"""What the product's waits are, each beside the floor nobody could go below."""
