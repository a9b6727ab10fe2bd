"""guard.py PARENT SIGNAL USER -- COMMAND...: become COMMAND, and die when PARENT dies.

Run by path with `python -I -S`, so it costs about 10 ms and imports nothing of ours.

PARENT  process id that must still be our parent when the guard is up.
SIGNAL  number the kernel sends us when that parent ends (Linux; elsewhere the next `up` ends leftovers).
USER    "same": as we are; "namespace": user 65534 of a new user namespace, which PostgreSQL accepts in
        place of root, while every file still belongs to root outside; "UID:GID": that ordinary user.
"""

import ctypes
import os
import signal
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
NOBODY = 65534


def enter_namespace(libc):
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWUSER):
        number = ctypes.get_errno()
        raise OSError(number, "unshare: " + os.strerror(number))
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY} {uid} 1"),
        ("gid_map", f"{NOBODY} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as handle:
            handle.write(line)


def become(user):
    uid, gid = (int(part) for part in user.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def main(arguments):
    parent, number, user, _dashes, *command = arguments
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE):
        signal.signal(each, signal.SIG_DFL)
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    if user == "namespace":
        enter_namespace(libc)
    elif user != "same":
        become(user)
    if libc is not None:
        # After the change of user, because the kernel forgets the signal whenever credentials change.
        libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("guard: the parent is already gone")
    os.execv(command[0], command)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as problem:
        sys.exit(f"guard: {problem}")
