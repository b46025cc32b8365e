# Two PVH guests with populate-on-demand: created, booted, ballooned against each other, destroyed.
pvh g1 128 200; pvh g2 112 180
record
create g1; create g2; ready g1 g2
labctl pod $(domid g1)
balloon g1 108; balloon g2 100
rounds g1 1
balloon g1 126; balloon g2 110
rounds g2 1
destroy g1; destroy g2
stop_recording
