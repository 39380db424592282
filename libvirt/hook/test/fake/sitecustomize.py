# SPDX-License-Identifier: GPL-2.0
#
# Lets a folder behave like cgroup v2 for a python3 that has this in its PYTHONPATH:
# new folders below $SCHED_VM_CGROUP have the files of a group, as far as the
# controllers of the group above are enabled, and go with them. What $FAKE_REFUSE
# names (EBUSY, EINVAL) is what writing a reservation, or else the file $FAKE_REFUSE_FILE,
# fails with. Each write is noted in $FAKE_LOG.

import builtins
import errno
import os

ROOT = os.environ.get("SCHED_VM_CGROUP")
FILES = {
    "cpu": {"cpu.max": "max 100000", "cpu.rt.max": "max 100000", "cpu.rt_extra": "none",
            "cpu.rt_free": "cpu0 45.00\ncpu1 30.50"},
    "cpuset": {"cpuset.cpus": ""},
}
BASE = {"cgroup.procs": "", "cgroup.threads": "", "cgroup.subtree_control": ""}

real_builtin_open = open
real_mkdir, real_rmdir, real_open, real_write = os.mkdir, os.rmdir, os.open, os.write
written = {}


def put(folder, name, text):
    with real_builtin_open(os.path.join(folder, name), "w", encoding="ascii") as file:
        file.write(text + "\n")


def get(folder, name):
    with real_builtin_open(os.path.join(folder, name), encoding="ascii") as file:
        return file.read().split()


def inside(name):
    return ROOT and os.path.abspath(name).startswith(os.path.abspath(ROOT) + "/")


def add_controller(folder, controller):
    if "no-rt" in os.environ.get("FAKE_KERNEL", "") and controller == "cpu":
        put(folder, "cpu.max", "max 100000")
        return
    for name, text in FILES.get(controller, {}).items():
        if name != "cpu.rt_extra" or "no-extra" not in os.environ.get("FAKE_KERNEL", ""):
            put(folder, name, text)


def mkdir(name, *args, **kwargs):
    real_mkdir(name, *args, **kwargs)
    if not inside(name):
        return
    above = get(os.path.dirname(name), "cgroup.subtree_control")
    put(name, "cgroup.controllers", " ".join(above))
    for file, text in BASE.items():
        put(name, file, text)
    for controller in above:
        add_controller(name, controller)


def rmdir(name, *args, **kwargs):
    if inside(name):
        entries = os.listdir(name)
        if any(os.path.isdir(os.path.join(name, entry)) for entry in entries) or \
                get(name, "cgroup.procs"):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), name)
        for entry in entries:
            os.unlink(os.path.join(name, entry))
    real_rmdir(name, *args, **kwargs)


def builtin_open(name, *args, **kwargs):
    """cgroup.events is what it is at that time."""
    folder, file = os.path.split(str(name))
    if file == "cgroup.events" and inside(str(name)):
        populated = any("cgroup.procs" in files and get(sub, "cgroup.procs")
                        for sub, _, files in os.walk(folder))
        put(folder, file, "populated %d\nfrozen 0" % populated)
    return real_builtin_open(name, *args, **kwargs)


def open_(name, flags, *args, **kwargs):
    fd = real_open(name, flags & ~os.O_TRUNC if inside(str(name)) else flags, *args, **kwargs)
    if inside(str(name)):
        written[fd] = name
    return fd


def write(fd, data):
    name = written.get(fd)
    if not name:
        return real_write(fd, data)
    folder, file = os.path.split(name)
    text = data.decode("ascii")
    with open(os.environ["FAKE_LOG"], "a", encoding="ascii") as log:
        log.write("%s %s\n" % (os.path.relpath(name, ROOT), text))
    if os.environ.get("FAKE_REFUSE") and \
            file == os.environ.get("FAKE_REFUSE_FILE", "cpu.rt.max"):
        number = getattr(errno, os.environ["FAKE_REFUSE"])
        raise OSError(number, os.strerror(number), name)
    if file == "cgroup.subtree_control":
        text = " ".join(dict.fromkeys(get(folder, file) + [text.lstrip("+")]))
        for sub in os.listdir(folder):
            if os.path.isdir(os.path.join(folder, sub)):
                put(os.path.join(folder, sub), "cgroup.controllers", text)
                add_controller(os.path.join(folder, sub), text.split()[-1])
    if file == "cgroup.procs":
        for other, _, files in os.walk(ROOT):
            if "cgroup.procs" in files and other != folder:
                put(other, file, "\n".join(p for p in get(other, file) if p != text))
        text = "\n".join(get(folder, file) + [text])
    put(folder, file, text.strip())
    return len(data)


os.mkdir, os.rmdir, os.open, os.write = mkdir, rmdir, open_, write
builtins.open = builtin_open
