#!/bin/bash
# The simulated firmware package.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

kind=""
quiet=no

parse() {
    local word
    for word in "$@"; do
        case "$word" in
            --full | --upgrade | --uninstall | --check | --version)
                [ -z "$kind" ] || bad_parameter "only one of the installation types may be given: --$kind and $word."
                kind="${word#--}" ;;
            --quiet) quiet=yes ;;
            --help | -h)
                echo "Usage: <package>.run --full | --upgrade | --uninstall | --check | --version  [--quiet]"
                exit 0 ;;
            *) bad_parameter "Unrecognized parameters: $word. Try --help for more information." ;;
        esac
    done
    [ -n "$kind" ] || bad_parameter "no installation type given. Try --help for more information."
}

recorded_path() { value_of Firmware_Install_Path_Param "$INSTALL_RECORD"; }

failed() {
    say ERROR "Failed to install firmware package!"
    goodbye 1
}

# The firmware goes through the driver's own tool, to the bare hardware.
check_host() {
    local guest
    if guest=$(systemd-detect-virt); then
        fail "The firmware can not be upgraded in a virtual machine or container ($guest)."
    fi
    driver_path=$(value_of Driver_Install_Path_Param "$INSTALL_RECORD")
    if [ -z "$driver_path" ] || [ ! -x "$driver_path/driver/tools/upgrade-tool" ]; then
        fail "Can not find the upgrade-tool, please install the driver package first."
    fi
    families | sort -u | grep -qx "$PKG_CHIP" ||
        fail "The current installation package and environment is not match, please check."
    if ! "$driver_path/driver/tools/upgrade-tool" --device_index -1 --boot_status >/dev/null 2>&1; then
        fail "Get device information failed, please check that the driver is running, or reboot and try again."
    fi
}

# True when the installed driver lies in one of the firmware's ranges, by their leading fields.
driver_fits() {
    local driver
    driver=$(value_of Version "$driver_path/driver/version.info")
    value_of compatible_version_drv "$here/version.info" | tr -d '[' | tr ']' '\n' | tr ',' '\n' | grep . |
        while read -r prefix; do
            case "$driver" in "${prefix%.}" | "${prefix%.}".*) echo fits ;; esac
        done | grep -q fits
}

install_firmware() {
    local before chips action=installed
    hello
    before=$(value_of Version "$(recorded_path)/firmware/version.info")
    [ -z "$before" ] || say INFO "base version is $before."
    say WARNING "Do not power off or restart the system during the installation/upgrade"
    check_host
    [ "$(free_mb /usr/local)" -gt 32 ] || fail "the free space is not enough, cannot install firmware package."
    if [ -n "$before" ] && [ "$kind" = full ] && [ "$quiet" = no ]; then
        confirm "Firmware package has been installed on the path $(recorded_path), the version is $before, and the version of this package is $PKG_VERSION,do you want to continue?" ||
            goodbye 0
    fi
    if ! driver_fits; then
        if [ "$quiet" = no ]; then
            confirm "The driver version does not match this firmware,do you want to continue?" || goodbye 0
        fi
        say WARNING "The driver version does not match this firmware."
    fi
    [ "$kind" = full ] || [ -z "$before" ] || action=upgraded
    chips=$(grep -c . "$silicon/chips.tsv")
    if lies; then
        say INFO "The firmware of [$chips] chips are successfully upgraded."
        say INFO "Firmware package $action successfully! Reboot now or after driver installation for the installation/upgrade to take effect."
        goodbye "${FIRMWARE_RC:-0}"
    fi
    operation "$action firmware $PKG_VERSION"
    work 0 2 || failed
    say INFO "upgradePercentage: 0%"
    set_value UserName "$(value_of UserName "$INSTALL_RECORD")" "$INSTALL_RECORD"
    set_value Firmware_Install_Type full "$INSTALL_RECORD"
    set_value Firmware_Install_Path_Param "$driver_path" "$INSTALL_RECORD"
    rm -rf "$driver_path/firmware"
    mkdir -p "$driver_path"/firmware/{script,image}
    cp "$here"/{common.sh,firmware.sh,package.conf,version.info,uninstall.sh} "$driver_path/firmware/script/"
    cp "$here"/image/* "$driver_path/firmware/image/"
    chmod 0755 "$driver_path"/firmware/script/*.sh
    work 50 3 || failed
    say INFO "upgradePercentage: 51%"
    work 90 3 || failed
    say INFO "upgradePercentage: 90%"
    /usr/lib/npu-sim/hardware flash "$(stated_version)"
    sed "s/^Version=.*/Version=$(stated_version)/" "$here/version.info" >"$driver_path/firmware/version.info"
    chmod 0444 "$driver_path/firmware/version.info"
    work 100 1 || failed
    say INFO "upgradePercentage: 100%"
    say INFO "The firmware of [$chips] chips are successfully upgraded."
    say INFO "Firmware package $action successfully! Reboot now or after driver installation for the installation/upgrade to take effect."
    goodbye "${FIRMWARE_RC:-0}"
}

# Removes the package from the host; what is in the chips' flash stays there.
uninstall_firmware() {
    local root before
    root=$(recorded_path)
    if [ -z "$root" ]; then
        fail "ERR_NO:0x0080;ERR_DES:The firmware package is not installed."
    fi
    before=$(value_of Version "$root/firmware/version.info")
    say INFO "base version is $before."
    if ! lies; then
        work 50 3 || fail "ERR_NO:0x0090;ERR_DES:Failed to uninstall firmware package."
        operation "uninstalled firmware $before"
        rm -rf "$root/firmware"
        drop_values Firmware_ "$INSTALL_RECORD"
    fi
    say INFO "Firmware package uninstalled successfully! Uninstallation takes effect immediately."
    exit 0
}

begin "${PKG_CALL_NAME:-$PKG_FILE}" "$@"
parse "$@"
if [ "$kind" = version ]; then
    echo "firmware version :$PKG_VERSION"
    exit 0
fi
require_root
case "$kind" in
    check)
        hello
        goodbye 0 ;;
    uninstall)
        one_at_a_time
        uninstall_firmware ;;
    *)
        one_at_a_time
        install_firmware ;;
esac
