#!/bin/bash
# The simulated driver package. What it does and refuses follows the documented behaviour of the real one.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$here/driver_checks.sh"

kind=""
path_param=""
user=""
group=""
for_all=no
quiet=no
force=no
mode=normal

usage() {
    cat <<'TEXT'
Usage: <package>.run [options]
  --full | --run | --devel | --docker | --debug   install, one of these types
  --upgrade          upgrade with the parameters of the last installation
  --uninstall        remove the driver
  --install-path=<path>  --install-username=<name>  --install-usergroup=<name>  --install-for-all
  --quiet            answer every question with yes
  --force            go on although devices are in use; takes effect after a reboot
  --norebuild  --vnpu_host  --vnpu_guest  --vnpu_docker_host
  --check  --version  --help
TEXT
}

choose() {
    [ -z "$kind" ] || bad_parameter "only one of the installation types may be given: --$kind and --$1."
    kind="$1"
}

parse() {
    local word
    for word in "$@"; do
        case "$word" in
            --full | --run | --devel | --docker | --debug | --upgrade | --uninstall | --check | --version)
                choose "${word#--}" ;;
            --install-path=*) path_param="${word#*=}" ;;
            --install-username=*) user="${word#*=}" ;;
            --install-usergroup=*) group="${word#*=}" ;;
            --install-for-all)
                [ "$PKG_SOC" != yes ] || bad_parameter "Unrecognized parameters: $word."
                for_all=yes ;;
            --quiet) quiet=yes ;;
            --force) force=yes ;;
            --norebuild) ;;
            --vnpu_host | --vnpu_guest | --vnpu_docker_host) mode="${word#--}" ;;
            --help | -h) usage; exit 0 ;;
            *) bad_parameter "Unrecognized parameters: $word. Try --help for more information." ;;
        esac
    done
    [ -n "$kind" ] || bad_parameter "no installation type given. Try --help for more information."
    case "$kind" in
        check | version)
            [ $# -eq 1 ] || bad_parameter "--$kind can not be combined with other parameters." ;;
        uninstall)
            # The installed script takes --quiet, the package does not.
            [ -z "$path_param$user$group" ] && [ "$for_all" = no ] && [ "$mode" = normal ] &&
                { [ "$quiet" = no ] || [ -n "${PKG_CALL_NAME:-}" ]; } ||
                bad_parameter "uninstall can't use with other parameters except force." ;;
        upgrade)
            [ -z "$path_param$user$group" ] && [ "$for_all" = no ] ||
                bad_parameter "--upgrade can not be combined with --install-path, --install-user* or --install-for-all." ;;
        docker)
            [ "$for_all" = no ] || bad_parameter "--docker can not be combined with --install-for-all." ;;
    esac
    case "$kind" in
        full | run) ;;
        *) [ "$mode" = normal ] || bad_parameter "--$mode needs --full or --run." ;;
    esac
    if [ -n "$user" ] && [ -z "$group" ] || [ -z "$user" ] && [ -n "$group" ]; then
        bad_parameter "--install-username and --install-usergroup must be given together."
    fi
    if [ "$user" = root ] && [ "$for_all" = no ]; then
        fail "ERR_NO:0x0091;ERR_DES:root can not be the user without --install-for-all."
    fi
}

recorded_path() { value_of Driver_Install_Path_Param "$INSTALL_RECORD"; }

installed_version() {
    local root
    root=$(recorded_path)
    [ -n "$root" ] || root=/usr/local/Ascend
    value_of Version "$root/driver/version.info"
}

loaded() { cat /run/npu-sim/driver.loaded 2>/dev/null; }

# Somebody holds a device: npu-smi's own list, or an open file.
busy() {
    if [ -s "$silicon/processes" ]; then return 0; fi
    find /proc/[0-9]*/fd -lname '/dev/davinci*' 2>/dev/null | grep -q .
}

failed() {
    local doing=install
    [ "${action:-}" != upgraded ] || doing=upgrade
    say INFO "Failed to $doing driver package, please retry after uninstall and reboot!"
    goodbye 1
}

# Loads the modules of a driver whose files are there. The version file comes after it, so what a failure leaves has none.
load_modules() { # folder
    say INFO "Waiting for device startup..."
    if fault bad-module >/dev/null; then
        spent bad-module
        echo "[ERROR]asdrv_svm modprobe failed" >>"$install_log"
        say ERROR "Driver_ko_install_manually failed, details in : $install_log"
        failed
    fi
    if bash "$1/script/host_sys_init.sh" now; then
        say INFO "Device startup success"
        return 0
    fi
    say WARNING "There are some chips not ready, please check after reboot"
    return 1
}

remove_tree() { # folder
    chattr -i "$1/version.info" 2>/dev/null
    rm -rf "$1"
}

# ---- installing --------------------------------------------------------------------------------------

write_version_info() {
    local version
    version=$(stated_version)
    sed "s/^\(Version\|package_version\)=.*/\1=$version/" "$here/version.info" >"$1"
    chmod 0444 "$1"
    chattr +i "$1" 2>/dev/null || say WARNING "chattr +i $1 is not supported by this file system" >/dev/null
}

lay_files() {
    local target="$1" bits=750
    [ "$for_all" = yes ] && bits=755
    mkdir -p "$target"/{lib64/common,lib64/driver,tools,script,include,kernel,host}
    work 30 3 || failed
    say INFO "upgradePercentage:30%"
    cp -r "$here"/lib64/. "$target/lib64/"
    cp "$here/upgrade-tool" "$here/hccn_tool" "$target/tools/"
    cp "$here"/{common.sh,driver.sh,driver_checks.sh,package.conf,version.info} "$target/script/"
    cp "$here/uninstall.sh" "$here/host_sys_init.sh" "$target/script/"
    mkdir -p /usr/local/dcmi
    cp "$here/lib64/driver/libdcmi.so" /usr/local/dcmi/
    chmod "$bits" "$target" "$target"/{lib64,lib64/common,lib64/driver,tools}
    chmod 0755 "$target"/tools/{upgrade-tool,hccn_tool} "$target"/script/*.sh /usr/local/dcmi
    chown "root:$group" "$target" "$target"/{lib64,tools}
    work 40 2 || failed
    say INFO "upgradePercentage:40%"
    if [ "$DRIVER_TYPE" = DKMS ] && [ "$kind" != devel ]; then
        mkdir -p "/var/lib/dkms/davinci_ascend/1.0/$(uname -r)" /usr/src/davinci_ascend-1.0
        cp "$here/version.info" /usr/src/davinci_ascend-1.0/
    fi
    echo "$PKG_VERSION" >"$target/kernel/drv_pcie_host.ko"
    work 90 3 || failed
    install -D -m 0755 "$here/npu-smi" /usr/local/sbin/npu-smi
    sed -i "s/@TOOL_VERSION@/$PKG_VERSION/" /usr/local/sbin/npu-smi
    mkdir -p /usr/local/bin
    ln -sf /usr/local/sbin/npu-smi /usr/local/bin/npu-smi
    echo "DAVINCI_HOME_PATH=$path_param" >/lib/davinci.conf
    echo "kmsagent=0" >/etc/ascend_driver.conf
    printf '%s\n' "$target/lib64" "$target/lib64/common" "$target/lib64/driver" >/etc/ld.so.conf.d/ascend_driver_so.conf
    sed "s|@DRIVER@|$target|" "$here/host_sys_init.service" >/etc/systemd/system/host_sys_init.service
    mkdir -p /etc/systemd/system/multi-user.target.wants
    ln -sf ../host_sys_init.service /etc/systemd/system/multi-user.target.wants/host_sys_init.service
    systemctl daemon-reload 2>/dev/null || true
    say INFO "upgradePercentage:90%"
    : >>/etc/vnpu.cfg # stays when the driver goes, as several files of the real one do
}

record_installation() {
    set_value UserName "$user" "$INSTALL_RECORD"
    set_value UserGroup "$group" "$INSTALL_RECORD"
    set_value Driver_Install_Type "$kind" "$INSTALL_RECORD"
    set_value Driver_Install_Path_Param "$path_param" "$INSTALL_RECORD"
    set_value Driver_Install_For_All "$for_all" "$INSTALL_RECORD"
    set_value Driver_Install_Mode "$mode" "$INSTALL_RECORD"
    sed -i /^Driver_Install_Status=/d "$INSTALL_RECORD"
    chmod 0644 "$INSTALL_RECORD"
}

install_driver() {
    local before action=installed target rc=0 was_loaded named=yes
    # An all-in-one package is refused with success (recorded).
    if [ -e /etc/HiAI_install.info ]; then
        say ERROR "ERR_NO:0x0094;ERR_DES:Operation failed, An all-in-one RUN package is found, which needs to be uninstalled before proceeding."
        exit 0
    fi
    before=$(installed_version)
    hello
    if [ "$kind" = upgrade ]; then
        action=upgraded
        if [ -n "$before" ]; then
            path_param=$(recorded_path)
            user=$(value_of UserName "$INSTALL_RECORD")
            group=$(value_of UserGroup "$INSTALL_RECORD")
            for_all=$(value_of Driver_Install_For_All "$INSTALL_RECORD")
            mode=$(value_of Driver_Install_Mode "$INSTALL_RECORD")
            kind=$(value_of Driver_Install_Type "$INSTALL_RECORD")
        else
            kind=full
            action=installed
        fi
    fi
    path_param="${path_param:-/usr/local/Ascend}"
    [ -n "$user" ] || named=no
    user="${user:-$(value_of UserName "$INSTALL_RECORD")}"
    group="${group:-$(value_of UserGroup "$INSTALL_RECORD")}"
    user="${user:-HwHiAiUser}"
    group="${group:-HwHiAiUser}"
    [ -z "$before" ] || say INFO "base version is $before."
    say WARNING "Do not power off or restart the system during the installation/upgrade"
    say INFO "set username and usergroup, $user:$group"
    check_arch
    check_tools
    check_user
    check_path
    [ "$kind" = docker ] || check_chip
    check_space
    if [ -n "$before" ] && [ "$action" = installed ] && [ "$quiet" = no ]; then
        if ! confirm "Driver package has been installed on the path $(recorded_path), the version is $before, and the version of this package is $PKG_VERSION,do you want to continue?"; then
            goodbye 0
        fi
    fi
    was_loaded=$(loaded)
    if [ -n "$was_loaded" ] && [ "$force" = no ] && busy; then
        fail "The davinci nodes are occupied by some processes, please stop processes and install or uninstall again"
    fi
    if lies; then
        say INFO "upgradePercentage:100%"
        say INFO "Driver package $action successfully! The new version takes effect immediately. "
        goodbye 0
    fi
    [ "$DRIVER_TYPE" != DKMS ] || [ "$kind" = devel ] || check_dkms
    operation "$action driver $PKG_VERSION"
    work 10 1 || failed
    say INFO "upgradePercentage:10%"
    target="$path_param/driver"
    mkdir -p "$path_param"
    if [ -n "$before" ] && [ -n "$(recorded_path)" ]; then remove_tree "$(recorded_path)/driver"; fi
    remove_tree "$target"
    record_installation
    lay_files "$target"
    if [ "$kind" = devel ] || [ "$kind" = docker ]; then
        rc=0
    elif [ "$force" = yes ] || fault no-hot-reset >/dev/null; then
        spent no-hot-reset
        rc=2
    elif [ -n "$was_loaded" ] && [ "${UPGRADE:-reboot}" = hot ]; then
        say INFO "device hot reset start"
        /usr/lib/npu-sim/hardware unload
        say INFO "device hot reset finish"
        load_modules "$target" || rc=2
    elif [ -n "$was_loaded" ] || [ "$FIRST_INSTALL" != hot ]; then
        rc=2
    else
        load_modules "$target" || rc=2
    fi
    write_version_info "$target/version.info"
    work 100 1 || failed
    say INFO "upgradePercentage:100%"
    [ "$PKG_STATUS_KEY" != yes ] || set_value Driver_Install_Status complete "$INSTALL_RECORD"
    if [ $rc -eq 0 ]; then
        say INFO "Driver package $action successfully! The new version takes effect immediately. "
    else
        say WARNING "Kernel modules can not be removed, reboot needed for installation/upgrade to take effect!"
        say INFO "Driver package $action finished! Reboot needed for installation/upgrade to take effect! "
    fi
    goodbye $rc
}

uninstall_driver() {
    local before root was_loaded
    before=$(installed_version)
    root=$(recorded_path)
    root="${root:-/usr/local/Ascend}"
    if [ -z "$before" ] && [ ! -d "$root/driver" ]; then
        fail "ERR_NO:0x0080;ERR_DES:The driver package is not installed."
    fi
    [ -z "$before" ] || say INFO "base version is $before."
    was_loaded=$(loaded)
    if [ -n "$was_loaded" ] && [ "$force" = no ] && busy; then
        fail "The davinci nodes are occupied by some processes, please stop processes and install or uninstall again"
    fi
    if lies; then
        say INFO "Driver package uninstalled successfully! Uninstallation takes effect immediately."
        exit 0
    fi
    work 50 5 || fail "ERR_NO:0x0090;ERR_DES:Failed to uninstall driver package."
    operation "uninstalled driver $before"
    rm -f /usr/local/sbin/npu-smi /usr/local/bin/npu-smi /lib/davinci.conf /etc/ascend_driver.conf \
        /etc/ld.so.conf.d/ascend_driver_so.conf /etc/systemd/system/host_sys_init.service \
        /etc/systemd/system/multi-user.target.wants/host_sys_init.service
    rm -rf /usr/local/dcmi /var/lib/dkms/davinci_ascend /usr/src/davinci_ascend-1.0
    systemctl daemon-reload 2>/dev/null || true
    remove_tree "$root/driver"
    drop_values Driver_ "$INSTALL_RECORD"
    if [ -z "$was_loaded" ] || { [ "$force" = no ] && [ "${UNINSTALL:-hot}" = hot ]; }; then
        [ -z "$was_loaded" ] || /usr/lib/npu-sim/hardware unload
        say INFO "Driver package uninstalled successfully! Uninstallation takes effect immediately."
    else
        say INFO "Driver package uninstalled successfully! Reboot needed for uninstallation to take effect!"
    fi
    exit 0
}

begin "${PKG_CALL_NAME:-$PKG_FILE}" "$@"
parse "$@"
if [ "$kind" = version ]; then
    echo "driver version :$PKG_VERSION"
    exit 0
fi
require_root
case "$kind" in
    check)
        hello
        goodbye 0 ;;
    uninstall)
        one_at_a_time
        uninstall_driver ;;
    *)
        one_at_a_time
        install_driver ;;
esac
