"""What can go wrong with a server, in words a person can act on."""


class ServerError(RuntimeError):
    """A server cannot be found, started or stopped; the text says why and how to mend it."""
