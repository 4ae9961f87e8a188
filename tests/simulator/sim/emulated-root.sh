#!/bin/sh
# Turns the unpacked packages of another architecture into an installed system. An mmdebstrap hook; $1: the new root.
# This machine's own dpkg unpacks; the maintainer scripts run under qemu, and not their costly parts.
set -eu
root="$1"
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true LC_ALL=C.UTF-8

# No service is to start, no key to be made, nothing to be compiled to byte code, hashed or indexed. What does that is for
# a while one line that sh and Python both take.
off="usr/bin/py3compile usr/lib/python3.*/py_compile.py usr/bin/systemd-hwdb usr/bin/ssh-keygen
    usr/bin/deb-systemd-helper usr/bin/deb-systemd-invoke var/lib/dpkg/info/ca-certificates.postinst"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 0755 "$root/usr/sbin/policy-rc.d"

dpkg --root="$root" --log="$root/var/log/dpkg.log" --force-unsafe-io --force-depends \
    --unpack "$root"/var/cache/apt/archives/*.deb
# To this machine's dpkg that root's architecture is a foreign one; to its own it is not, and this file would say it is.
rm -f "$root/var/lib/dpkg/arch"
for path in $(cd "$root" && ls -d $off); do
    mv "$root/$path" "$root/$path.kept"
    echo '#!/bin/sh' >"$root/$path"
    chmod 0755 "$root/$path"
done
chroot "$root" dpkg --force-unsafe-io --force-confdef --configure --pending
for path in $(cd "$root" && ls -d $off); do
    mv "$root/$path.kept" "$root/$path"
done
rm "$root/usr/sbin/policy-rc.d"
cat "$root"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
# Byte code is the same on every machine. Another Python's would not be used: then the first run as root writes it.
for library in "$root"/usr/lib/python3.*; do
    python="${library##*/}"
    if command -v "$python" >/dev/null; then
        "$python" -m compileall -q -s "$root" "$library" "$root/usr/lib/python3/dist-packages" || true
    fi
done
