# What the simulated driver package looks at before it changes anything. Sourced by driver.sh, bash.

check_tools() {
    local missing="" tool
    for tool in which awk chattr lsattr ldconfig lspci ifconfig modprobe udevadm modinfo useradd systemctl readlink su; do
        command -v "$tool" >/dev/null || missing="$missing$tool,"
    done
    command -v update-rc.d >/dev/null || command -v chkconfig >/dev/null || missing="${missing}chkconfig,"
    [ -z "$missing" ] || fail "The list of missing tools: $missing"
}

check_arch() {
    local machine
    machine=$(uname -m)
    [ "$machine" = "$PKG_ARCH" ] ||
        fail "Arch mismatch, src package is ${PKG_ARCH/x86_64/x86-64}, cur os is ${machine/x86_64/x86-64}"
}

check_user() {
    if ! id "$user" >/dev/null 2>&1 || ! getent group "$group" >/dev/null; then
        fail "ERR_NO:0x0091;ERR_DES:$user not exists! Please add $user"
    fi
    id -nG "$user" | tr ' ' '\n' | grep -qx "$group" ||
        fail "ERR_NO:0x0096;ERR_DES:$user does not belong to the group $group."
    if [ "${PKG_VERSION%%.*}" -lt 24 ] && [ "$(getent passwd "$user" | cut -d: -f7 | grep -c 'nologin\|false')" = 1 ]; then
        fail "ERR_NO:0x0003;ERR_DES:$user do not have the permission to access $path_param, please reset the directory."
    fi
    local before
    before=$(value_of UserName "$INSTALL_RECORD")
    if [ "$before" = root ] && [ "$named" = no ] && [ "$action" = installed ]; then
        fail "ERR_NO:0x0091;ERR_DES:username not permission for root, check /etc/ascend_install.info"
    fi
    if [ -n "$before" ] && { [ "$before" != "$user" ] || [ "$(value_of UserGroup "$INSTALL_RECORD")" != "$group" ]; }; then
        fail "ERR_NO:0x0095;ERR_DES:user and group are not same with last installation, they were $before:$(value_of UserGroup "$INSTALL_RECORD")."
    fi
}

check_path() {
    local place="$path_param" least=5
    case "$path_param" in
        /*) ;;
        *) fail "ERR_NO:0x0003;ERR_DES:$path_param is not an absolute path." ;;
    esac
    case "$path_param" in
        *[!A-Za-z0-9_./-]*) fail "ERR_NO:0x0003;ERR_DES:$path_param contains characters that are not allowed." ;;
    esac
    [ -d "$path_param" ] || [ -d "$(dirname "$path_param")" ] ||
        fail "ERR_NO:0x0003;ERR_DES:the parent of $path_param does not exist."
    while [ "$place" != / ]; do
        if [ -d "$place" ]; then
            [ "$(stat -c %u "$place")" = 0 ] ||
                fail "The given directory, including its parents, should belong to root, details in : $install_log"
            [ "$for_all" = yes ] && least=0
            local bits
            bits=$(stat -c %a "$place")
            [ $((8#${bits: -1} & 5)) -ge $least ] && [ $((8#${bits: -2:1} & 5)) -eq 5 ] ||
                fail "The given directory, or its parents, permission is too small, details in : $install_log"
        fi
        place=$(dirname "$place")
    done
}

check_chip() {
    local found
    found=$(families | sort -u)
    if [ "$mode" = vnpu_guest ] && [ -n "$found" ]; then
        fail 'Not support install with "--vnpu_guest" in pass-through scenario'
    fi
    echo "$found" | grep -qx "$PKG_CHIP" ||
        fail "The current installation package and environment is not match, please check."
}

check_space() {
    local free
    free=$(free_mb "$path_param")
    [ "$free" -gt 300 ] || fail "$path_param free space only ${free}M, cannot install driver package (greater than 300M)."
}

check_dkms() {
    local tool missing=""
    for tool in dkms gcc make; do
        command -v "$tool" >/dev/null || missing="$missing $tool"
    done
    [ -d "/lib/modules/$(uname -r)/build" ] || missing="$missing kernel-headers-$(uname -r)"
    if [ -n "$missing" ]; then
        say ERROR "Drv_dkms_env_check failed, missing:$missing"
        say ERROR "Dkms install failed, details in : $install_log"
        say ERROR "Driver_ko_install failed"
        failed
    fi
}
