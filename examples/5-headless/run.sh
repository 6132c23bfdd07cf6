#!/bin/sh
# A pipeline that nobody watches.
#
# One step asks and goes away; a later one, perhaps on another day of the same machine, follows the
# request by its id and goes on only with a yes. No timeout, no lost connection and no restart in
# between ever turns into one. Where the step is a command, `countersign run` is the better way: it
# enforces what is only asked here.
#
#   ./run.sh VERSION COMMAND…
set -eu
countersign=${COUNTERSIGN:-countersign}
[ $# -ge 2 ] || { echo "usage: $0 VERSION COMMAND…" >&2 && exit 2; }
version=$1
shift

# 15: it waits. 0: the policy needs nobody, or the same request was approved before.
code=0
id=$("$countersign" request --detach \
    --action deploy_production \
    --description "Deploy $version to production" \
    --parameters "{\"version\":\"$version\"}") || code=$?
case $code in
0) exec "$@" ;;
15) echo "asked: $id" >&2 ;;
*) exit "$code" ;;
esac

# Exactly one `wait` gets the 0. 15 says that the answer is not there yet.
code=15
while [ "$code" -eq 15 ]; do
    code=0
    "$countersign" wait "$id" --timeout "${PATIENCE:-10m}" >&2 || code=$?
done
[ "$code" -eq 0 ] || exit "$code"
exec "$@"
