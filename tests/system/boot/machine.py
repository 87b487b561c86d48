"""A Debian as a newcomer has it, booted with systemd in a container, for one run of the tests.

Its root is made anew by mmdebstrap (this machine's mirror) in a folder that is deleted at the end;
jeton gets into it by `make install`, into the running system. Commands run inside beside its
services, and everything they do is bounded in time.

It is a Debian of this machine's suite, unless BOOT_SUITE names another one: jeton is built inside that
then, with its compiler and libraries.
"""
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import harness

HERE = Path(__file__).resolve().parent
MAKE_ROOT_SECONDS = 400
BOOT_SECONDS = 60
COMMAND_SECONDS = 30
STOP_SECONDS = 30
LIFE_SECONDS = 800  # of one boot
INCLUDED = ["systemd", "systemd-sysv", "dbus", "pamtester", "openssh-server", "openssh-client",
            "sudo", "cron", "login", "passwd", "libpam-systemd", "curl", "openssl"]
NEEDLESS = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*"]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          timeout=COMMAND_SECONDS).stdout


def this_suite():
    system = dict(line.rstrip().split("=", 1) for line in open("/etc/os-release", encoding="utf-8")
                  if "=" in line)
    return system["VERSION_CODENAME"].strip('"')


SUITE = os.environ.get("BOOT_SUITE") or this_suite()
IS_OTHER = SUITE != this_suite()
# Objects of their own: another PREFIX is compiled in.
BUILD = f"{harness.BUILD}-boot" + (f"-{SUITE}" if IS_OTHER else "")

# Runs in a mount namespace of its own: INSIDE ROOT FOLDER COMMAND...
INSIDE = """
mkdir -p "$1$2"
mount --bind "$2" "$1$2"
mount -t proc proc "$1/proc"
root=$1
shift 2
exec chroot "$root" "$@"
"""


def inside_of(root):
    """What goes before a command that is to be the other Debian's, in the folder of the sources."""
    return ["unshare", "--mount", "sh", "-euc", INSIDE, "sh", str(root), str(harness.TOP)]


def make(target, root, seconds=400):
    command = ["make", "-s", f"-j{os.cpu_count()}", "-C", str(harness.TOP), target, "PREFIX=/usr",
               f"BUILD={BUILD}", f"DESTDIR={'' if IS_OTHER else root}"]
    answer = subprocess.run((inside_of(root) if IS_OTHER else []) + command, check=False,
                            timeout=seconds, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True)
    assert answer.returncode == 0, answer.stdout


def libraries():
    """The files of the system that the programs and the module are linked with."""
    programs = [path for path in Path(BUILD).glob("[bl]*/*")
                if path.is_file() and path.suffix not in (".a", ".d")]
    words = output_of("ldd", *map(str, programs)).split()
    return {word for word in words if word.startswith("/") and not word.startswith(BUILD)
            and ".so" in word and not word.endswith(":")}


def packages_of(files):
    """The packages that own those files; dpkg may know them with or without the leading /usr."""
    found = set()
    for file in files:
        for name in (file, "/usr" + file, file.removeprefix("/usr")):
            answer = subprocess.run(["dpkg-query", "-S", name], check=False, capture_output=True,
                                    text=True, timeout=COMMAND_SECONDS)
            owners = [line.split(":")[0] for line in answer.stdout.splitlines()
                      if not line.startswith("diversion")]
            if owners:
                found.add(owners[0])
                break
    return found


def to_build():
    """The packages that packaging/build-deps installs."""
    rows = (line.split() for line in open(harness.TOP / "packaging/build-deps", encoding="utf-8"))
    return {row[2] for row in rows if row[:1] == ["build"]}


def mirror():
    return output_of("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages",
                     "Label: Debian").split()[:1]


def make_root(root):
    packages = INCLUDED + sorted(to_build() if IS_OTHER else packages_of(libraries()))
    answer = subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}",
         '--aptopt=Acquire::Languages "none"',
         *(f"--dpkgopt=path-exclude={path}" for path in NEEDLESS), SUITE, str(root), *mirror()],
        check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=MAKE_ROOT_SECONDS)
    assert answer.returncode == 0, answer.stdout


def files_of(root):
    """What a package may place, as names below root; the link /lib is not gone through twice."""
    return {os.path.join(at, name).removeprefix(str(root))
            for top in ("usr", "etc", "opt") for at, folders, names in os.walk(root / top)
            for name in folders + names}


def children_of(pid):
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(child) for child in children.split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def is_systemd_in_container(pid):
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    fields = dict(line.split(":", 1) for line in status.splitlines())
    numbers = fields["NSpid"].split()
    return len(numbers) > 1 and numbers[-1] == "1" and fields["Name"].strip() == "systemd"


def wait_until(what, seconds, condition):
    """Waits until the condition gives something true, and gives that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


class Machine:
    """A root and, between boot() and stop(), the systemd that runs in it."""

    def __init__(self, scratch):
        self.root = Path(scratch, "root")
        self.console = Path(scratch, "console")
        self.process = None
        self.systemd = None  # the pid, as seen here
        self.installed = set()

    def boot(self):
        with open(self.console, "wb") as console:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "unshare", "--mount", str(HERE / "boot-root"),
                 str(self.root), f"jeton-{os.getpid()}", str(LIFE_SECONDS)],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True)
        try:
            self.systemd = wait_until("systemd starts", BOOT_SECONDS, self.find_systemd)
            wait_until("the machine is up", BOOT_SECONDS, self.is_up)
        except AssertionError as error:
            self.stop()
            raise AssertionError(f"{error}\n{self.console.read_text(errors='replace')}") from None

    def find_systemd(self):
        assert self.process.poll() is None, "the container ended"
        pids = [self.process.pid]
        for pid in pids:
            pids += children_of(pid)
        return next((pid for pid in pids if is_systemd_in_container(pid)), None)

    def is_up(self):
        # "degraded" too: what a container lacks is not asked here.
        return self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded")

    def stop(self):
        """Powers it off; what does not go by itself is ended."""
        if not self.process:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            if self.systemd and is_systemd_in_container(self.systemd):
                os.kill(self.systemd, signal.SIGKILL)
            self.process.wait(STOP_SECONDS)
        self.process = self.systemd = None

    def install(self):
        before = files_of(self.root)
        make("install", self.root)
        self.installed = files_of(self.root) - before

    def uninstall(self):
        make("uninstall", self.root)

    # --- inside ---

    def inside(self, *command):
        return ["nsenter", "-t", str(self.systemd), "-m", "-u", "-i", "-n", "-p", "-C",
                "env", "-i", f"PATH={PATH}", "HOME=/root", "LANG=C.UTF-8", *command]

    def run(self, *command, text="", user=None, seconds=COMMAND_SECONDS):
        """A command as root or as user; `text` is its input, stdout and stderr its output."""
        if user:
            command = ("setpriv", "--reuid", user, "--regid", user, "--init-groups", *command)
        return subprocess.run(self.inside(*command), check=False, input=text, capture_output=True,
                              text=True, errors="replace", timeout=seconds)

    def start(self, *command):
        """A command of root's that goes on, and ends with the process that is given here; its
        output is in a pipe."""
        return subprocess.Popen(self.inside("setpriv", "--pdeathsig", "TERM", *command),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def get(self, *command, **how):
        """The output of a command that must be successful."""
        answer = self.run(*command, **how)
        assert answer.returncode == 0, (command, answer.stdout, answer.stderr)
        return answer.stdout

    def unit(self, name):
        """A property of the unit."""
        return self.get("systemctl", "show", "--value", "-p", name, "jetond").strip()

    def journal(self, *options):
        self.get("journalctl", "--sync")
        return self.get("journalctl", "--no-pager", "-u", "jetond", *options)

    def processes(self):
        """{pid inside: (name, user)} of what runs in the service's control group."""
        group = self.unit("ControlGroup")
        lines = self.get("sh", "-c", """
            for pid in $(cat /sys/fs/cgroup"$0"/cgroup.procs); do
                echo "$pid" "$(stat -c %U /proc/$pid)" "$(tr '\\0' ' ' </proc/$pid/cmdline)"
            done""", group).splitlines() if group else []
        return {int(pid): (Path(words.split()[0]).name, user)
                for pid, user, words in (line.split(None, 2) for line in lines)}

    def pid_of(self, name):
        """One process of that name, or None."""
        return next((pid for pid, (program, _) in self.processes().items()
                     if program == name), None)

    # --- jeton there ---

    def jeton(self, *arguments, **how):
        return self.run("jeton", *arguments, **how)

    def token(self, name, password=harness.PASSWORD):
        return self.get("jeton", "login", name, text=password + "\n").strip()

    def pam(self, service, name, password, *phases):
        """Status, words and seconds of pamtester."""
        began = time.monotonic()
        answer = self.run("pamtester", service, name, *(phases or ("authenticate",)),
                          text=password + "\n")
        return answer.returncode, answer.stdout + answer.stderr, time.monotonic() - began

    @contextmanager
    def config(self, text):
        """Those lines are in the configuration, after the ones of the sample; not yet reloaded."""
        file = self.root / "etc/jeton/jetond.conf"
        sample = file.read_text()
        file.write_text(sample + text)
        try:
            yield len(sample.splitlines()) + len(text.splitlines())
        finally:
            file.write_text(sample)


@contextmanager
def machine():
    """A booted machine without jeton, which is built before: by this Debian what it has to have
    follows from that, by the other it is the one that builds."""
    if not IS_OTHER:
        make("all", "")
    with tempfile.TemporaryDirectory(prefix="jeton-boot.", dir="/var/tmp") as scratch:
        result = Machine(scratch)
        try:
            make_root(result.root)
            if IS_OTHER:
                make("all", result.root)
            result.boot()
            yield result
        finally:
            result.stop()
            subprocess.run(["rm", "-rf", "--one-file-system", str(result.root)], check=False)


def missing():
    """What is not there of what booting needs."""
    tools = [tool for tool in ("mmdebstrap", "systemd-nspawn") if not shutil.which(tool)]
    return tools + (["root"] if os.geteuid() != 0 else [])
