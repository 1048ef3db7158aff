#!/bin/sh -e
# Durable events per second: the store, and bare SQLite in C, one after the other in
# the same folder. usage: Bench/store.sh [FOLDER] [SECONDS], from the root of the project.
folder=$(mktemp -d "${1:-/var/tmp}/hubd-bench.XXXXXX")
seconds=${2:-3}
trap 'rm -rf "$folder"' EXIT
swift build -c release --product outbox-rig >/dev/null
cc -O2 -o "$folder/store-limit" Bench/store-limit.c -lsqlite3
rate() { sed -n 's/.* rate \([0-9]*\).*/\1/p'; }
for round in 1 2 3; do
  ours=$("$(swift build -c release --show-bin-path)/outbox-rig" bench "$folder" "$seconds" | rate)
  limit=$("$folder/store-limit" "$folder/limit.db" "$seconds" | rate)
  rm -f "$folder"/*.db*
  echo "$ours $limit" | awk '{ printf "store %d/s  bare C %d/s  ratio %.2f\n", $1, $2, $1 / $2 }'
done
