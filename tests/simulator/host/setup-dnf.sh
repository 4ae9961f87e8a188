#!/bin/sh
# Makes a simulated server's packages come by dnf: no apt, and one local repository under /srv/repo.
# Runs once, while the image is built, after setup.sh.
set -eu
mkdir -p /etc/yum.repos.d /etc/rpm /var/lib/rpm /srv/repo
cat >/etc/yum.repos.d/simulated.repo <<'REPO'
[OS]
name=Stand-ins for the packages of openEuler
baseurl=file:///srv/repo
enabled=1
gpgcheck=0
REPO
# Debian keeps rpm's database in the home of whoever calls it.
echo '%_dbpath /var/lib/rpm' >>/etc/rpm/macros
rm -f /usr/bin/apt /usr/bin/apt-get /usr/bin/apt-cache /usr/bin/dpkg
cat >/usr/lib/os-release <<'RELEASE'
NAME="openEuler"
VERSION="22.03 (LTS-SP4)"
ID="openEuler"
VERSION_ID="22.03"
PRETTY_NAME="openEuler 22.03 (LTS-SP4)"
ANSI_COLOR="0;31"
RELEASE
echo 'openEuler release 22.03 (LTS-SP4)' >/etc/openEuler-release
rm -f /etc/debian_version
