#!/bin/sh
# size.sh SIZE LIMIT_O2 LIMIT_OS COMPILE...
#
# Adds up the code of the probe, as it is compiled for a kernel, and holds it against the limits.
size=$1 limit_O2=$2 limit_Os=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for level in O2 Os; do
    eval "limit=\$limit_$level"
    "$@" -$level -o "$work/probe.o" || exit 1
    bytes=$("$size" -A "$work/probe.o" | awk '$1 ~ /^\.text/ { sum += $2 } END { print sum + 0 }')
    echo "process half, -$level: $bytes bytes of code (at most $limit)"
    if [ "$bytes" -eq 0 ] || [ "$bytes" -gt "$limit" ]; then
        status=1
    fi
done
exit ${status:-0}
