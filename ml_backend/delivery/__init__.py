"""What leaves the house: films and sequences with their credentials, and what these say."""
