#!/bin/sh
# symbols.sh NM README OBJECT...
#
# What the objects leave undefined must be among what the porting page says that a kernel supplies: the lines of its block
# that begins with ```symbols. `kernel::` and `machine::` are the example's own.
nm=$1 readme=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed -n '/^```symbols$/,/^```$/p' "$readme" | grep -v '^```' | sed 's/ *#.*//; s/^ *//' | tr -d '\r' >"$work/all"
sort -u "$work/all" >"$work/documented"
"$nm" -uC "$@" | sed -n 's/^ *[UwV] //p' | grep -v '^\(kernel\|machine\)::' | sort -u >"$work/undefined"
[ -s "$work/documented" ] && [ -s "$work/undefined" ] || {
    echo "nothing to compare"
    exit 1
}
echo "undefined:"
cat "$work/undefined"
unknown=$(comm -13 "$work/documented" "$work/undefined")
if [ -n "$unknown" ]; then
    echo "not on the porting page:"
    echo "$unknown"
    exit 1
fi
