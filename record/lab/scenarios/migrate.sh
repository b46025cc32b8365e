# A guest is saved and restored as a new domain, another one is migrated while it runs, both are ballooned.
# The pcpu of dom0 counts references while the guest walks its page tables: both are to be recorded.
# xen: p2mtrace=walks
pvh g1 112 160; pvh g2 112 150
record
create g1; create g2; ready g1 g2
xl save g1 saved || fail 'xl save'
xl restore saved || fail 'xl restore'
rm saved
rounds g1 1
xl migrate -s '' g2 'xl migrate-receive' || fail 'xl migrate'
balloon g1 100; balloon g2 100; balloon g1 110
destroy g1; destroy g2
stop_recording
