#!/bin/sh
# One device, several machines that ask.
#
# Run it where the device's home is, once for all machines: each pairing has keys of its own, so that
# a machine that is lost costs nothing but its own pairing. The machines are other homes on this
# computer here; elsewhere, run `pair` on each of them and hand the link over yourself.
#
#   ./run.sh RELAY NAME=HOME…       HOME is the home of a machine, NAME what the device calls it
#
# Afterwards `inbox` lists what all of them ask, `history` what was answered to each, `freeze --of
# NAME` stops one, and `freeze` all.
set -eu
countersign=${COUNTERSIGN:-countersign}
[ $# -ge 2 ] || { echo "usage: $0 RELAY NAME=HOME…" >&2 && exit 2; }
relay=$1
shift
links=$(mktemp -d)
trap 'rm -rf "$links"' EXIT

for machine in "$@"; do
    name=${machine%%=*}
    home=${machine#*=}
    mkfifo "$links/$name"
    "$countersign" --home "$home" pair --name phone --relay "$relay" --assurance device --json \
        >"$links/$name" &
    pairing=$!
    exec 3<"$links/$name"
    read -r line <&3
    link=$(printf '%s' "$line" | sed 's/.*"link": *"\([^"]*\)".*/\1/')
    "$countersign" join --name "$name" "$link" >&2
    wait "$pairing"
    exec 3<&-
done

exec "$countersign" list
