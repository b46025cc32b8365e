# dom0 maps frames of two guests, and asks for their types, while they balloon.
# The pcpu of dom0 counts references while the guest walks its page tables: both are to be recorded.
# xen: p2mtrace=walks
pvh g1 128 160; pvh g2 112 150
record
create g1; create g2
# While it boots, what its balloon gives back goes to its PoD cache, and stays its own.
labctl types $(domid g2) 0x1000 0x8600 40 > booting.log 2>&1 & booting=$!
ready g1 g2
wait $booting || fail 'no types while it booted'
labctl map $(domid g1) 0x1000 0x6000 6 > mapper.log 2>&1 & mapper=$!
balloon g1 108; balloon g1 126; balloon g1 108
wait $mapper || fail 'nothing was mapped'
# The guest's balloon takes many of its gfns there.
labctl types $(domid g2) 0x8c00 0x400 12 > asker.log 2>&1 & asker=$!
balloon g2 100; balloon g2 111; balloon g2 100; balloon g2 111
wait $asker || fail 'no types'
destroy g1; destroy g2
stop_recording
