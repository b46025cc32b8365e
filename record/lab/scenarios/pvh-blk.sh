# Two PVH guests that share a block device: grants of pages that no page table of their owner counts.
# (The own block script does not look who else writes to it.)
# The pcpu of dom0 counts references while the guest walks its page tables: both are to be recorded.
# xen: p2mtrace=walks
dd if=/dev/zero of=disk.img bs=1M count=8 2>/dev/null; losetup /dev/loop0 disk.img
disk='disk=["phy:/dev/loop0,xvda,w"]'
pvh b1 112 112 1 "$disk" disk; pvh b2 112 112 1 "$disk" disk
record
create b1; create b2; ready b1 b2
rounds b1 3; rounds b2 3
destroy b1; destroy b2
stop_recording
