"""What Python's callers give, as C takes it. C ends a text at its first NUL, so one with a NUL is
refused here; and what is secret leaves no trace in a traceback, nor in memory where that can be."""
import ctypes
import math
import os
from collections.abc import Iterable
from typing import Optional, Union

Text = Union[str, bytes, bytearray, memoryview]
Words = Union[str, Iterable[str]]

UINT_MAX = 2 ** (8 * ctypes.sizeof(ctypes.c_uint)) - 1


class Secret:
    """A password or a token in a buffer that is wiped at the end of a with block.

    Making one never raises, whatever the value: who makes it deletes the value next, and only then
    `with` tells what is wrong, so that no frame of this package holds a secret when it raises."""

    __slots__ = ("_buffer", "pointer", "length", "trouble")

    def __init__(self, value: Text, name: str) -> None:
        self.trouble: Optional[Exception] = None
        data = self._bytes_of(value, name)
        self.length = len(data)
        self._buffer = bytearray(self.length + 1)
        memoryview(self._buffer)[:self.length] = data  # where a slice of a bytearray copies twice
        self.pointer = (ctypes.c_char * len(self._buffer)).from_buffer(self._buffer)
        if self._buffer.index(0) < self.length:
            self.trouble = ValueError(f"{name} has a NUL")

    def _bytes_of(self, value: Text, name: str) -> memoryview:
        try:
            if isinstance(value, str):
                return memoryview(str.encode(value, "utf-8"))
            if isinstance(value, (bytes, bytearray, memoryview)):
                view = memoryview(value)
                return view.cast("B") if view.nbytes else memoryview(b"")
            self.trouble = TypeError(f"{name} must be str or bytes, not {type(value).__name__}")
        except UnicodeEncodeError:
            self.trouble = ValueError(f"{name} is no UTF-8")
        except TypeError:
            self.trouble = TypeError(f"{name} is a view of bytes that are not in a row")
        return memoryview(b"")

    def __repr__(self) -> str:
        return "<secret>"

    def __enter__(self) -> "Secret":
        if self.trouble is not None:
            self.wipe()
            raise self.trouble
        return self

    def __exit__(self, *_: object) -> None:
        self.wipe()

    def wipe(self) -> None:
        ctypes.memset(self.pointer, 0, len(self._buffer))


def text(value: Optional[str], name: str) -> Optional[bytes]:
    """Of a text that is no secret; None stays None."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"{name} must be str, not {type(value).__name__}")
    try:
        data = str.encode(value, "utf-8")
    except UnicodeEncodeError:
        raise ValueError(f"{name} is no UTF-8") from None
    if b"\0" in data:
        raise ValueError(f"{name} has a NUL")
    return data


def split(value: Words, name: str) -> "tuple[str, ...]":
    """The words of a list: a text with blanks between them, or several texts."""
    if isinstance(value, str):
        return tuple(value.split(" ")) if value else ()
    if isinstance(value, (bytes, bytearray, memoryview)) or not isinstance(value, Iterable):
        raise TypeError(f"{name} must be str or several, not {type(value).__name__}")
    several = tuple(value)
    for word in several:
        text(word, name)
        if not isinstance(word, str) or not word or word.split() != [word]:
            raise ValueError(f"{name}: {word!r} is not one word")
    return several


def words(value: Optional[Words], name: str) -> Optional[bytes]:
    """A list as C takes it, separated by single spaces."""
    if value is None or isinstance(value, str):
        return text(value, name)
    return text(" ".join(split(value, name)), name)


def path(value: "Union[str, bytes, os.PathLike[str], None]") -> Optional[bytes]:
    if value is None:
        return None
    data = os.fsencode(str.__str__(value) if isinstance(value, str) else value)
    if b"\0" in data:
        raise ValueError("socket_path has a NUL")
    return data


def milliseconds(timeout: Optional[float]) -> int:
    """0, which is the library's own, for None."""
    if timeout is None:
        return 0
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"timeout must be seconds, not {type(timeout).__name__}")
    if not 0 < timeout <= UINT_MAX / 1000:
        raise ValueError(f"a timeout of {timeout!r} seconds cannot be")
    return math.ceil(timeout * 1000)


def seconds(lifetime: Optional[int]) -> int:
    """0, which is no bound, for None."""
    if lifetime is None:
        return 0
    if isinstance(lifetime, bool) or not isinstance(lifetime, int):
        raise TypeError(f"lifetime must be whole seconds, not {type(lifetime).__name__}")
    if not 0 < lifetime <= UINT_MAX:
        raise ValueError(f"a lifetime of {lifetime!r} seconds cannot be")
    return lifetime
