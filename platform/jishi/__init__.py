"""The roof: settings, addresses, the command line, and the wiring of who listens to what."""
