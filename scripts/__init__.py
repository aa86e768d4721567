"""Commands for people who run, test and measure the server."""
