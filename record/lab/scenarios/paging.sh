# A guest is paged out and in again by xenpaging, while dom0 maps some of its pages; another one balloons.
pvh g1 112 112; pvh g2 112 150
record
create g1; create g2; ready g1 g2
mkdir -p /var/lib/xen/xenpaging
xenpaging -d $(domid g1) -f pagefile > xenpaging.log 2>&1 & pager=$!
sleep 1
xenstore-write /local/domain/$(domid g1)/memory/target-tot_pages 100000
# xenpaging begins in the middle of a guest.
labctl map $(domid g1) 0x3800 0xf00 5 20
balloon g2 100
xenstore-write /local/domain/$(domid g1)/memory/target-tot_pages 114688
sleep 4
kill -TERM $pager; wait $pager
destroy g1; destroy g2
rm -f pagefile
stop_recording
