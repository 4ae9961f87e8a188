#!/bin/sh
# Turns a bare root file system (or a container of any base image) into a simulated server.
# Runs once, while the image is built. $1: the login user.
set -eu
user="$1"

if command -v useradd >/dev/null && ! id "$user" >/dev/null 2>&1; then
    useradd --uid 2000 --user-group --create-home --shell /bin/bash "$user"
fi
mkdir -p /etc/sudoers.d /etc/ssh/sshd_config.d /etc/ssh/authorized_keys.d
printf '%s ALL=(ALL) NOPASSWD: ALL\nDefaults:%s !requiretty\n' "$user" "$user" >"/etc/sudoers.d/$user"
chmod 0440 "/etc/sudoers.d/$user"
cat >/etc/ssh/sshd_config.d/simulator.conf <<'CONF'
AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/authorized_keys.d/%u
HostKey /etc/ssh/ssh_host_ed25519_key
UseDNS no
PasswordAuthentication no
# 32 forks open their connections at the same moment.
MaxStartups 100:30:200
CONF
# Every host gets keys of its own when it is started.
rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub

cat >/etc/systemd/system/npu-sim.service <<'UNIT'
[Unit]
Description=Power on the simulated accelerators
DefaultDependencies=no
After=systemd-tmpfiles-setup.service
Before=sysinit.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/lib/npu-sim/hardware power-on

[Install]
WantedBy=sysinit.target
UNIT
mkdir -p /etc/systemd/system/sysinit.target.wants /etc/systemd/system/multi-user.target.wants /usr/lib/npu-sim
ln -sf ../npu-sim.service /etc/systemd/system/sysinit.target.wants/npu-sim.service
for unit in ssh sshd; do
    if [ -e "/lib/systemd/system/$unit.service" ]; then
        ln -sf "/lib/systemd/system/$unit.service" "/etc/systemd/system/multi-user.target.wants/$unit.service"
        break
    fi
done
# Jobs that would download or rotate things behind a test's back.
for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer dnf-makecache.timer; do
    ln -sf /dev/null "/etc/systemd/system/$unit"
done

# A server does not say that it is a container; hardware.conf says what it is.
if [ ! -e /usr/bin/systemd-detect-virt.real ]; then
    if command -v dpkg-divert >/dev/null; then
        dpkg-divert --quiet --local --rename --divert /usr/bin/systemd-detect-virt.real \
            --add /usr/bin/systemd-detect-virt
    else
        mv /usr/bin/systemd-detect-virt /usr/bin/systemd-detect-virt.real
    fi
fi
cat >/usr/bin/systemd-detect-virt <<'WRAPPER'
#!/bin/sh
exec /usr/lib/npu-sim/detect-virt "$@"
WRAPPER
chmod 0755 /usr/bin/systemd-detect-virt
: >/etc/machine-id
