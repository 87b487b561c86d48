"""User namespaces: who a process is in there is what root wrote into its maps."""
import ctypes
import os
import subprocess

from harness import in_process_of

CLONE_NEWUSER = 0x10000000
PR_SET_DUMPABLE = 4

libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def map_ids(pid, maps):
    for name in ("uid_map", "gid_map"):
        subprocess.run(["sh", "-c", 'printf "%s" "$1" >"$0"', f"/proc/{pid}/{name}", maps],
                       check=True)


def mapper_of(pid, maps, ready, go):
    """A process outside that writes the maps of that one, when it is ready, and lets it go on."""
    mapper = os.fork()
    if mapper == 0:
        os.close(ready[1])
        try:
            if os.read(ready[0], 1):
                map_ids(pid, maps)
                os.write(go[1], b"x")
        finally:
            os._exit(0)
    os.close(go[1])
    return mapper


def become(uid):
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def in_user_namespace(function, maps, uid=0):
    """What function says in a process of that uid that makes itself a user namespace with those lines
    of maps. It is root in there; without a line it is nobody."""
    def enter():
        ready, go = os.pipe(), os.pipe()
        mapper = mapper_of(os.getpid(), maps, ready, go) if maps else None
        become(uid)
        # Who changed its uid is not dumpable, and its files in proc(5) are root's: prctl(2).
        check(libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl")
        check(libc.unshare(CLONE_NEWUSER), "unshare")
        if mapper:
            os.write(ready[1], b"x")
            assert os.read(go[0], 1), "the maps could not be written"
            os.waitpid(mapper, 0)
            become(0)
        return function()

    return in_process_of(0, enter)
