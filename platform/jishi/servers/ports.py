"""Free TCP ports for servers, below the range the kernel hands to outgoing connections.

A port taken from above 32768 can be borrowed by any client between a server's death and its return;
one from below stays free for the restart.
"""

import random
import socket

LOWEST, HIGHEST = 15000, 32767


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port nobody listens on now; the caller must be ready to lose a race and ask again."""
    source = random.SystemRandom()
    while True:
        port = source.randint(LOWEST, HIGHEST)
        if is_free(port):
            return port
