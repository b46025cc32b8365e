#!/bin/sh
#SBATCH --job-name=p2mtrace-judge
#SBATCH --array=1-16
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --requeue
# Each task of the array judges its part; the merge runs after them, also if one failed, and then names it:
#   judge=$(sbatch --parsable slurm-judge.sh)
#   sbatch --dependency="afterany:$judge" --wrap 'p2mtrace audit merge "$FLEET"/shards/shard-*-of-16.p2ma'
set -eu
FLEET=${FLEET:-/scratch/fleet}
count=${SLURM_ARRAY_TASK_COUNT:?run it by sbatch}
shard=${SLURM_ARRAY_TASK_ID:?run it by sbatch}
mkdir -p "$FLEET/shards"
exec p2mtrace audit "$FLEET/traces" --shard "$shard/$count" --state "$FLEET/state/$shard" \
	--output "$FLEET/shards/shard-$shard-of-$count.p2ma" --workers "${SLURM_CPUS_PER_TASK:-1}" --progress never
