"""A swap as a job for a render farm, or for several processes of this machine."""
