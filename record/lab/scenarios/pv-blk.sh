# Two PV guests that share a block device: grants, page tables, and their M2P.
# (The own block script does not look who else writes to it.)
dd if=/dev/zero of=disk.img bs=1M count=8 2>/dev/null; losetup /dev/loop0 disk.img
pv p1 112 1 'disk=["phy:/dev/loop0,xvda,w"]'; pv p2 112 1 'disk=["phy:/dev/loop0,xvda,w"]'
record
create p1; create p2; ready p1 p2
rounds p1 3; rounds p2 3
balloon p1 106; balloon p1 111
destroy p1; destroy p2
stop_recording
