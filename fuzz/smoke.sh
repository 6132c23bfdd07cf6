#!/usr/bin/env bash
# Runs every fuzz target in turn: `fuzz/smoke.sh [SECONDS]`, 300 seconds in all unless told.
# Ends with an error at the first target that finds something; the input lies in fuzz/artifacts.
set -eu
cd "$(dirname "$0")"

all=${1:-300}
# Without a sanitizer the stable compiler will do: this code has no `unsafe`, and a panic is a find.
export RUSTC_BOOTSTRAP=1
cargo fuzz build -s none

targets=$(cargo fuzz list)
each=$((all / $(wc -w <<<"$targets")))
[ "$each" -ge 1 ] || each=1
for target in $targets; do
    mkdir -p "corpus/$target"
    echo "== $target, $each s"
    cargo fuzz run -s none "$target" "corpus/$target" "seeds/$target" -- \
        -max_total_time="$each" -max_len=65536 -timeout=10 -rss_limit_mb=1024 -print_final_stats=0 \
        -verbosity=0
done
echo "nothing found in $all seconds"
