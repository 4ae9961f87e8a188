#!/bin/bash
# The simulated Ascend-docker-runtime package (its run_main.sh).
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

mode=""
scene=docker
target=/usr/local/Ascend
config=""
injection=legacy
log=/var/log/ascend-docker-runtime

bad() {
    echo "[ERROR] $1"
    exit 1
}

parse() {
    local word
    for word in "$@"; do
        case "$word" in
            --install | --upgrade | --uninstall | --version | --check)
                [ -z "$mode" ] || bad "only one of --install, --upgrade and --uninstall may be given"
                mode="${word#--}" ;;
            --install-scene=docker | --install-scene=containerd | --install-scene=isula) scene="${word#*=}" ;;
            --install-scene=crio) [ "$PKG_CRIO" = yes ] && scene=crio || bad "ERROR: invalid install scene" ;;
            --install-path=*) target="${word#*=}" ;;
            --config-file-path=*) config="${word#*=}" ;;
            --injection-mode=legacy | --injection-mode=cdi) injection="${word#*=}" ;;
            --install-type=A500 | --install-type=A500A2 | --install-type=A200*) ;;
            --nox11) ;;
            *) bad "parameter $word is not supported" ;;
        esac
    done
    [ -n "$mode" ] || bad "no parameter is given, try --help"
}

# Endless at the end of its input, as the real one; a no ends with 0.
check_eula() {
    [ "$PKG_EULA" = yes ] || return 0
    cat "$here/agreement.txt"
    local yn
    while true; do
        echo "Do you accept the EULA to install Ascend-docker-runtime?[Y/N]"
        read -r yn || sleep 0.005
        case "$yn" in
            y | Y | yes | YES) echo "[INFO] user accepted EULA"; return 0 ;;
            n | N | no | NO) echo "[INFO] user rejected EULA"; exit 0 ;;
        esac
    done
}

usual_config() {
    case "$scene" in
        docker) echo /etc/docker/daemon.json ;;
        isula) echo /etc/isulad/daemon.json ;;
        containerd) echo /etc/containerd/config.toml ;;
        crio) echo /etc/crio/crio.conf ;;
    esac
}

lay_down() {
    mkdir -p "$place/script" /etc/ascend-docker-runtime.d "$log"
    chmod 0750 "$log"
    local name
    for name in ascend-docker-hook ascend-docker-cli ascend-docker-destroy; do
        printf '#!/bin/sh\necho "%s %s (simulated)"\n' "$name" "$PKG_VERSION" >"$place/$name"
    done
    cp "$here/ascend-docker-runtime" "$here/ascend-docker-plugin-install-helper" "$place/"
    chmod 0550 "$place"/ascend-docker-*
    cp "$here"/{common.sh,package.conf,docker_runtime.sh} "$place/script/"
    printf '#!/bin/bash\nPKG_CALL_NAME=Ascend-Docker-Runtime/script/uninstall.sh exec bash "$(dirname "$0")/docker_runtime.sh" --uninstall\n' \
        >"$place/script/uninstall.sh"
    chmod 0500 "$place"/script/*.sh
    printf '%s\n' /usr/local/Ascend/driver/lib64 /usr/local/Ascend/driver/include /usr/local/dcmi /usr/local/bin/npu-smi \
        /var/queue_schedule >/etc/ascend-docker-runtime.d/base.list
    chmod 0440 /etc/ascend-docker-runtime.d/base.list
}

install() {
    check_eula
    echo "[INFO]: installing ascend-docker-runtime"
    place="$target/Ascend-Docker-Runtime"
    if lies; then
        echo "[INFO] ascend-docker-runtime install success"
        exit 0
    fi
    work 10 3 || bad "install failed"
    lay_down
    work 60 4 || bad "install failed"
    local file="${config:-$(usual_config)}"
    "$place/ascend-docker-plugin-install-helper" add "$scene" "$file" "$place/ascend-docker-runtime" ||
        bad "install failed, $file is invalid"
    work 90 2 || bad "install failed"
    {
        echo "version=v$(stated_version)"
        echo "arch=$(uname -m)"
        echo "os=linux"
        echo "path=$place"
        echo "build=Ascend-docker-runtime_$PKG_VERSION-$(uname -m)"
        printf 'a500=n\na500a2=\na200=\na200isoc=\na200ia2=\n'
        echo "install-scene=$scene"
        echo "config-file-path=$config"
        echo "injection-mode=$injection"
    } >"$place/ascend_docker_runtime_install.info"
    chmod 0640 "$place/ascend_docker_runtime_install.info"
    echo "[INFO] ascend-docker-runtime install success"
    echo "[INFO] please reboot daemon and container engine to take effect"
}

upgrade() {
    check_eula
    place="$target/Ascend-Docker-Runtime"
    [ -e "$place/ascend_docker_runtime_install.info" ] || bad "the configuration file is not found, upgrade failed"
    echo "[INFO]: upgrading ascend-docker-runtime"
    work 40 5 || bad "upgrade failed"
    lay_down
    sed -i "s/^version=.*/version=v$(stated_version)/; s/^build=.*/build=Ascend-docker-runtime_$PKG_VERSION-$(uname -m)/" \
        "$place/ascend_docker_runtime_install.info"
    echo "[INFO] ascend-docker-runtime upgrade success"
}

uninstall() {
    place="$target/Ascend-Docker-Runtime"
    [ "$(basename "$here")" != script ] || place=$(dirname "$here")
    local info="$place/ascend_docker_runtime_install.info" file
    [ -e "$info" ] || bad "ascend-docker-runtime is not installed"
    scene=$(value_of install-scene "$info")
    file=$(value_of config-file-path "$info")
    echo "[INFO]: uninstalling ascend-docker-runtime"
    work 50 3 || bad "uninstall failed"
    "$place/ascend-docker-plugin-install-helper" rm "$scene" "${file:-$(usual_config)}" "$place/ascend-docker-runtime" ||
        bad "uninstall failed, ${file:-$(usual_config)} is invalid"
    rm -rf "$place" /etc/ascend-docker-runtime.d
    echo "[INFO] ascend-docker-runtime uninstall success"
}

begin "${PKG_CALL_NAME:-$PKG_FILE}" "$@"
parse "$@"
case "$mode" in
    version) echo "Ascend-docker-runtime $PKG_VERSION"; exit 0 ;;
    check) echo "[INFO] check success"; exit 0 ;;
esac
[ "$(id -u)" -eq 0 ] || bad "please run as root"
"$mode"
