"""Prometheus' text format, read strictly, and what moved between two looks."""
import re

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="[^"\\\n]*",?)*)\})? ([0-9.]+)$')
LABEL = re.compile(r'([a-z]+)="([^"]*)"')


class Metrics:
    """`types` by metric, `samples` by (name, ((label, value), ...))."""

    def __init__(self, text):
        assert text.endswith("\n")
        self.text, self.types, self.helps, self.samples = text, {}, {}, {}
        for line in text.splitlines():
            if line.startswith("# "):
                _, what, name, rest = line.split(" ", 3)
                known = self.helps if what == "HELP" else self.types
                assert name not in known, line
                known[name] = rest
                continue
            match = SAMPLE.match(line)
            assert match, line
            key = (match[1], tuple(LABEL.findall(match[2] or "")))
            assert key not in self.samples, line
            self.samples[key] = float(match[3])

    def __getitem__(self, key):
        """m["name"] or m["name", "label=value", ...]"""
        name, *labels = [key] if isinstance(key, str) else key
        return self.samples[name, tuple(tuple(label.split("=", 1)) for label in labels)]

    def metric_of(self, name):
        base = re.sub("_(bucket|sum|count)$", "", name)
        return base if self.types.get(base) == "histogram" else name

    def counters(self):
        return {key: value for key, value in self.samples.items()
                if self.types[self.metric_of(key[0])] == "counter"}


def look(daemon, **how):
    reply = daemon.get("/metrics", **(how or {"peer": True}))
    assert reply.status == 200, reply
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    return Metrics(reply.body.decode())


def spelled(key):
    name, labels = key
    return name + "".join(f" {label}={value}" for label, value in labels)


def moved(daemon, act):
    """Counters of decisions that act() moves, and by how much. What a look itself moves is left out:
    its connection, and its answer."""
    before = look(daemon).counters()
    act()
    after = look(daemon).counters()
    assert before.keys() == after.keys()
    return {spelled(key): after[key] - before[key] for key in after
            if after[key] != before[key] and "connections_accepted" not in key[0]
            and not key[0].startswith("jeton_http_")}
