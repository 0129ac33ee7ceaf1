"""The backend as a service on this machine: takes jobs over HTTP and runs each in its own process."""
