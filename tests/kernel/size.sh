#!/bin/sh
# size.sh SIZE PROBES PROCESS_O2 POSIX_O2 PROCESS_OS POSIX_OS COMPILE...
#
# Adds up the code of the probes in the folder PROBES, as it is compiled for a kernel, and holds it against the limits.
size=$1 probes=$2 process_O2=$3 posix_O2=$4 process_Os=$5 posix_Os=$6
shift 6
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# code PROBE LEVEL: how many bytes it has
code() {
    probe=$1 level=$2
    shift 2
    "$@" -$level -c "$probes/$probe" -o "$work/probe.o" || exit 1
    "$size" -A "$work/probe.o" | awk '$1 ~ /^\.text/ { sum += $2 } END { print sum + 0 }'
}
# hold WHAT BYTES LIMIT
hold() {
    echo "$1, -$level: $2 bytes of code (at most $3)"
    [ "$2" -gt 0 ] && [ "$2" -le "$3" ] || status=1
}
status=0
for level in O2 Os; do
    eval "process_limit=\$process_$level posix_limit=\$posix_$level"
    process=$(code size.cpp $level "$@") || exit 1
    both=$(code size_posix.cpp $level "$@") || exit 1
    hold "process half" "$process" "$process_limit"
    hold "posix rules besides" "$((both - process))" "$posix_limit"
done
exit $status
