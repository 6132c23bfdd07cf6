#!/bin/sh
# Both sides keep the whole of it, and the gateway in between keeps nothing that it could read.
#
# A command is asked about. Then the machine's side is looked at: the ledger is followed from its
# first receipt to its newest, the newest receipt is checked against the pinned keys, and the lines of
# this request are taken out of the daily files: the question, the answer, the use of the approval and
# how the run ended (a denial has the first two). The device's side is its own history, with the same
# signature.
#
#   ./run.sh DEVICE COMMAND [ARGUMENT…]     DEVICE is the home of the device, on this computer here
set -eu
countersign=${COUNTERSIGN:-countersign}
[ $# -ge 2 ] || { echo "usage: $0 DEVICE COMMAND [ARGUMENT…]" >&2 && exit 2; }
device=$1
shift
kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT

code=0
"$countersign" run --report "$kept/report.json" --description "Deploy API v2.1" -- "$@" >&2 || code=$?
request=$(sed -n 's/^  "requestId": "\([^"]*\)".*/\1/p' "$kept/report.json")

"$countersign" audit verify >&2
"$countersign" trust export -o "$kept/trust.json" >&2
"$countersign" receipt verify last --trust "$kept/trust.json" >&2
"$countersign" audit export --daily >&2
cat "${COUNTERSIGN_HOME:-$HOME/.countersign}"/audit/*.jsonl | grep -F -- "$request"

"$countersign" --home "$device" history --json >"$kept/history.json"
# The newest answer comes first.
signature=$(grep -o '"signature": *"[^"]*"' "$kept/history.json" | head -n 1 | cut -d'"' -f4)
if [ -z "$signature" ]; then
    echo "the device at $device keeps no signature" >&2
    exit 1
fi
if ! cat "${COUNTERSIGN_HOME:-$HOME/.countersign}"/audit/*.jsonl | grep -qF -- "$signature"; then
    echo "the device's newest signature $signature is in no daily file of this home" >&2
    exit 1
fi
echo "both sides keep the signature $signature" >&2
exit "$code"
