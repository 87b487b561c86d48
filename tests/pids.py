"""Processes whose number is chosen: how a pid comes to be given away again is no matter of luck."""
import ctypes
import signal

SYS_CLONE3 = 435


class CloneArguments(ctypes.Structure):
    """struct clone_args of linux/sched.h."""
    _fields_ = [(name, ctypes.c_uint64) for name in (
        "flags", "pidfd", "child_tid", "parent_tid", "exit_signal", "stack", "stack_size", "tls",
        "set_tid", "set_tid_size", "cgroup")]


def fork_with_pid(pid):
    """fork(2) whose child has that pid; 0 in the child."""
    wanted = ctypes.c_int(pid)
    arguments = CloneArguments(exit_signal=signal.SIGCHLD, set_tid=ctypes.addressof(wanted),
                               set_tid_size=1)
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(SYS_CLONE3, ctypes.byref(arguments), ctypes.sizeof(arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), "clone3")
    return result
