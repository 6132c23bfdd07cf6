#!/bin/sh
# Both sides keep the whole of it, and the gateway in between keeps nothing that it could read.
#
# A command is asked about. Then the machine's side is looked at: the ledger is followed from its
# first receipt to its newest, the newest receipt is checked against the pinned keys, and the lines of
# this request are taken out of the daily files, one for the question and one for the answer. The
# device's side is its own history, with the same signature.
#
#   ./run.sh DEVICE COMMAND [ARGUMENT…]     DEVICE is the home of the device, on this computer here
set -eu
countersign=${COUNTERSIGN:-countersign}
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
signature=$(sed -n 's/.*"signature": *"\([^"]*\)".*/\1/p' "$kept/history.json" | head -n 1)
cat "${COUNTERSIGN_HOME:-$HOME/.countersign}"/audit/*.jsonl | grep -qF -- "$signature"
echo "both sides keep the signature $signature" >&2
exit "$code"
