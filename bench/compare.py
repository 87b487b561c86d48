#!/usr/bin/python3
"""What jeton costs beside the least that could be done, and beside others, in one run.

    make bench                                  (builds what it needs, then runs this)
    BUILD=build bench/compare.py [SECONDS [PART]]

For each operation and whoever is there: one client with one connection sends one request after the
other, client and servers on one core, in turns over as many rounds as fit into SECONDS (100), which
is one at least. What is not installed is named, and its column left empty; nothing is installed.
With PART each round has that part of the requests, a tenth for 10. Needs no root.

The first number of a cell is how long the client waited, the median of the rounds' medians; in
brackets the lowest and the highest round. `CPU` is how long the server's processes ran for it, and
the ratios are of that, taken round by round: what else the machine does disturbs it least. In process
everything is CPU.
"""
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from harness import BUILD, PASSWORD  # noqa: E402

import peers  # noqa: E402

SECONDS = 100
ROUNDS_MOST = 15
LOGIN = "username=alice&password=" + PASSWORD.replace(" ", "+")
PLAIN = "username=plain&password=" + PASSWORD.replace(" ", "+")
BEARER = "Authorization: Bearer %"
GET, POST = "GET", "POST"


def cpu_us(pids):
    """{pid: how long it has run, all its threads together} (proc(5), schedstat)."""
    spent = dict.fromkeys(pids, 0)
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                spent[pid] += int(task.read_text().split()[0]) / 1000
    return spent


def cpu_since(before, pids):
    """Of one that was replaced meanwhile (workers are, after some hashes) the last part is lost."""
    return sum(spent - before.get(pid, 0) for pid, spent in cpu_us(pids).items())


class Bench:
    def __init__(self, folder, part):
        self.folder, self.part = folder, part
        self.there, self.missing = {}, {}

    def ask(self, program, *words):
        """Runs a program of this bench; its first line's median, and the lines behind it."""
        answer = subprocess.run([str(BUILD / "bench" / program), *map(str, words)], text=True,
                                capture_output=True, timeout=120)
        if answer.returncode != 0:
            raise RuntimeError(f"{program} {words}: {answer.stderr}")
        return answer.stdout.splitlines()

    def measure(self, who, program, count, *words):
        server = self.there[who]
        before = cpu_us(server.pids())
        first, *lines = self.ask(program, server.socket, count, *words)
        return (float(first.split()[0]), cpu_since(before, server.pids()) / count), lines

    def requests(self, who, count, method, path, header="", body="", tokens=None):
        tokens = [tokens] if tokens else []
        return self.measure(who, "requests", count, method, path, header, body, *tokens)

    def keep(self, name, lines):
        file = self.folder / name
        file.write_text("".join(line + "\n" for line in lines))
        return file


# Each operation: how often, and for each of those who can do it a function of (bench, who, count)
# that gives the figures. They run from top to bottom; what one prints the next may read.

def requests(*words, reads=None, writes=None):
    def run(bench, who, count):
        tokens = bench.folder / f"{who}.{reads}" if reads else None
        figures, lines = bench.requests(who, count, *words, tokens=tokens)
        if writes:
            bench.keep(f"{who}.{writes}", lines)
        return figures
    return run


def encode(bench, who, count):
    figures, lines = bench.measure(who, "munge", count)
    bench.keep("munge.tokens", lines)
    return figures


def decode(bench, who, count):
    return bench.measure(who, "munge", count, bench.folder / "munge.tokens")[0]


OPERATIONS = {
    "empty round trip": (2000, {
        "bare": requests(POST, "/nothing"), "jeton": requests(GET, "/health"),
        "fastapi": requests(GET, "/health")}),
    "login, yescrypt": (12, {
        "bare": requests(POST, "/crypt", "", LOGIN),
        "jeton": requests(POST, "/token", "", LOGIN, writes="login"),
        "fastapi": requests(POST, "/token", "", LOGIN)}),
    "issue, no password": (1200, {
        "bare": requests(POST, "/sign", "", "grant_type=client_credentials"),
        "jeton": requests(POST, "/token", "",
                          "grant_type=client_credentials&audience=https://api.example",
                          writes="tokens"),
        "fastapi": requests(POST, "/token", "", PLAIN, writes="tokens"),
        "munge": encode}),
    "verify, not seen before": (1200, {
        "bare": requests(POST, "/verify", "", "token=x"),
        "jeton": requests(POST, "/introspect", "", "token=%", reads="tokens"),
        "fastapi": requests(GET, "/users/me", BEARER, reads="tokens"),
        "munge": decode}),
    "verify, seen before": (2000, {
        "bare": requests(POST, "/digest", "", "token=x"),
        "jeton": requests(POST, "/introspect", "", "token=%", reads="login"),
        "fastapi": requests(GET, "/users/me", BEARER, reads="tokens")}),
    "who is it, seen before": (2000, {
        "bare": requests(POST, "/digest", "", "token=x"),
        "jeton": requests(GET, "/users/me", BEARER, reads="login"),
        "fastapi": requests(GET, "/users/me", BEARER, reads="tokens")}),
}
COLUMNS = {"bare": "bare loop", "jeton": "jeton", "fastapi": "FastAPI", "munge": "munge"}

INSIDE_ROUNDS, INSIDE_BATCH, PYJWT_COUNT = 9, 100, 300
INSIDE = {"verify, not seen before": ("verify", "new"), "verify, seen before": ("digest", "again"),
          "(sign, for scale)": ("sign", None)}


def measure_inside(bench):
    """In one process of its own, with tokens that were issued in this round and nobody has read."""
    tokens = bench.folder / "jeton.tokens"
    rounds = min(INSIDE_ROUNDS, (len(tokens.read_text().split()) - 1) // INSIDE_BATCH)
    lines = bench.ask("inside", bench.there["jeton"].socket, tokens, rounds)
    return {name: float(us) for name, us in (line.split() for line in lines)}


def measure_pyjwt(bench):
    """python3-jwt in this process, its key loaded: PyJWT's part of the FastAPI column."""
    import jwt
    token = (bench.folder / "jeton.tokens").read_text().split()[0]
    keys = bench.there["jeton"].daemon.get("/.well-known/jwks.json").json()["keys"]
    kid = jwt.get_unverified_header(token)["kid"]
    key = jwt.PyJWK(next(one for one in keys if one["kid"] == kid)).key
    begin = time.process_time()
    for _ in range(PYJWT_COUNT):
        jwt.decode(token, key, algorithms=["ES256"], audience="https://api.example")
    return (time.process_time() - begin) / PYJWT_COUNT * 1e6


def socket_round(bench, part):
    """{(operation, who): (us, CPU us)}, with that part of the requests."""
    return {(operation, who): way(bench, who, max(count // part, 2))
            for operation, (count, ways) in OPERATIONS.items()
            for who, way in ways.items() if who in bench.there}


def one_round(bench):
    figures = socket_round(bench, bench.part)
    inside = measure_inside(bench)
    if "fastapi" in bench.there:
        inside["pyjwt"] = measure_pyjwt(bench)
    return figures, inside


# --- tables ---------------------------------------------------------------------------------------

def short(us):
    return f"{us:,.0f}" if us >= 100 else f"{us:.3g}"


def spread(values, digits=short):
    low, high = min(values), max(values)
    return f"{digits(statistics.median(values))} ({digits(low)}-{digits(high)})"


def times_over(ones, others):
    return spread([one / other for one, other in zip(ones, others)], lambda ratio: f"{ratio:.3g}")


def table(head, rows):
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def socket_row(rounds, operation):
    ways = OPERATIONS[operation][1]

    def column(who, which):
        return [one[operation, who][which] for one, _ in rounds]

    def cell(who):
        if who not in ways or (operation, who) not in rounds[0][0]:
            return ""
        cpu = statistics.median(column(who, 1))
        return f"{spread(column(who, 0))}, CPU {short(cpu)}"

    def ratio(who):
        if not cell(who):
            return ""
        pair = (column(who, 1), column("jeton", 1))
        return times_over(*(pair if who != "bare" else reversed(pair)))

    return [operation, cell("bare"), cell("jeton"), ratio("bare"), cell("fastapi"),
            ratio("fastapi"), cell("munge"), ratio("munge")]


def inside_rows(rounds):
    def column(name):
        return [inside[name] for _, inside in rounds if name in inside]

    for name, (least, ours) in INSIDE.items():
        pyjwt = column("pyjwt") if ours == "new" else []
        yield [name, spread(column(least)), spread(column(ours)) if ours else "",
               times_over(column(ours), column(least)) if ours else "",
               spread(pyjwt) if pyjwt else ""]


def report(bench, rounds):
    print(f"\nRounds: {len(rounds)}, in turns. Microseconds: what the client waited, as the median of "
          "rounds\n(lowest-highest), and the server's CPU, of which the ratios are.\n")
    table(["over the socket", "bare loop", "jeton", "jeton / bare", "FastAPI", "FastAPI / jeton",
           "munge", "munge / jeton"], [socket_row(rounds, operation) for operation in OPERATIONS])
    table(["in process", "libcrypto", "libjeton", "libjeton / libcrypto", "python3-jwt"],
          list(inside_rows(rounds)))
    for who, packages in bench.missing.items():
        print(f"{COLUMNS[who]}: not measured; Debian has it in {packages}")


# --- the run --------------------------------------------------------------------------------------

def start_all(bench, stack):
    starts = {"bare": lambda: peers.bare_loop(bench.folder), "jeton": peers.Jeton,
              "fastapi": lambda: peers.fastapi(bench.folder),
              "munge": lambda: peers.munge(bench.folder)}
    for who, start in starts.items():
        try:
            server = start()
        except peers.Missing as missing:
            bench.missing[who] = missing
            continue
        stack.callback(server.close)
        bench.there[who] = server


def rounds_in(bench, seconds):
    """As many as fit, by the longest so far: a busy machine makes fewer of them."""
    rounds, longest, deadline = [], 0, time.monotonic() + seconds
    while not rounds or (len(rounds) < ROUNDS_MOST and time.monotonic() + longest < deadline):
        begin = time.monotonic()
        rounds.append(one_round(bench))
        longest = max(longest, time.monotonic() - begin)
        print(f"round {len(rounds)}: {longest:.1f} s", file=sys.stderr, flush=True)
    return rounds


def main():
    seconds, part = [int(word) for word in sys.argv[1:]] + [SECONDS, 1][len(sys.argv) - 1:]
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # whoever is started inherits it
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jeton-bench-")))
        bench = Bench(folder, part)
        start_all(bench, stack)
        socket_round(bench, 20)  # everybody warm
        report(bench, rounds_in(bench, seconds))


if __name__ == "__main__":
    main()
