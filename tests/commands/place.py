# SPDX-License-Identifier: MIT
"""A machine as the reader of the documents has it, made of namespaces.

    - the API at https://api.melbicom.net/api is the simulator, with a certificate that this machine trusts
    - melbicomfs is in PATH, and mount(8) finds its helpers
    - /home, /root, /mnt and /srv are empty, and changes of /etc are seen by nobody else
    - sudo and pass are there: one runs a command, which root may do anyway, the other prints the token
"""
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

HOSTS = ["api.melbicom.net", "cache.example.com"]
STUBS = {
    "sudo": '#!/bin/sh\nexec "$@"\n',
    "pass": "#!/bin/sh\necho demo-token\n",
}
UPDATEDB = 'PRUNE_BIND_MOUNTS="yes"\nPRUNEPATHS="/tmp /var/spool /media"\nPRUNEFS="NFS afs autofs proc sysfs tmpfs"\n'


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def run(*command, **more):
    subprocess.run(command, check=True, **more)


def write(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def enter():
    """Runs this program again in namespaces of its own."""
    if "IN_NAMESPACE" in os.environ:
        # The mounts of other tests, which would outlive their unmounting here.
        subprocess.run(["umount", "--all", "--lazy", "--types", "fuse.melbicomfs"], stderr=subprocess.DEVNULL, check=False)
        return
    if os.geteuid() != 0:
        skip("only root can have namespaces of its own")
    if not os.path.exists("/dev/fuse"):
        skip("there is no /dev/fuse")
    spaces = ["unshare", "--mount", "--net", "--pid", "--mount-proc", "--fork", "--kill-child"]
    if subprocess.run([*spaces, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        # In a chroot whose root is no mount, unshare cannot make the mounts private; then none may be shared.
        spaces += ["--propagation", "unchanged"]
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            shared = " shared:" in file.read()
        if shared or subprocess.run([*spaces, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            skip("no namespaces can be made here")
    os.execvpe("unshare", [*spaces, sys.executable, *sys.argv], {**os.environ, "IN_NAMESPACE": "1"})


class Place:
    """The machine. It ends with this process."""
    home = "/home/me"
    mount = "/home/me/melbicom"
    token = "demo-token"

    def __init__(self, program, simulator, source, build):
        self.scratch = tempfile.mkdtemp()
        try:
            run("mount", "-t", "tmpfs", "tmpfs", self.scratch)
            self.program = os.path.join(self.scratch, "bin/melbicomfs")
            simulator = shutil.copy2(simulator, os.path.join(self.scratch, "simulator"))
            self.source, self.build = self.keep("source", source), self.keep("build", build)
            self.make_file_systems(os.path.abspath(program))
        except (OSError, subprocess.CalledProcessError) as error:
            skip(f"no file systems can be mounted here: {error}")
        self.environment = {"HOME": self.home, "PATH": f"{self.scratch}/bin:{os.environ['PATH']}:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8",
                            "USER": "me", "TERM": "xterm", "XDG_RUNTIME_DIR": self.scratch}
        self.start_api(simulator)

    def keep(self, name, directory):
        """Shows a directory below the scratch directory, too: file systems of our own may cover it, such as that on /root."""
        kept = os.path.join(self.scratch, name)
        os.makedirs(kept)
        run("mount", "--bind", os.path.abspath(directory), kept)
        return kept

    def read(self, name):
        with open(os.path.join(self.source, name), encoding="utf-8") as file:
            return file.read()

    def overlay(self, directory):
        upper = os.path.join(self.scratch, "layers", directory.strip("/").replace("/", "-"))
        work = upper + ".work"
        os.makedirs(upper)
        os.makedirs(work)
        run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={directory},upperdir={upper},workdir={work}", directory)

    def make_file_systems(self, program):
        os.makedirs(os.path.join(self.scratch, "bin"))
        shutil.copy2(program, self.program)
        for name, text in STUBS.items():
            write(os.path.join(self.scratch, "bin", name), text, 0o755)
        for directory in "/etc", "/usr/sbin":
            self.overlay(directory)
        for directory in "/home", "/root", "/mnt", "/srv":
            os.makedirs(directory, exist_ok=True)
            run("mount", "-t", "tmpfs", "tmpfs", directory)
        for name in "mount.melbicomfs", "mount.fuse.melbicomfs":
            link = os.path.join("/usr/sbin", name)
            if os.path.lexists(link):
                os.unlink(link)
            os.symlink(self.program, link)
        if not os.path.lexists("/etc/mtab"):
            os.symlink("../proc/self/mounts", "/etc/mtab")
        write("/etc/updatedb.conf", UPDATEDB)
        shutil.rmtree("/etc/melbicomfs", ignore_errors=True)

    def start_api(self, simulator):
        bring_up_loopback()
        with open("/etc/hosts", "a", encoding="utf-8") as file:
            file.write("\n" + "".join(f"127.0.0.1 {name}\n" for name in HOSTS))
        names = ",".join(f"DNS:{name}" for name in HOSTS)
        cert, key = os.path.join(self.scratch, "cert.pem"), os.path.join(self.scratch, "key.pem")
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "90",
            "-subj", f"/CN={HOSTS[0]}", "-addext", f"subjectAltName={names}", stderr=subprocess.DEVNULL)
        os.makedirs("/etc/ssl/certs", exist_ok=True)
        with open(cert, encoding="utf-8") as made, open("/etc/ssl/certs/ca-certificates.crt", "a", encoding="utf-8") as trusted:
            trusted.write(made.read())
        ready = os.path.join(self.scratch, "port")
        # pylint: disable-next=consider-using-with
        self.api = subprocess.Popen([simulator, "--port", "443", "--tls", cert, key, "--token", self.token, "--services", "12",
                                     "--invoices", "40", "--port-file", ready, "--exit-with-parent"], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while not os.path.exists(ready):
            if self.api.poll() is not None or time.monotonic() > end:
                sys.exit("the simulator did not start")
            time.sleep(0.05)

    # ---- a home ----

    def new_home(self):
        """Nothing is mounted, and the home directory is empty."""
        for directory in mounts():
            self.unmount(directory)
        for name in os.listdir("/home"):
            shutil.rmtree(os.path.join("/home", name))
        os.makedirs(self.home, 0o700)
        write(os.path.join(self.home, ".gitconfig"), "[user]\nname = Me\nemail = me@example.com\n")

    def unmount(self, directory):
        subprocess.run(["umount", "-l", directory], check=False)

    def have_token(self, name="token"):
        directory = os.path.join(self.home, ".config/melbicomfs")
        os.makedirs(directory, exist_ok=True)
        write(os.path.join(directory, name), self.token + "\n", 0o600)

    def have_profile(self):
        """There is a profile `work`, for the user and for this machine, and a token without a profile."""
        self.have_token()
        self.have_token("work.token")
        text = f"[work]\ntoken_file = {self.home}/.config/melbicomfs/work.token\n"
        for directory in os.path.join(self.home, ".config/melbicomfs"), "/etc/melbicomfs":
            os.makedirs(directory, exist_ok=True)
            path = os.path.join(directory, "config")
            there = self.read(path) if os.path.exists(path) else ""
            if "[work]" not in there:
                write(path, there + text, 0o600)

    def have_mount(self):
        """The account is mounted on ~/melbicom."""
        if self.mount in mounts():
            return
        os.makedirs(self.mount, exist_ok=True)
        run(self.program, self.mount, "-o", f"config=/dev/null,token_command=echo {self.token}", env=self.environment)


def mounts():
    """The mount points of this program, the last one first."""
    with open("/proc/self/mounts", encoding="utf-8") as file:
        fields = [line.split() for line in file]
    return [each[1] for each in reversed(fields) if each[2] == "fuse.melbicomfs"]


def bring_up_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        flags = struct.pack("16sh14x", b"lo", 0x1 | 0x8 | 0x40)  # up, loopback, running
        fcntl.ioctl(any_socket, 0x8914, flags)                   # SIOCSIFFLAGS
