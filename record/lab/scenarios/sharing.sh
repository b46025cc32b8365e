# Pages of two guests are nominated, shared, and unshared: by hand, by writes, and by the guests' end.
pvh a1 96 96; pvh a2 96 96
record
create a1; create a2; ready a1 a2
one=$(domid a1); two=$(domid a2)
xl pause a1; xl pause a2
for first in 0x1000 0x3000 0x5000; do labctl share $one $two $first 700 || fail 'nothing was shared'; done
labctl unshare $two 0x3000 700 16
xl unpause a1; xl unpause a2
sleep 4
labctl unshare $one 0x1000 700 32
destroy a2; destroy a1
stop_recording
