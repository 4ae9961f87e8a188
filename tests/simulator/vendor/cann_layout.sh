# Where each CANN release puts its files. Sourced by cann.sh; uses PKG_*, root, for_all.
#
#   up to 6.0   <root>/nnae/<version>, latest -> <version>
#   6.3 to 8.3  <root>/nnae/<version>, latest/ is a folder of links into it
#   from 8.5    <root>/cann-<version>, <root>/cann -> it, ascend-toolkit/latest -> ../cann

arch_dir="$(uname -m)-linux"

product_folder() { # product
    case "$1" in toolkit) echo ascend-toolkit ;; *) echo "$1" ;; esac
}

layout_paths() {
    folder="$root/$(product_folder "$PKG_PRODUCT")"
    base="$folder/$PKG_VERSION"
    if [ "$PKG_LAYOUT" = 8.5 ]; then
        folder="$root/ascend-toolkit"
        base="$root/cann-$PKG_VERSION"
    fi
    set_env=""
    case "$PKG_PRODUCT" in
        toolkit | nnae | nnrt | tfplugin) set_env="$folder/set_env.sh" ;;
        kernels | ops) base=$(base_for_kernels) ;;
        nnal)
            folder="$root/nnal/atb"
            base="$folder/$PKG_VERSION"
            set_env="$folder/set_env.sh" ;;
    esac
    info=$(info_file "$PKG_PRODUCT" "$base")
}

info_file() { # product folder
    case "$1" in
        nnae) if [ "$PKG_LAYOUT" = 8.5 ]; then echo "$2/$arch_dir/ascend_nnae_install.info"
              else echo "$2/ascend_nnae_install.info"; fi ;;
        kernels) echo "$2/opp_kernel/version.info" ;;
        nnal) echo "$2/version.info" ;;
        *) echo "$2/$arch_dir/ascend_$1_install.info" ;;
    esac
}

# The release of a base package that kernels of this version are in, or else belong into; empty without one.
base_for_kernels() {
    local product place found=""
    if [ -n "${PKG_CALL_BASE:-}" ]; then
        echo "$PKG_CALL_BASE"
        return
    fi
    for product in toolkit nnae nnrt; do
        place="$root/$(product_folder $product)/$PKG_VERSION"
        [ "$PKG_LAYOUT" != 8.5 ] || place="$root/cann-$PKG_VERSION"
        [ -e "$(info_file $product "$place")" ] || continue
        found="${found:-$place}"
        if [ -e "$(info_file "$PKG_PRODUCT" "$place")" ]; then
            found="$place"
            break
        fi
    done
    echo "$found"
}

check_base() {
    case "$PKG_PRODUCT" in kernels | ops) ;; *) return 0 ;; esac
    [ -n "$base" ] ||
        fail "ERR_NO:0x0080;ERR_DES:Please install toolkit, nnae or nnrt version $PKG_VERSION before installing $PKG_PRODUCT $PKG_VERSION."
}

is_there() { [ -n "$base" ] && [ -e "$info" ]; }

# The release of this product that is in use, by what latest stands for; empty when there is none.
installed_release() {
    local place=""
    case "$PKG_PRODUCT" in
        kernels | ops) ! is_there || echo "$PKG_VERSION" ;;
        nnal) [ ! -e "$folder/latest" ] || basename "$(readlink -f "$folder/latest")" ;;
        *)
            if [ "$PKG_LAYOUT" = 8.5 ]; then
                [ ! -L "$root/cann" ] || place=$(readlink "$root/cann")
                echo "${place#cann-}"
                return
            fi
            if [ -L "$folder/latest" ]; then
                basename "$(readlink -f "$folder/latest")"
            elif [ -L "$folder/latest/opp" ]; then
                basename "$(dirname "$(readlink -f "$folder/latest/opp")")"
            fi ;;
    esac
}

lay_part() { # part
    local place="$base/$1"
    mkdir -p "$place"
    {
        echo "Version=$PKG_NUMBER"
        echo "version_dir=$PKG_VERSION"
        echo "timestamp=$PKG_TIMESTAMP"
        [ "$1" != runtime ] || echo "required_driver_ascendhal_version=4.0.0"
        [ "$1" != opp_kernel ] || echo "ops_version=$PKG_NUMBER"
    } >"$place/version.info.new"
    cp -r "$here/parts/$1/." "$place/" 2>/dev/null || true
    mv "$place/version.info.new" "$place/version.info"
    {
        echo "${1^}_Install_Type=full"
        echo "${1^}_UserName=$(id -un)"
        echo "${1^}_UserGroup=$(id -gn)"
        echo "${1^}_Install_Path_Param=$(dirname "$base")"
        echo "${1^}_Arch_Linux_Path=$arch_dir"
    } >"$place/ascend_install.info"
}

# The source of the bandwidth test; building the stand-in is copying it.
lay_hccl_test() {
    [ "$PKG_PRODUCT" = toolkit ] || return 0
    local place="$base/tools/hccl_test"
    mkdir -p "$place"
    cp "$here/all_reduce_test" "$place/all_reduce_test.src"
    printf 'all:\n\ttest -n "$(MPI_HOME)" && test -n "$(ASCEND_DIR)"\n\tmkdir -p bin\n' >"$place/Makefile"
    printf '\tcp all_reduce_test.src bin/all_reduce_test\n\tchmod 755 bin/all_reduce_test\n' >>"$place/Makefile"
}

# pyACL in all of them, ATC and the libraries that it is linked against where there is no driver in the toolkit alone.
lay_models() {
    local version
    version=$(stated_version)
    mkdir -p "$base/python/site-packages"
    sed "s|@CANN@|$version|" "$here/pyacl" >"$base/python/site-packages/acl.py"
    [ "$PKG_PRODUCT" = toolkit ] || return 0
    mkdir -p "$base/$arch_dir/devlib"
    cp "$here/devlib/libascend_hal.so" "$base/$arch_dir/devlib/"
    sed "s|@CANN@|$version|" "$here/atc" >"$base/$arch_dir/bin/atc"
    chmod 0755 "$base/$arch_dir/bin/atc"
}

install_wheels() {
    local wheels=("$here"/wheels/*.whl)
    mkdir -p "$base/$arch_dir/lib64"
    [ -e "${wheels[0]}" ] || return 0
    cp "${wheels[@]}" "$base/$arch_dir/lib64/"
    mkdir -p "$base/python/site-packages"
    env -u PYTHONPATH pip3 install --quiet --no-index --no-deps --force-reinstall --disable-pip-version-check \
        --root-user-action=ignore -t "$base/python/site-packages" --upgrade "${wheels[@]}" >>"$install_log" 2>&1 ||
        env -u PYTHONPATH pip3 install --quiet --no-index --no-deps --force-reinstall \
            -t "$base/python/site-packages" --upgrade "${wheels[@]}" >>"$install_log" 2>&1
}

write_info() { # file
    local version
    version=$(stated_version)
    {
        echo "package_name=$PKG_TITLE"
        echo "version=$version"
        echo "innerversion=$PKG_INNERVERSION"
        echo "compatible_version=$PKG_COMPATIBLE"
        echo "arch=$(uname -m)"
        echo "os=linux"
        echo "path=$(dirname "$1")"
    } >"$1"
}

uninstaller() { # file: how this release is removed later
    local keep="$base/$arch_dir/script/$PKG_PRODUCT"
    mkdir -p "$keep" "$(dirname "$1")"
    cp "$here"/{common.sh,cann.sh,cann_layout.sh,package.conf} "$keep/"
    sed -e "s|@KEEP@|$keep|" -e "s|@ROOT@|$root|" -e "s|@BASE@|$base|" -e "s|@NAME@|${1#"$root"/}|" "$here/cann_uninstall.sh" >"$1"
    chmod 0755 "$1"
}

# Everything that makes a release visible comes last: info file, links, environment script.
finish_release() {
    case "$PKG_PRODUCT" in
        kernels)
            uninstaller "$base/opp_kernel/script/uninstall.sh"
            sed -i "s/^version_dir=.*/version_dir=$(stated_version)/" "$info"
            return ;;
        ops)
            mkdir -p "$base/$arch_dir/script"
            write_info "$info"
            uninstaller "$base/$arch_dir/script/ops_uninstall.sh"
            return ;;
        nnal)
            printf '    Ascend-cann-atb : %s\n    Ascend-cann-atb Version : %s.B150\n    Platform : %s\n' \
                "$(stated_version)" "$PKG_VERSION" "$(uname -m)" >"$info"
            ln -sfn "$PKG_VERSION" "$folder/latest"
            uninstaller "$base/script/uninstall.sh"
            local abi
            for abi in 0 1; do
                mkdir -p "$base/atb/cxx_abi_$abi/lib"
                cp "$here"/lib64/libatb.so "$base/atb/cxx_abi_$abi/lib/"
            done
            sed "s|@HOME@|$folder/latest|g" "$here/atb_set_env.sh" >"$set_env"
            return ;;
        tfplugin)
            cp -r "$here/python" "$base/"
            uninstaller "$base/script/uninstall.sh"
            write_info "$info"
            ln -sfn "$PKG_VERSION" "$folder/latest"
            echo "export PYTHONPATH=$folder/latest/python/site-packages:\$PYTHONPATH" >"$set_env"
            return ;;
    esac
    mkdir -p "$base/$arch_dir"/{include,bin,conf,script}
    cp "$here"/lib64/* "$base/$arch_dir/lib64/"
    lay_models
    local name
    for name in lib64 include bin conf; do ln -sfn "$arch_dir/$name" "$base/$name"; done
    [ "$arch_dir" != aarch64-linux ] || ln -sfn aarch64-linux "$base/arm64-linux"
    ln -sfn opp "$base/ops"
    {
        echo "Install_Mode=$action"
        echo "Quiet_Mode=$quiet"
        echo "Install_For_All=$for_all"
        echo "Chip_Type=no"
        echo "Install_UserName=$(id -un)"
        echo "Install_UserGroup=$(id -gn)"
        echo "Install_Path=$root"
        echo "Whitelist=no"
        echo "Blacklist=no"
    } >"$base/$arch_dir/install.conf"
    uninstaller "$base/$arch_dir/script/uninstall.sh"
    uninstaller "$base/script/uninstall.sh"
    [ "$PKG_LAYOUT" = 6.0 ] || uninstaller "$base/cann_uninstall.sh"
    write_info "$info"
    link_latest
    mkdir -p "$folder"
    local home="$folder/latest"
    sed "s|@HOME@|$home|g" "$here/set_env.sh" >"$set_env"
    [ "$PKG_LAYOUT" != 8.5 ] || cp "$set_env" "$base/set_env.sh"
}

link_latest() {
    local entry name
    case "$PKG_LAYOUT" in
        6.0)
            rm -rf "$folder/latest"
            ln -sfn "$PKG_VERSION" "$folder/latest" ;;
        6.3)
            ln -sfn "./$PKG_VERSION" "$folder/$(echo "$PKG_VERSION" | cut -d. -f1-2)"
            rm -rf "$folder/latest"
            mkdir -p "$folder/latest/$arch_dir"
            for entry in "$base"/*; do
                name=$(basename "$entry")
                case "$name" in
                    "$arch_dir" | arm64-linux) ;;
                    lib64 | include | bin | conf) ln -sfn "$arch_dir/$name" "$folder/latest/$name" ;;
                    *) ln -sfn "../$PKG_VERSION/$name" "$folder/latest/$name" ;;
                esac
            done
            for entry in "$base/$arch_dir"/*; do
                ln -sfn "../../$PKG_VERSION/$arch_dir/$(basename "$entry")" "$folder/latest/$arch_dir/$(basename "$entry")"
            done
            [ "$arch_dir" != aarch64-linux ] || ln -sfn aarch64-linux "$folder/latest/arm64-linux"
            {
                echo "# version: 1.0"
                for name in $PKG_PARTS; do
                    echo "${name}_running_version=[$PKG_NUMBER:$PKG_VERSION]"
                    echo "${name}_installed_version=[$PKG_NUMBER:$PKG_VERSION]"
                done
            } >"$folder/latest/version.cfg" ;;
        *)
            ln -sfn "cann-$PKG_VERSION" "$root/cann"
            mkdir -p "$folder"
            rm -rf "$folder/latest"
            ln -sfn ../cann "$folder/latest" ;;
    esac
}

# Without --install-for-all only root and the driver's group may read it.
give_rights() {
    local group own="$base"
    case "$PKG_PRODUCT" in kernels | ops) own="$base/opp_kernel" ;; esac
    if [ "$for_all" = yes ]; then
        chmod -R a+rX "$own"
    else
        group=$(value_of UserGroup "$INSTALL_RECORD")
        chmod -R o-rwx "$own"
        [ -z "$group" ] || [ "$(id -u)" -ne 0 ] || chgrp -R "$group" "$own"
    fi
}

remove_release() { # version
    local victim="${base%"$PKG_VERSION"}$1" rest
    case "$PKG_PRODUCT" in
        kernels)
            rm -rf "$base/opp_kernel" "$base/$arch_dir/script/kernels"
            return ;;
        ops)
            rm -rf "$info" "$base/opp_kernel" "$base/$arch_dir/script/ops" "$base/$arch_dir/script/ops_uninstall.sh"
            return ;;
        nnal)
            rm -rf "$victim" "$folder/latest" "$set_env"
            rmdir -p "$folder" 2>/dev/null || true
            return ;;
    esac
    local current
    current=$(installed_release)
    rm -rf "$victim"
    if [ "$PKG_LAYOUT" = 8.5 ]; then
        [ "$current" != "$1" ] || rm -f "$root/cann" "$folder/latest" "$set_env"
    elif [ "$current" = "$1" ]; then
        rm -rf "$folder/latest" "$set_env"
    fi
    find "$folder" -maxdepth 1 -type l ! -exec test -e {} \; -delete 2>/dev/null
    rest=$(find "$folder" -mindepth 1 -maxdepth 1 2>/dev/null | head -n 1)
    [ -n "$rest" ] || rmdir "$folder" 2>/dev/null || true
}
