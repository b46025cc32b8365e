#!/bin/sh
# Judges on several machines over ssh (GNU parallel), and merges here. The machines see the traces under the same path.
#   FLEET=/srv/fleet HOSTS=lab1,lab2,lab3 ./gnu-parallel.sh
set -eu
FLEET=${FLEET:-/srv/fleet}
HOSTS=${HOSTS:?names of machines, with commas}
SHARDS=${SHARDS:-16}
mkdir -p "$FLEET/shards"
# A machine has one shard at a time, and a shard all of its cores. Another machine takes over a shard that failed.
seq "$SHARDS" | parallel --sshlogin "$HOSTS" --jobs 1 --retries 3 \
	p2mtrace audit "$FLEET/traces" --shard "{}/$SHARDS" --state "$FLEET/state/{}" \
	--output "$FLEET/shards/shard-{}-of-$SHARDS.p2ma" --progress never ||
	echo 'some shards failed: the merge names them' >&2
exec p2mtrace audit merge "$FLEET"/shards/shard-*-of-"$SHARDS".p2ma --state "$FLEET/state/merge" "$@"
