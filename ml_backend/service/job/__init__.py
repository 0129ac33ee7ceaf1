"""One job: its folder, its events and its process."""
