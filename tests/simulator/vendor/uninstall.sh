#!/bin/bash
# Installed as <path>/driver/script/uninstall.sh and <path>/firmware/script/uninstall.sh.
place=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
component=$(basename "$(dirname "$place")")
# The folder removes itself, so the work is done from a copy.
copy=$(mktemp -d /tmp/ascend_uninstall.XXXXXX)
cp "$place"/*.sh "$place/package.conf" "$copy/"
[ "${1:-}" != --uninstall ] || shift
PKG_CALL_NAME="$component/script/uninstall.sh" bash "$copy/$component.sh" --uninstall "$@"
rc=$?
rm -rf "$copy"
exit $rc
