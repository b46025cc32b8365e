# Two guests on shadow page tables.
pvh s1 112 112 1 'hap=0'; pvh s2 112 112 1 'hap=0'
record
create s1; create s2; ready s1 s2
balloon s1 104; balloon s1 110
rounds s1 1; rounds s2 1
destroy s1; destroy s2
stop_recording
