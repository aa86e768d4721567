"""Several worker processes behind one port: a supervisor, who owns which interview, requests that find the owner."""
