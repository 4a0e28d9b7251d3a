# SPDX-License-Identifier: MIT
"""What is in the documents and is not run as it stands, with the reason, and what is looked at instead.

Each check takes the command and the place, and returns None or what is wrong.
"""
import glob
import os
import re
import shlex
import shutil
import subprocess

# Programs with an option that a sentence names; no commands.
MENTIONED = {
    "df -h", "df -i", "find .", "getfattr -d", "grep -r", "jq .", "ls -l", "ls -lt", "mv new old", "rsync -X", "tail -f",
    "cut -f 5",
}


def said(command, place, **more):
    """None if the command succeeds, else what it says."""
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=place.environment,
                         stdin=subprocess.DEVNULL, timeout=120, **more)
    return None if ran.returncode == 0 else f"{' '.join(command)}: status {ran.returncode}: {ran.stdout.strip()}"


# ---- the checks ----

def script(text, place):
    """The script is there, can be executed and parsed, and knows each option that it is given."""
    words = [word for word in shlex.split(text.replace("&&", "")) if "=" not in word or word.startswith("-")]
    name = next(word for word in words if word.startswith("scripts/"))
    path = os.path.join(place.source, name)
    if not os.access(path, os.X_OK):
        return f"{name} is no program"
    with open(path, encoding="utf-8") as file:
        code = file.read()
    options = [word for word in words[words.index(name) + 1:] if word.startswith("-")]
    elsewhere = "".join(place.read(each) for each in glob.glob("tests/bench/*.py", root_dir=place.source))
    for option in options:
        if not re.search(rf"(?<![\w-]){re.escape(option)}\b", code + elsewhere):
            return f"{name} does not know {option}"
    return said(["bash", "-n", path], place)


def package(text, place):
    """scripts/package puts a package of that name into that directory."""
    code = place.read("scripts/package")
    directory, name = re.search(r"\./(build/\S*)/([a-z]+)_\*\.deb", text).groups()
    if f"$top/{directory}" not in code:
        return f"scripts/package does not write to {directory}"
    if not re.search(rf"^Package: {name}$", place.read("src/data/debian/control"), re.M):
        return f"there is no package {name}"
    return script(text, place) if "scripts/" in text else None


def meson(text, place):
    """Each program is there, and the directory is the one that the others name."""
    wrong = [word for word in re.findall(r"-C (\S+)|setup (\S+)", text) if "build/release" not in word]
    return f"another directory: {wrong}" if wrong else said([shlex.split(text.replace("sudo ", ""))[0], "--version"], place)


def unit(text, place):
    """The unit is there, and systemd finds nothing wrong in it."""
    found = re.search(r"([\w-]+)@(\w+)$", text)
    if not found:
        return "names no unit of ours"
    name, instance = found.groups()
    built = os.path.join(place.build, "src/data", f"{name}@.service")
    if not os.path.exists(built):
        return f"there is no unit {name}@"
    user = "--user" in text
    if user == name.endswith("-system"):
        return f"{name} is a unit of the {'system' if user else 'user'}"
    if not shutil.which("systemd-analyze"):
        return None
    copy = os.path.join(place.scratch, f"{name}@{instance}.service")
    with open(built, encoding="utf-8") as file, open(copy, "w", encoding="utf-8") as out:
        out.write(re.sub(r"^ExecStart=[^ ]*", f"ExecStart={place.program}", file.read(), flags=re.M))
    return said(["systemd-analyze", *(["--user"] if user else []), "verify", "--man=no", copy], place)


def page(text, place):
    """The page is there, and mandoc can show it."""
    name = text.split()[-1]
    found = glob.glob(os.path.join(place.source, "src/data", f"{name}.[0-9]"))
    return said(["mandoc", found[0]], place) if found else f"there is no page {name}"


# What docker gives a container, less what a mount needs.
USUAL = ["chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap", "net_bind_service", "net_raw",
         "sys_chroot", "mknod", "audit_write", "setfcap"]


def container(text, place):
    """The account can be mounted with the rights that the flags give, and not with those that a container usually has."""
    flags = re.findall(r"--(?:device|cap-add|security-opt)[= ]\S+", text)
    given = [flag.split("SYS_ADMIN")[0] and "sys_admin" for flag in flags if "SYS_ADMIN" in flag]
    if not any("/dev/fuse" in flag for flag in flags):
        return "without --device /dev/fuse there is no device"

    def mounts(rights):
        where = os.path.join(place.scratch, "container")
        os.makedirs(where, exist_ok=True)
        bounds = ",".join(["-all"] + [f"+{right}" for right in rights])
        return said(["setpriv", f"--bounding-set={bounds}", f"--inh-caps={bounds}", "bash", "-c",
                     f"{place.program} {where} -o token_command='echo {place.token}' && cat {where}/billing/balance && "
                     f"umount {where}"], place)
    if not mounts(USUAL):
        return "a container mounts without any of these flags"
    return mounts(USUAL + given)


# ---- the table ----

# A pattern that matches the whole command, why it is not run, and what is looked at instead.
INSTEAD = [
    (r"(scripts/package && )?sudo apt(-get)? install \./build/package/.*", "installs a package on this machine; "
     "scripts/platforms does it in a fresh chroot", package),
    (r"([A-Z_]+=\S+ )*scripts/[a-z]+( [^&|;]*)?", "takes minutes, or installs packages on this machine", script),
    (r"meson (setup|compile) .*|sudo (meson|ninja) .*", "takes minutes; tests/install installs and uninstalls", meson),
    (r"(sudo )?systemctl .*", "there may be no systemd", unit),
    (r"man \S+", "the pages are not installed", page),
    (r"(docker|podman) run .*", "there may be no docker", container),
    (r"sudo cat ~/melbicom/billing/balance", "fails, except in tests, where the reader is root; tests/mount/fstab tries it",
     lambda text, place: None),
    (r"clang-format -i FILE", "changes the source; scripts/check runs it", lambda text, place: None),
]


# What is never run, should no row of the table match it.
NEVER = re.compile(r"\b(scripts/|apt |apt-get |systemctl |docker |podman )")


def instead(text):
    """The check for a command that is not run, or None."""
    check = next((check for pattern, _, check in INSTEAD if re.fullmatch(pattern, text, re.S)), None)
    if not check and NEVER.search(text):
        return lambda text, place: "is not run here, and no row of exceptions.py says what to look at instead"
    return check
