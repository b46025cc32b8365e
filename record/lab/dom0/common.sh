# What scenarios are made of. Each fails loudly: a scenario that did nothing must not pass for a healthy one.

fail() { echo "FAILED: $*"; exit 1; }

# pvh NAME MEMORY MAXMEM [CPUS] [more lines of configuration] [more words for its kernel]
pvh() {
  cat > $1.cfg <<X
name="$1"
type="pvh"
kernel="/guest/vmlinuz"
ramdisk="/guest/initrd.gz"
extra="console=hvc0 mitigations=off tsc=reliable quiet $6"
memory=$2
maxmem=$3
vcpus=1
cpus="${4:-1}"
tsc_mode="native"
on_crash="destroy"
on_reboot="destroy"
$5
X
}

# pv NAME MEMORY [CPUS] [more lines of configuration]
pv() {
  cat > $1.cfg <<X
name="$1"
type="pv"
kernel="/guest/vmlinuz"
ramdisk="/guest/initrd.gz"
extra="console=hvc0 mitigations=off quiet disk"
memory=$2
vcpus=1
cpus="${3:-1}"
on_crash="destroy"
on_reboot="destroy"
$4
X
}

create() { echo "creating $1"; xl create $1.cfg || fail "xl create $1"; }
domid() { xl domid $1; }

# until_true SECONDS WHAT...: waits until a command succeeds
until_true() {
  local limit=$1 i=0; shift
  while ! "$@"; do i=$((i + 1)); [ $i -lt $((limit * 4)) ] || fail "not within $limit s: $*"; sleep 0.25; done
}
console_has() { grep -q "$2" /var/log/xen/console/guest-$1.log 2>/dev/null; }
ready() { for g in "$@"; do until_true 240 console_has $g 'GUEST ready'; done; echo "ready: $*"; }

# rounds NAME N: waits until a guest has done N more rounds of its work
rounds() {
  local log=/var/log/xen/console/guest-$1.log now
  now=$(grep -c 'GUEST round' $log)
  until_true 120 more_rounds $log $((now + $2))
}
more_rounds() { [ "$(grep -c 'GUEST round' $1)" -ge $2 ]; }

# balloon NAME MB: sets a guest's target and waits until it is there
balloon() { xl mem-set $1 $2 || fail "xl mem-set $1"; until_true 60 memory_is $1 $2; }
memory_is() { local now=$(xl list $1 | awk 'NR > 1 { print $3 }'); [ -n "$now" ] && [ $now -ge $(($2 - 2)) ] && [ $now -le $(($2 + 2)) ]; }

destroy() { xl destroy $1 || fail "xl destroy $1"; until_true 30 gone $1; }
gone() { ! xl domid $1 >/dev/null 2>&1; }

# The capture leaves the machine as it comes. A port takes a part of a long write, which xentrace takes for an error.
record() {
  mkfifo pipe
  # In the background nothing may hold the scenario's own output open.
  cat pipe > "$CAPTURE" 2>copier.log & copier=$!
  xentrace -D -s 20 -S ${RING:-4096} -e ${EVENTS:-0x0014f000} pipe >xentrace.log 2>&1 & tracer=$!
  sleep 1; kill -0 $tracer || fail 'xentrace ended'
}
# A domain that never goes shows by the time that passes after its end: the tick records something then.
stop_recording() {
  sleep 1; labctl tick || fail 'no tick'
  kill -INT $tracer; wait $tracer || fail 'xentrace failed'; wait $copier; echo 'recorded'
}
