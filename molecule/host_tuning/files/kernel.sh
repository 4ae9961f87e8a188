#!/bin/sh
# Gives this host a kernel of its own to set: files in place of those that a container shares with its machine.
set -eu
mine=/run/kernel-of-its-own
[ ! -d $mine ] || exit 0
mkdir -p $mine

stand_in() {
    printf '%s\n' "$2" >"$mine/$(basename "$1")"
    mount --bind "$mine/$(basename "$1")" "$1"
}

stand_in /proc/sys/vm/swappiness 60
stand_in /proc/sys/vm/nr_hugepages 0
stand_in /proc/sys/kernel/numa_balancing 1
stand_in /proc/sys/net/ipv4/ip_local_reserved_ports ''
stand_in /sys/kernel/mm/transparent_hugepage/enabled 'always [madvise] never'

cpus=/sys/devices/system/cpu
for cpu in 0 1; do
    mkdir -p "$mine/cpu/cpu$cpu/cpufreq"
    echo schedutil >"$mine/cpu/cpu$cpu/cpufreq/scaling_governor"
    echo performance schedutil >"$mine/cpu/cpu$cpu/cpufreq/scaling_available_governors"
done
for name in online possible present; do
    cp "$cpus/$name" "$mine/cpu/$name"
done
mount --bind "$mine/cpu" "$cpus"
echo made
