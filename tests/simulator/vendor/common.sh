# Shared by the simulated vendor installers: logging, prompts, version files, faults. Sourced, bash.
# package.conf beside this file says what the package is (PKG_*).

# makeself works with 077; what is installed has to be readable by others.
umask 0022
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/package.conf"
silicon=/var/lib/npu-sim
INSTALL_RECORD=/etc/ascend_install.info

if [ ! -r "$silicon/hardware.conf" ]; then
    echo "This is a simulated package; it runs on simulated servers only." >&2
    exit 1
fi
. "$silicon/hardware.conf"

if [ "$(id -u)" -eq 0 ]; then
    seclog=/var/log/ascend_seclog
else
    seclog="${HOME:-/tmp}/var/log/ascend_seclog"
fi
install_log="$seclog/${PKG_LOG:-ascend_install.log}"

# ---- the record of calls that tests read ------------------------------------------------------------

json_text() {
    local text="$1"
    text=${text//\\/\\\\}
    text=${text//\"/\\\"}
    printf '"%s"' "$text"
}

record_call() { # event rc
    [ "$(id -u)" -eq 0 ] || return 0
    local list="" word
    for word in "${call_argv[@]}"; do
        list="$list${list:+, }$(json_text "$word")"
    done
    mkdir -p /var/log/npu-sim
    printf '{"time": "%s", "event": "%s", "package": %s, "version": "%s", "argv": [%s], "pid": %d, "rc": %s}\n' \
        "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$(json_text "$call_name")" "$PKG_VERSION" "$list" "$$" "$2" \
        >>/var/log/npu-sim/vendor-calls.log
}

begin() { # name arguments...
    call_name="$1"
    shift
    call_argv=("$@")
    record_call start null
    trap 'record_call end $?' EXIT
    trap 'exit 143' TERM
    trap 'exit 130' INT
    trap 'exit 129' HUP
}

# ---- messages -----------------------------------------------------------------------------------------

stamp() {
    if [ "$PKG_STYLE" = cann ]; then date +%Y%m%d-%H:%M:%S; else date '+%Y-%m-%d %H:%M:%S'; fi
}

say() { # level text
    local now line colour=""
    now=$(stamp)
    if [ "$PKG_STYLE" = cann ]; then line="[$now] [$1] $2"; else line="[$now] [$1]$2"; fi
    case "$1" in
        ERROR) colour=$'\033[31m' ;;
        WARNING) colour=$'\033[33m' ;;
    esac
    case "$2" in
        *successfully* | *"install success"*) colour=$'\033[32m' ;;
    esac
    if [ -n "$colour" ]; then
        printf '[%s] %s%s%s\n' "$PKG_LABEL" "$colour" "$line" $'\033[0m'
    else
        printf '[%s] %s\n' "$PKG_LABEL" "$line"
    fi
    if mkdir -p "$seclog" 2>/dev/null; then
        chmod 0750 "$seclog" 2>/dev/null || true
        printf '[%s] %s\n' "$PKG_LABEL" "$line" >>"$install_log"
    fi
}

operation() { # text
    mkdir -p "$seclog" 2>/dev/null && printf '[%s] %s %s\n' "$(stamp)" "$(id -un)" "$1" >>"$seclog/operation.log"
}

fail() { # text: the reason; ends with 1
    say ERROR "$1"
    exit 1
}

# Waits until a signal ends it, without a child that would outlive it.
forever() {
    local never
    exec {never}<> <(:)
    while true; do read -r -t 3600 -u "$never" _ || true; done
}

# Asks until the answer is y or n. Without anybody at stdin the real ones complain without end (recorded).
confirm() { # text
    local answer=""
    printf '[%s] [%s] [INFO]%s  [y/n] \n' "$PKG_LABEL" "$(stamp)" "$1"
    while true; do
        read -r answer || { answer=""; sleep 0.005; }
        case "$answer" in
            y | Y | yes | YES) return 0 ;;
            n | N | no | NO) return 1 ;;
            *) printf '[%s] [%s] [ERROR]ERR_NO:0x0002;ERR_DES:input error, please input again!\n' "$PKG_LABEL" "$(stamp)" ;;
        esac
    done
}

# ---- faults -------------------------------------------------------------------------------------------

# Prints what the fault says and is true when it is set, for this component or for all.
fault() { # name
    local file
    for file in "$silicon/faults/$PKG_COMPONENT.$1" "$silicon/faults/$1"; do
        if [ -e "$file" ]; then
            cat "$file"
            return 0
        fi
    done
    return 1
}

# A fault whose second word is "once" is gone after it struck.
spent() { # name
    local file
    for file in "$silicon/faults/$PKG_COMPONENT.$1" "$silicon/faults/$1"; do
        if grep -qw once "$file" 2>/dev/null; then rm -f "$file"; fi
    done
}

# A stretch of work: takes its share of the configured time, then maybe strikes a fault.
work() { # percent reached, share of the time in tenths
    local seconds at
    seconds=$(fault slow) || seconds=$INSTALLER_SECONDS
    sleep "$(awk -v s="${seconds%% *}" -v t="${2:-2}" 'BEGIN {printf "%.2f", s * t / 10}')" 9>&-
    if at=$(fault hang-at) && [ "$1" -ge "${at%% *}" ]; then
        spent hang-at
        forever
    fi
    if at=$(fault die-at) && [ "$1" -ge "${at%% *}" ]; then
        spent die-at
        record_call killed 137
        trap - EXIT
        kill -KILL $$
    fi
    if at=$(fault fail-at) && [ "$1" -ge "${at%% *}" ]; then
        spent fail-at
        return 1
    fi
    return 0
}

free_mb() { # folder
    local place="$1"
    while [ ! -d "$place" ]; do place=$(dirname "$place"); done
    if fault disk-full >/dev/null; then
        spent disk-full
        echo 12
    else
        df -Pm "$place" | awk 'NR == 2 {print $4}'
    fi
}

# ---- key=value files ------------------------------------------------------------------------------------

value_of() { # key file
    [ -r "$2" ] && sed -n "s/^$1=//p" "$2" | tail -n 1
}

set_value() { # key value file
    touch "$3"
    if grep -q "^$1=" "$3"; then
        sed -i "s|^$1=.*|$1=$2|" "$3"
    else
        echo "$1=$2" >>"$3"
    fi
}

drop_values() { # prefix file
    [ -f "$2" ] || return 0
    sed -i "/^$1/d" "$2"
    grep -q Install_Path_Param "$2" || rm -f "$2"
}

# The version a package says it installed; the wrong-version fault makes it say another.
stated_version() {
    local wrong
    if wrong=$(fault wrong-version); then echo "${wrong%% *}"; else echo "$PKG_VERSION"; fi
}

# A package that ends with 0 and did nothing.
lies() {
    fault lie >/dev/null || return 1
    spent lie
    return 0
}

# ---- driver and firmware only ------------------------------------------------------------------------------

# The accelerator families on the PCI bus, one word per device.
families() {
    local place
    for place in /sys/bus/pci/devices/*; do
        [ "$(cat "$place/vendor" 2>/dev/null)" = 0x19e5 ] || continue
        [ ! -e "$place/physfn" ] || continue
        case "$(cat "$place/device")" in
            0xd100) echo 310 ;;
            0xd500) echo 310p ;;
            0xd105 | 0xd107) echo 310b ;;
            0xd801) echo 910 ;;
            0xd802) echo 910b ;;
            0xd803) echo a3 ;;
            0xd806) echo 950 ;;
        esac
    done
}

one_at_a_time() {
    mkdir -p /run/lock
    exec 9>/run/lock/ascend_hdk_install.lock
    if ! flock -n 9; then
        fail "ERR_NO:0x0094;ERR_DES:A driver or firmware installation is in progress, please try again later."
    fi
}

hello() {
    say INFO "Start time: $(date '+%Y-%m-%d %H:%M:%S')"
    say INFO "LogFile: $install_log"
    say INFO "OperationLogFile: $seclog/operation.log"
}

goodbye() { # rc
    say INFO "End time: $(date '+%Y-%m-%d %H:%M:%S')"
    exit "$1"
}

require_root() {
    if [ "$(id -u)" -ne 0 ]; then
        fail "ERR_NO:0x0093;ERR_DES:You do not have the permission, please run this package as root."
    fi
}

bad_parameter() { # text
    fail "ERR_NO:0x0004;ERR_DES:$1"
}
