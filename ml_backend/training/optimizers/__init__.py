"""What changes the weights, by how much, and how a rate for it is found."""
