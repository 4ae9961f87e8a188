#!/bin/bash
# Removes the release it lies in; takes no arguments.
if [ $# -ne 0 ] && [ "$*" != --quiet ]; then
    echo "[ERROR] this script takes no arguments" >&2
    exit 1
fi
copy=$(mktemp -d /tmp/ascend_uninstall.XXXXXX)
cp "@KEEP@"/* "$copy/"
PKG_CALL_NAME="@NAME@" PKG_CALL_ROOT="@ROOT@" PKG_CALL_BASE="@BASE@" bash "$copy/cann.sh" --uninstall --quiet
rc=$?
rm -rf "$copy"
exit $rc
