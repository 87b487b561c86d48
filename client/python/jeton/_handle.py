"""One handle of libjeton: made, used by one thread at a time, closed once."""
import ctypes
import os
import threading
import weakref
from typing import Any, Optional

from ._library import HANDLE, LIBRARY, jeton_options
from .errors import Failure


class Holder:
    """The handle and its lock, apart from the object that users hold, so that both the end of that
    object and the end of the process can close it."""

    def __init__(self, pointer: Any) -> None:
        self.pointer = pointer
        self.lock = threading.Lock()

    def close(self, wait: bool) -> None:
        """A handle that is in use is closed after the call. At the end of the process nobody waits: a
        daemon thread may be in a call, and then the kernel takes all."""
        if self.lock.acquire(blocking=wait):
            try:
                pointer, self.pointer = self.pointer, None
                LIBRARY.jeton_close(pointer)
            finally:
                self.lock.release()


class Handle:
    """Closed by close(), with its object, or at exit, whichever comes first."""

    def __init__(self, socket_path: Optional[bytes], timeout_ms: int) -> None:
        options = jeton_options(ctypes.sizeof(jeton_options), socket_path, timeout_ms)
        pointer = HANDLE()
        status = LIBRARY.jeton_open(ctypes.byref(options), ctypes.byref(pointer))
        if status < 0:
            raise Failure(-status, f"no handle: {os.strerror(-status)}")
        self._holder = Holder(pointer)
        self._finalizer = weakref.finalize(self, self._holder.close, False)

    @property
    def closed(self) -> bool:
        return self._holder.pointer is None

    def close(self) -> None:
        self._finalizer.detach()
        self._holder.close(True)

    def call(self, function: Any, *arguments: Any) -> str:
        """Gives the handle's sentence, for outcomes that are refusals. The lock is held around both,
        because ctypes lets other threads run meanwhile."""
        holder = self._holder
        with holder.lock:
            if holder.pointer is None:
                raise ValueError("the handle is closed")
            status = function(holder.pointer, *arguments)
            sentence = LIBRARY.jeton_error(holder.pointer).decode("ascii", "replace")
        if status < 0:
            raise Failure(-status, sentence)
        return str(sentence)
