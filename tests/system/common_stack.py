"""The common stack of a host, as pam-auth-update writes it from Debian's profile and ours."""
import shutil
import subprocess

from harness import TOP

ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


def update(root, how, *profiles):
    subprocess.run(["pam-auth-update", "--root", str(root), how, *profiles, "--force"], check=True,
                   capture_output=True, text=True, env=ENVIRONMENT)


def write(root, module):
    """Below `root`, with the module's path in its lines."""
    profiles = root / "usr/share/pam-configs"
    profiles.mkdir(parents=True)
    for folder in ("etc/pam.d", "var/lib/pam"):
        (root / folder).mkdir(parents=True)
    shutil.copy("/usr/share/pam-configs/unix", profiles)
    shutil.copy(TOP / "packaging/pam-configs/jeton", profiles)
    shutil.copytree("/usr/share/pam", root / "usr/share/pam")
    update(root, "--enable", "jeton", "unix")
    for file in (root / "etc/pam.d").iterdir():
        file.write_text(file.read_text().replace("pam_jeton.so", module))
