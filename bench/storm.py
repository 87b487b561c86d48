#!/usr/bin/python3
"""What a storm of logins of one uid costs another's verification, side by side in one run.

    BUILD=build bench/storm.py [CONNECTIONS]

Needs root, to be several uids. One uid logs in with a wrong password on so many connections (1000),
on each again as soon as it is refused; another introspects a token and asks for /users/me, one
request at a time. Three rows: nobody else there; the storm's connections open and at rest; the
storm. The last two are measured in turns.
"""
import os
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from harness import Daemon, in_process_of  # noqa: E402
from storm import in_turns, storm_of, verification_ms  # noqa: E402

STORM_UID, OTHER_UID = 1, 2  # accounts of every Debian


def row(title, times):
    def words(values):
        cuts = statistics.quantiles(values, n=100)
        return f"{statistics.median(values):9.3f}{cuts[98]:9.3f}"

    print(f"{title:24}{words(times['introspect'])}{words(times['me'])}")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    if os.geteuid() != 0:
        sys.exit("storm.py needs root, to be several uids")
    config = f"max-connections = 4000\nmax-connections-per-uid = {count}\n"
    with Daemon(config) as jetond:
        jetond.add_user("alice")
        token = jetond.token("alice")
        alone = in_process_of(OTHER_UID, lambda: verification_ms(jetond.socket, token))
        with storm_of(STORM_UID, jetond.socket, count) as child:
            quiet, stormy = in_turns(child, OTHER_UID, jetond.socket, token, turns=5)
    print(f"{'ms':24}{'introspect':>18}{'/users/me':>18}")
    print(f"{'':24}{'median':>9}{'99 %':>9}{'median':>9}{'99 %':>9}")
    row("nobody else", alone)
    row(f"{count} connections at rest", quiet)
    row("a storm on them", stormy)
    for name in ("introspect", "me"):
        factor = statistics.median(stormy[name]) / statistics.median(quiet[name])
        print(f"{name}: {factor:.2f} times as long in the storm")


if __name__ == "__main__":
    main()
