#!/bin/sh
#
# NAME:  Miniconda3
# VER:   py37_4.10.3
# PLAT:  linux-@ARCH@
# A stand-in for tests: same options, same words, no Anaconda inside.
# MD5:   @MD5@

export OLD_LD_LIBRARY_PATH=$LD_LIBRARY_PATH
unset LD_LIBRARY_PATH
if ! echo "$0" | grep '\.sh$' > /dev/null; then
    printf 'Please run using "bash" or "sh", but not "." or "source"\n' >&2
    return 1
fi

THIS_PATH="$(cd "$(dirname "$0")" && pwd)/$(basename "$0")"
PREFIX=${HOME:-/opt}/miniconda3
BATCH=0
FORCE=0
UPDATE=0
USAGE="
usage: $0 [options]

Installs Miniconda3 py37_4.10.3

-b           run install in batch mode (without manual intervention),
             it is expected the license terms are agreed upon
-f           no error if install prefix already exists
-h           print this help message and exit
-p PREFIX    install prefix, defaults to $PREFIX, must not contain spaces.
-s           skip running pre/post-link/install scripts
-u           update an existing installation
-t           run package tests after installation (may install conda-build)
"
while getopts "bfhp:sut" x; do
    case "$x" in
    h) printf "%s\n" "$USAGE"; exit 2 ;;
    b) BATCH=1 ;;
    f) FORCE=1 ;;
    p) PREFIX="$OPTARG" ;;
    s | t) ;;
    u) FORCE=1; UPDATE=1 ;;
    *) printf "ERROR: did not recognize option '%s', please try -h\n" "$x" >&2; exit 1 ;;
    esac
done

if [ "$BATCH" = 0 ]; then
    if [ "$(uname -m)" != "@MACHINE@" ]; then
        printf "WARNING:\n    Your operating system appears not to be @MACHINE@,\n    but you are trying to install a @MACHINE@ version of Miniconda3.\n"
        printf "    Are sure you want to continue the installation? [yes|no]\n[no] >>> "
        read -r ans || ans=no
        [ "$ans" = yes ] || [ "$ans" = y ] || { printf "Aborting installation\n" >&2; exit 2; }
    fi
    printf "\nWelcome to Miniconda3 py37_4.10.3\n\nIn order to continue the installation process, please review the license\nagreement.\n"
    printf "Please, press ENTER to continue\n>>> "
    read -r _enter || true
    printf "Do you accept the license terms? [yes|no]\n[no] >>> "
    while read -r ans; do
        case "$ans" in
        yes | YES | Yes) break ;;
        no | NO | No) printf "The license agreement wasn't approved, aborting installation.\n"; exit 2 ;;
        esac
        printf "Please answer 'yes' or 'no':'\n>>> "
    done
    [ -n "${ans-}" ] || { printf "The license agreement wasn't approved, aborting installation.\n"; exit 2; }
    printf "\nMiniconda3 will now be installed into this location:\n%s\n\n" "$PREFIX"
fi
case "$PREFIX" in
*\ *) printf "ERROR: Cannot install into directories with spaces\n" >&2; exit 1 ;;
esac
if [ "$FORCE" = 0 ] && [ -e "$PREFIX" ]; then
    printf "ERROR: File or directory already exists: '%s'\n" "$PREFIX" >&2
    printf "If you want to update an existing installation, use the -u option.\n" >&2
    exit 1
fi
if ! mkdir -p "$PREFIX"; then
    printf "ERROR: Could not create directory: '%s'\n" "$PREFIX" >&2
    exit 1
fi
PREFIX=$(cd "$PREFIX" && pwd)
export PREFIX
printf "PREFIX=%s\n" "$PREFIX"

HOST_PYTHON=$(command -v python3 || command -v /usr/libexec/platform-python) ||
    { printf "ERROR: this stand-in needs the host's python3\n" >&2; exit 1; }
line=$(grep -an '^@@END_HEADER@@$' "$THIS_PATH" | tail -n 1 | cut -d: -f1)
sum=$(tail -n "+$((line + 1))" "$THIS_PATH" | md5sum | cut -d' ' -f1)
if [ "$sum" != "@MD5@" ]; then
    printf "WARNING: md5sum mismatch of tar archive\nexpected: @MD5@\n     got: %s\n" "$sum" >&2
fi
printf "Unpacking payload ...\n"
if ! tail -n "+$((line + 1))" "$THIS_PATH" | tar -xz -C "$PREFIX" -f -; then
    printf "ERROR: could not extract the payload\n" >&2
    exit 1
fi
printf "Collecting package metadata (current_repodata.json): ...working... done\nSolving environment: ...working... done\n"
printf "\n## Package Plan ##\n\n  environment location: %s\n\n  added / updated specs:\n" "$PREFIX"
printf "    - conda==4.10.3=py37h06a4308_0\n    - python==3.7.10=h12debd9_4\n\n\n"
sed -i "s|@PREFIX@|$PREFIX|g" "$PREFIX/etc/profile.d/conda.sh" "$PREFIX/bin/conda" "$PREFIX/bin/activate"
ln -sf "$HOST_PYTHON" "$PREFIX/bin/python"
ln -sf ../bin/conda "$PREFIX/condabin/conda"
[ -e "$PREFIX/conda-meta/history" ] || printf '==> %s <==\n# cmd: constructor\n# conda version: 4.10.3\n' "$(date '+%F %T')" > "$PREFIX/conda-meta/history"
printf "Preparing transaction: ...working... done\nExecuting transaction: ...working... done\n"
printf "installation finished.\n"
if [ "$BATCH" = 0 ]; then
    printf "Do you wish the installer to initialize Miniconda3\nby running conda init? [yes|no]\n[no] >>> "
    read -r ans || ans=no
    case "$ans" in yes | y) "$PREFIX/bin/conda" init ;; esac
    printf "Thank you for installing Miniconda3!\n"
fi
exit 0
@@END_HEADER@@
