"""Run by path, as the first moments of every child: tie it to its parent, then become the command.

A script of its own, as code between fork and exec (`preexec_fn`) is unsafe once there are threads.
It costs about 25 ms. Arguments: parent's pid, death signal, "uid:gid" or "", the command.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Never returns, unless the parent is already gone."""
    parent, death_signal, user, *command = sys.argv[1:]
    if user:
        uid, gid = map(int, user.split(":"))
        os.setgroups([gid])
        os.setgid(gid)
        os.setuid(uid)
    # Python ignores some signals, a shell others in what it runs in the background, and our parent
    # may hold signals back: the command must do none of that.
    for number in signal.valid_signals():
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if sys.platform == "linux":
        # After setuid, which would clear it.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(int(death_signal)))
        if os.getppid() != int(parent):
            return
    try:
        os.execvp(command[0], command)  # noqa: S606 (no shell is what we want)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
