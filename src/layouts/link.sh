#!/bin/sh
# The linker that arena-bench hands to rustc: it links one set of objects several
# times, with the text sections in a shuffled order, and then once as usual.
#
# ARENA_BENCH_LAYOUTS  folder that takes the shuffled links: <seed>/<file name>
# ARENA_BENCH_SEEDS    seeds of the shuffles, separated by blanks
#
# The shuffled links go without symbols: they are only timed, and measuring processes
# copy and load them by the hundred.
#
# A linker that cannot shuffle leaves the folder empty; the usual link decides
# whether the build succeeds.
set -u

previous=
output=
for argument in "$@"; do
    if [ "$previous" = "-o" ]; then output=$argument; fi
    previous=$argument
done

# What an earlier link left must not pass for this one's, where this one stops early.
rm -f "$ARENA_BENCH_LAYOUTS"/*/"$(basename "$output")"

for seed in $ARENA_BENCH_SEEDS; do
    mkdir -p "$ARENA_BENCH_LAYOUTS/$seed"
    target=$ARENA_BENCH_LAYOUTS/$seed/$(basename "$output")
    # The last -o wins.
    cc "$@" "-Wl,--shuffle-sections=.text*=$seed" -Wl,--strip-all -o "$target" 2>/dev/null || break
done
exec cc "$@"
