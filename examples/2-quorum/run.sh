#!/bin/sh
# Two of three.
#
# A transfer is held until two different people have signed exactly it. Whoever asks sees
# how many have allowed it so far, and so does whoever is next, with their names; one person with two devices counts once; as soon as two can no
# longer allow it, it is over. `run` enforces: the command that moves the money starts with two signatures
# or not at all.
#
#   ./run.sh AMOUNT RECIPIENT TRANSFER      TRANSFER is called with the amount and the recipient
#
# The people are those of three pairings or roles: APPROVERS [cfo,cto,vp-eng].
set -eu
countersign=${COUNTERSIGN:-countersign}
[ $# -ge 3 ] || { echo "usage: $0 AMOUNT RECIPIENT TRANSFER" >&2 && exit 2; }
amount=$1
recipient=$2
transfer=$3

exec "$countersign" run \
    --to "${APPROVERS:-cfo,cto,vp-eng}" --quorum 2 \
    --description "Transfer $amount to $recipient" \
    -- "$transfer" "$amount" "$recipient"
