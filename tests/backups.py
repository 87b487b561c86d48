"""Backups taken apart and put together, to have such as `jeton backup` never writes; and what the
commands that write them are tried with."""
import hashlib
import json
import os
import shutil

from harness import BUILD

FOLDER = "jeton-backup/"
BLOCK = 512


def header(name, size, made_at, **other):
    """Of tar(5), as jeton writes it; `other` are fields by their place: {at: bytes}."""
    block = bytearray(BLOCK)
    for at, field in [(0, name.encode()), (100, b"0000600\0"), (108, b"0000000\0"),
                      (116, b"0000000\0"), (124, b"%011o\0" % size), (136, b"%011o\0" % made_at),
                      (148, b" " * 8), (156, b"0"), (257, b"ustar\00000"), (265, b"root"),
                      (297, b"root"), *other.get("fields", [])]:
        block[at:at + len(field)] = field
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def padded(data):
    return data + bytes(-len(data) % BLOCK)


class Backup:
    """Its parts in order, without the manifest, which is made anew unless one is given."""

    def __init__(self, file):
        data, at = file.read_bytes(), 0
        self.parts, self.manifest = [], None
        while data[at]:
            name = data[at:at + 100].split(b"\0")[0].decode().removeprefix(FOLDER)
            size = int(data[at + 124:at + 135], 8)
            self.made_at = int(data[at + 136:at + 147], 8)
            content = data[at + BLOCK:at + BLOCK + size]
            if name == "manifest.json":
                self.manifest = json.loads(content)
            else:
                self.parts.append((name, content))
            at += BLOCK + len(padded(content))

    def part(self, name):
        return dict(self.parts)[name]

    def replace(self, name, content):
        self.parts = [(each, content if each == name else old) for each, old in self.parts]

    def sums(self):
        return [{"name": name, "size": len(content),
                 "sha256": hashlib.sha256(content).hexdigest()} for name, content in self.parts]

    def write(self, file, manifest=None, headers=(), tail=bytes(2 * BLOCK), **facts):
        """`headers`: instead of our own, by the part's name."""
        manifest = manifest or json.dumps({**self.manifest, "parts": self.sums(), **facts}).encode()
        with open(file, "wb") as out:
            for name, content in [*self.parts, ("manifest.json", manifest)]:
                own = header(FOLDER + name, len(content), self.made_at)
                out.write(dict(headers).get(name, own) + padded(content))
            out.write(tail)


# Names at which no file can be put, below a folder that no_files() has filled, and what is said.
NO_FILES = [("missing/file", "No such file or directory"), ("folder", "Is a directory"),
            ("pipe", "it is no plain file"), ("null", "it is no plain file")]


def no_files(folder):
    """Of devices there is a link, lest the host's own be lost."""
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "null").symlink_to("/dev/null")


def command_with(folder, program, before):
    """`jeton`, which starts a program of the daemon's with a line of shell before it."""
    (folder / "bin").mkdir(parents=True)
    (folder / "libexec").mkdir()
    shutil.copy2(BUILD / "bin" / "jeton", folder / "bin" / "jeton")
    (folder / "lib").symlink_to(BUILD / "lib")
    for real in (BUILD / "libexec").iterdir():
        (folder / "libexec" / real.name).symlink_to(real)
    script = folder / "libexec" / program
    script.unlink()
    script.write_text(f'#!/bin/sh\n{before}\nexec {BUILD}/libexec/{program} "$@"\n')
    script.chmod(0o755)
    return folder / "bin" / "jeton"
