#!/bin/sh
# Stands in for a conda whose channel refuses it: it takes a while, and its error tells all it was given.
sleep 1
{
    echo "CondaHTTPError: HTTP 401 UNAUTHORIZED for url, asked for with: $*"
    env | grep -i conda
    for file in "${CONDARC:-/nowhere}" "${HOME:-/root}/.condarc"; do
        [ ! -r "$file" ] || cat "$file"
    done
} >&2
exit 1
