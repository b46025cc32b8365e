# What the recorder costs: work of a known size, timed in here. TRACING=yes: it is recorded meanwhile, to nowhere.
pvh still 128 128; pvh g1 128 200
if [ "$TRACING" = yes ]; then CAPTURE=/dev/null; record; fi
xl create -p still.cfg || fail 'xl create -p still'
labctl cost $(domid still) 4096 4096 6 || fail 'labctl cost'
destroy still

# timed WHAT COMMAND...
timed() {
  local what=$1 start=$(labctl now); shift
  "$@"; echo "cost $what $(($(labctl now) - start)) ns"
}
boot() { create g1; ready g1; }
shrink() { balloon g1 100; balloon g1 126; }
for i in 1 2 3; do
  timed boot boot
  timed balloon shrink
  timed destroy destroy g1
  rm -f /var/log/xen/console/guest-g1.log
done
if [ "$TRACING" = yes ]; then stop_recording; fi
