"""Builds what every machine boots: Debian's kernel, and a root file system of Debian's packages."""

import lzma
import re
import shutil
import time
from pathlib import Path

from places import GUEST, IMAGE, PROGRAMS, LabError, note, remove, run

SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
OLD_SOURCES = Path("/etc/apt/sources.list")
ROOT_MEBIBYTES = 2048

PACKAGES = """mount kmod iproute2 iputils-ping nftables procps psmisc netbase openssh-server socat
    jq python3-minimal busybox-static e2fsprogs xfsprogs btrfs-progs corosync corosync-qdevice
    drbd-utils lvm2 open-iscsi sg3-utils""".split()

# Folders of modules for what such a machine never has: 391 MB become 130.
UNUSED_MODULES = """sound drivers/gpu drivers/media drivers/infiniband drivers/usb drivers/iio
    drivers/hwmon drivers/staging drivers/hid drivers/platform drivers/input drivers/comedi
    drivers/mtd drivers/isdn drivers/video drivers/bluetooth drivers/net/ethernet
    drivers/net/wireless drivers/net/usb drivers/mmc drivers/crypto net/bluetooth net/mac80211
    net/wireless""".split()

# What reaches the root disk, for the initramfs.
ROOT_MODULES = ["virtio_pci", "virtio_blk", "ext4", "crc32c_generic"]


def is_built():
    return (IMAGE / "root.img").exists()


def build():
    """Made beside and renamed, so that a half-made image is never taken for a whole one."""
    begun = time.monotonic()
    work = IMAGE.with_name("image.new")
    remove(work)
    work.mkdir(parents=True)
    root = work / "root"

    def told(what):
        note(f"[{time.monotonic() - begun:5.1f} s] {what}")

    version = unpack_kernel(work)
    told(f"kernel {version}")
    make_root(root)
    told("packages")
    add_modules(work / "kernel", root, version)
    add_own_files(work, root)
    make_initramfs(work, root, version)
    # A file system that is never mounted here: the machines' disks are layers above it.
    run("mke2fs", "-qq", "-t", "ext4", "-O", "^metadata_csum_seed", "-d", root, work / "root.img",
        f"{ROOT_MEBIBYTES}M")
    for folder in ("root", "kernel", "early"):
        remove(work / folder)
    remove(IMAGE)
    work.rename(IMAGE)
    told(f"image, {(IMAGE / 'root.img').stat().st_blocks * 512 >> 20} MB")


def unpack_kernel(work):
    """Debian's kernel, unpacked here and never installed."""
    depends = run("apt-cache", "depends", "linux-image-amd64")
    package = re.search(r"Depends: (linux-image-\S+)", depends)
    if not package:
        raise LabError("apt knows no linux-image-amd64; run apt-get update")
    run("apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", package.group(1), cwd=work)
    archive = next(work.glob("linux-image*.deb"))
    run("dpkg-deb", "-x", archive, work / "kernel")
    archive.unlink()
    # QEMU enters an unpacked kernel directly; unpacking it in emulation takes 4 s at each boot.
    packed = next((work / "kernel/boot").glob("vmlinuz*")).read_bytes()
    (work / "vmlinux").write_bytes(
        lzma.LZMADecompressor().decompress(packed[packed.index(b"\xfd7zXZ\0"):]))
    return next((work / "kernel/lib/modules").iterdir()).name


def make_root(root):
    sources = SOURCES if SOURCES.exists() else OLD_SOURCES
    run("mmdebstrap", "--quiet", "--variant=essential", "--mode=root",
        "--include=" + ",".join(PACKAGES + packages_of_libraries()),
        "--aptopt=APT::Install-Recommends false",
        *[f"--dpkgopt=path-exclude=/usr/share/{folder}/*"
          for folder in ("doc", "man", "locale", "info")],
        "bookworm", root, sources)


def packages_of_libraries():
    """What Tasuki's programs are linked with, as they are built now."""
    programs = [path for folder in (PROGRAMS, PROGRAMS / "tools") if folder.exists()
                for path in folder.iterdir() if path.is_file()]
    if not programs:
        raise LabError(f"no programs in {PROGRAMS}; build first: ./dev build")
    libraries = set(re.findall(r"=> /lib/(\S+)", run("ldd", *programs)))
    found = set()
    for library in sorted(libraries):
        for path in (f"/lib/{library}", f"/usr/lib/{library}"):
            try:
                found.add(run("dpkg-query", "-S", path).split(":")[0])
                break
            except LabError:
                continue
        else:
            raise LabError(f"no package brings /lib/{library}")
    return sorted(found)


def add_modules(kernel, root, version):
    modules = root / "lib/modules" / version
    shutil.copytree(kernel / "lib/modules" / version, modules)
    for folder in UNUSED_MODULES:
        remove(modules / "kernel" / folder)
    run("chroot", root, "depmod", version)


def add_own_files(work, root):
    for name, folder in (("lab-boot", "sbin"), ("lab-run", "sbin"), ("inittab", "etc"),
                         ("sshd_config", "etc/ssh"), ("lvmlocal.conf", "etc/lvm")):
        shutil.copy(GUEST / name, root / folder)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", work / "ssh_key")
    keys = root / "root/.ssh"
    keys.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(work / "ssh_key.pub", keys / "authorized_keys")
    # A path to a disk that is gone is given up after seconds, as where disks have several paths;
    # the package's own 120 s are for a single one.
    settings = root / "etc/iscsi/iscsid.conf"
    settings.write_text(re.sub(r"(?m)^(node\.session\.timeo\.replacement_timeout) = .*", r"\1 = 10",
                               settings.read_text()))


def make_initramfs(work, root, version):
    folder = work / "early"
    for name in ("bin", "dev", "proc", "sys", "root"):
        (folder / name).mkdir(parents=True)
    wanted = run("chroot", root, "modprobe", "-S", version, "--show-depends", "-a", *ROOT_MODULES)
    in_order = list(dict.fromkeys(re.findall(r"(?m)^insmod /(\S+)", wanted)))
    for module in in_order:
        shutil.copy(root / module, folder)
    (folder / "modules").write_text("\n".join(Path(module).name for module in in_order))
    shutil.copy(root / "bin/busybox", folder / "bin/busybox")
    shutil.copy(GUEST / "initramfs-init", folder / "init")
    run("sh", "-c", f"find . | cpio -o -H newc --quiet | gzip -1 >'{work}/initramfs'", cwd=folder)
