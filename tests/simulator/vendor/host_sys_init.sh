#!/bin/bash
# At boot, and after a hot installation: load the kernel modules of a driver that is completely installed.
place=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
record=/etc/ascend_install.info
log=/var/log/ascend_seclog/ascend_run_servers.log
mkdir -p /var/log/ascend_seclog
value() { sed -n "s/^$1=//p" "$record" 2>/dev/null | tail -n 1; }
# The installer calls it with "now", before it writes the version file.
if [ ! -s "$place/kernel/drv_pcie_host.ko" ] || { [ "${1:-}" != now ] && [ ! -s "$place/version.info" ]; }; then
    echo "$(date '+%F %T') the driver in $place is not complete" >>"$log"
    exit 1
fi
mode=0660
[ "$(value Driver_Install_For_All)" != yes ] || mode=0666
owner=$(value UserName)
group=$(value UserGroup)
if /usr/lib/npu-sim/hardware load "$(cat "$place/kernel/drv_pcie_host.ko")" "${owner:-root}" "${group:-root}" "$mode" >>"$log" 2>&1; then
    echo "$(date '+%F %T') driver loaded" >>"$log"
    echo "$(date '+%F %T') device boot success" >>/var/log/device_boot_init.log
else
    exit 1
fi
