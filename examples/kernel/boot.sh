#!/bin/sh
# boot.sh NAME ARCH PROCESSORS IMAGE [NAME ARCH PROCESSORS IMAGE]...
#
# Boots images, shows their consoles and says `boot NAME: N passed, 0 failed` of each. Only the exit status counts: the
# kernel ends the emulator with 33 if all checks held; a machine that resets (a triple fault) ends it with 0.
# IMAGE may be `missing:WHAT`: it could not be built for want of that.
#
# Exit status: 0 if images booted and all of them passed; 77 if none could be booted; 1 if any failed.
# KERNEL_TIMEOUT: seconds after which an image counts as hanging.
limit=${KERNEL_TIMEOUT:-60}
booted=0 failed=0
console=$(mktemp)
trap 'rm -f "$console"' EXIT

# Exit status of the emulator in $status, what was on the console in $console.
boot() {
    case $1 in
    x86_64)
        set -- "$@" -machine pc -cpu qemu64 -device isa-debug-exit,iobase=0xf4,iosize=0x4
        ;;
    aarch64)
        set -- "$@" -machine virt -cpu cortex-a72 -semihosting-config enable=on,target=native
        ;;
    riscv64)
        set -- "$@" -machine virt -bios none
        ;;
    esac
    qemu=qemu-system-$1 processors=$2 image=$3
    shift 3
    {
        timeout "$limit" "$qemu" -accel tcg,thread=multi -m 64 -smp "$processors" -kernel "$image" -nodefaults \
            -no-user-config -serial stdio -display none -monitor none -no-reboot "$@" </dev/null 2>&1
        echo $? >"$console.status"
    } | tee "$console"
    status=$(cat "$console.status")
    rm -f "$console.status"
}

while [ $# -ge 4 ]; do
    name=$1 arch=$2 processors=$3 image=$4
    shift 4
    missing=${image#missing:}
    if [ "$missing" = "$image" ] && ! command -v "qemu-system-$arch" >/dev/null; then
        missing=qemu-system-$arch
    elif [ "$missing" = "$image" ]; then
        missing=
    fi
    if [ -n "$missing" ]; then
        echo "boot $name: skipped, for want of $missing"
        continue
    fi
    booted=$((booted + 1))
    echo "--- $name"
    boot "$arch" "$processors" "$image"
    tally=$(sed -n 's/^tally: \([0-9]* passed, [0-9]* failed\).*$/\1/p' "$console")
    case $status in
    33) outcome=$tally ;;
    37) outcome="FAILED: $tally" ;;
    35) outcome="FAILED: it panics" ;;
    124 | 137) outcome="FAILED: it hangs: no exit status after $limit s" ;;
    0) outcome="FAILED: the machine was reset (a triple fault), or ended without a status" ;;
    *) outcome="FAILED: exit status $status" ;;
    esac
    if [ "$status" != 33 ] || [ -z "$tally" ]; then
        failed=$((failed + 1))
        outcome=${outcome:-FAILED: no tally}
    fi
    echo "boot $name: $outcome"
done

if [ "$failed" -ne 0 ]; then
    exit 1
fi
[ "$booted" -ne 0 ] || exit 77
