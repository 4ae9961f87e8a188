#!/bin/bash
# The simulated CANN packages: toolkit, nnae, nnrt, kernels (ops from 8.5 on), nnal and tfplugin.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$here/cann_layout.sh"

action=""
path_param=""
for_all=no
quiet=no

usage() {
    cat <<'TEXT'
Usage: <package>.run [options]
  --install | --full | --devel    install
  --upgrade                       replace the installed version
  --uninstall
  --install-path=<path>  --install-for-all
  --quiet                         no questions; accepts the licence
  --check  --version  --pre-check  --help
TEXT
}

parse() {
    local word
    for word in "$@"; do
        case "$word" in
            --install | --upgrade | --uninstall | --full | --devel | --check | --version)
                [ -z "$action" ] || bad_parameter "--$action and $word can not be combined."
                action="${word#--}" ;;
            --install-path=*) path_param="${word#*=}" ;;
            --install-for-all) for_all=yes ;;
            --quiet) quiet=yes ;;
            --pre-check) ;;
            --type=* | --feature=*)
                [ "$PKG_PRODUCT" = kernels ] || bad_parameter "Unrecognized parameters: $word." ;;
            --whitelist=*)
                [ "$PKG_LAYOUT" = 8.5 ] || bad_parameter "Unrecognized parameters: $word." ;;
            --help | -h) usage; exit 0 ;;
            *) bad_parameter "Unrecognized parameters: $word. Try --help for more information." ;;
        esac
    done
    [ -n "$action" ] || bad_parameter "no action given. Try --help for more information."
    [ "$action" != full ] || [ "$PKG_PRODUCT" = toolkit ] || bad_parameter "Unrecognized parameters: --full."
    case "$action" in full | devel) action=install ;; esac
}

# Where to install: the option, else what the first installation recorded, else the default.
choose_root() {
    local recorded
    if [ "$(id -u)" -eq 0 ]; then
        record=/etc/Ascend/ascend_cann_install.info
        root=/usr/local/Ascend
    else
        record="$HOME/Ascend/ascend_cann_install.info"
        root="$HOME/Ascend"
    fi
    recorded=$(value_of Install_Path "$record")
    root="${path_param:-${recorded:-$root}}"
    root="${root%/}"
}

remember_root() {
    local kept
    mkdir -p "$(dirname "$record")"
    if [ -f "$record" ] && [ "$(value_of Install_Path "$record")" != "$root" ]; then
        kept="$(dirname "$record")/$(date +%Y%m%d%H%M%S)"
        mkdir -p "$kept"
        mv "$record" "$kept/"
    fi
    set_value Install_Path "$root" "$record"
}

check_root_folder() {
    local place="$root"
    case "$root" in
        /*) ;;
        *) fail "ERR_NO:0x0003;ERR_DES:$root is not an absolute path." ;;
    esac
    [ -d "$root" ] || place=$(dirname "$root")
    [ -d "$place" ] || fail "ERR_NO:0x0003;ERR_DES:the parent of $root does not exist."
    if [ "$(id -u)" -eq 0 ] && [ -d "$root" ] && { [ "$(stat -c %u "$root")" != 0 ] || [ "$(stat -c %a "$root")" -lt 755 ]; }; then
        fail "ERR_NO:0x0003;ERR_DES:The given directory permission is too small: $root should be root, 755."
    fi
}

check_arch() {
    [ -z "$PKG_ARCH" ] || [ "$PKG_ARCH" = "$(uname -m)" ] ||
        fail "The package architecture $PKG_ARCH is inconsistent with the current environment $(uname -m)."
}

check_user() {
    local group
    group=$(value_of UserGroup "$INSTALL_RECORD")
    if [ "$(id -u)" -ne 0 ] && [ -n "$group" ] && ! id -nG | tr ' ' '\n' | grep -qx "$group"; then
        fail "ERR_NO:0x0093;ERR_DES:User is not belong to the dirver or firmware's installed usergroup! Please add the user to the group $group."
    fi
}

# te and hccl go into the package's own site-packages, by the first pip3 there is.
check_python() {
    ls "$here"/wheels/*.whl >/dev/null 2>&1 || return 0
    command -v python3 >/dev/null || fail "python3 is not found, please install python3 (3.7.5 or later)."
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 7, 5))' ||
        fail "python3 is too old, 3.7.5 or later is required."
    command -v pip3 >/dev/null || fail "pip3 is not found, please install pip3 first."
}

check_space() {
    local free
    free=$(free_mb "$root")
    [ "$free" -gt 200 ] || fail "ERR_NO:0x0003;ERR_DES:free space of $root is only ${free}M, the installation needs more."
}

check_driver() {
    local driver
    driver=$(value_of Driver_Install_Path_Param "$INSTALL_RECORD")
    if [ -z "$driver" ] || [ ! -e "$driver/driver/version.info" ]; then
        say WARNING "Cannot find the install path of driver."
        return
    fi
    case "$(value_of compatible_version "$driver/driver/version.info")" in
        *"[${PKG_INNERVERSION%%SPC*}]"*) say INFO "Check version matched!" ;;
        *)
            if [ "$quiet" = no ]; then
                confirm "Check version does not matched, do you want to continue?" || exit 0
            fi
            say WARNING "Check version does not matched!" ;;
    esac
}

accept_licence() {
    [ "$PKG_EULA" = yes ] && [ "$quiet" = no ] || return 0
    cat "$here/EULA"
    confirm "Do you accept the EULA to install CANN?" || exit 0
}

one_installer() {
    if [ "$(id -u)" -eq 0 ]; then
        mkdir -p /run/lock
        exec 9>"/run/lock/ascend_cann_install.lock"
        flock -n 9 || fail "ERR_NO:0x0094;ERR_DES:another CANN package is being installed, please try again later."
    fi
}

failed() {
    say ERROR "$PKG_TITLE install failed"
    say ERROR "install failed, details in : $install_log"
    exit 1
}

summary() { # verb
    printf '\n\n===========\n= Summary =\n===========\n\n'
    if [ -e "$(value_of Driver_Install_Path_Param "$INSTALL_RECORD")/driver/version.info" ]; then
        printf 'Driver:   Installed in %s/driver.\n' "$(value_of Driver_Install_Path_Param "$INSTALL_RECORD")"
    fi
    printf '%-9s %s %s success, installed in %s.\n\n' "$PKG_LABEL:" "${PKG_FILE%.run}" "$1" "$root"
    [ -z "$set_env" ] || printf 'Please make sure that the environment variables have been configured.\n-  To take effect for all users, you can add "source %s" to /etc/profile.\n' "$set_env"
}

install_package() {
    local before verb="$action" part
    say INFO "LogFile:$install_log"
    say INFO "$action start"
    check_arch
    check_user
    choose_root
    check_root_folder
    accept_licence
    layout_paths
    before=$(installed_release)
    if [ "$action" = upgrade ] && [ -z "$before" ]; then
        fail "ERR_NO:0x0080;ERR_DES:$PKG_TITLE is not installed in $root, there is nothing to upgrade."
    fi
    check_base
    check_python
    check_space
    say INFO "The installation path is $root."
    check_driver
    if [ "$action" = install ] && is_there && [ "$quiet" = no ]; then
        confirm "$PKG_TITLE $PKG_VERSION has been installed on the path $root, do you want to continue?" || exit 0
    fi
    if lies; then
        summary "$verb"
        exit 0
    fi
    operation "$action $PKG_TITLE $PKG_VERSION"
    umask 0022
    mkdir -p "$root"
    remember_root
    work 10 1 || failed
    if [ "$action" = upgrade ] && [ "$before" != "$PKG_VERSION" ]; then
        remove_release "$before"
    fi
    for part in $PKG_PARTS; do
        say INFO "install package CANN-$part-$PKG_NUMBER-linux.$(uname -m).run start"
        lay_part "$part"
        say INFO "CANN-$part-$PKG_NUMBER-linux.$(uname -m).run --full --quiet --nox11 install success"
    done
    work 50 4 || failed
    install_wheels || failed
    lay_hccl_test
    work 90 4 || failed
    finish_release
    give_rights
    work 100 1 || failed
    summary "$verb"
}

uninstall_package() {
    local victim="${PKG_CALL_VERSION:-$PKG_VERSION}"
    choose_root
    [ -z "${PKG_CALL_ROOT:-}" ] || root="$PKG_CALL_ROOT"
    layout_paths
    if ! is_there; then
        fail "ERR_NO:0x0080;ERR_DES:$PKG_TITLE $victim is not installed in $root."
    fi
    if ! lies; then
        work 50 3 || fail "ERR_NO:0x0090;ERR_DES:$PKG_TITLE uninstall failed."
        operation "uninstall $PKG_TITLE $PKG_VERSION"
        remove_release "$PKG_VERSION"
    fi
    say INFO "$PKG_TITLE uninstall success"
}

begin "${PKG_CALL_NAME:-$PKG_FILE}" "$@"
parse "$@"
case "$action" in
    version) echo "$PKG_TITLE version :$PKG_VERSION" ;;
    check)
        say INFO "LogFile:$install_log"
        check_arch
        say INFO "$PKG_TITLE check success" ;;
    uninstall)
        one_installer
        uninstall_package ;;
    *)
        one_installer
        install_package ;;
esac
