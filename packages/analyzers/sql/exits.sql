-- Why HVM guests left for Xen, and for how long, from records of a stock Xen (xentrace -e 0x0008f000).

-- Exits of HVM guests (TRC_HVM_VMEXIT): the vcpu, why (exit_reason as the processor has it), and the ticks up to the
-- entry that follows on that pcpu; null if none does, or if records were lost between.
create view vm_exits as
  select trace, seq, tsc, pcpu, cur_domid as domid, cur_vcpu as vcpu, reason,
    case when is_exit and follows = 'entry' and next_tsc >= tsc then next_tsc - tsc end as ticks
  from (
    select *, lead(what) over pcpu_order as follows, lead(tsc) over pcpu_order as next_tsc, what = 'exit' as is_exit
    from (
      select trace, seq, tsc, pcpu, cur_domid, cur_vcpu,
        case when kind = 'lost' then 'lost' when arg0 & 0xfffffaff = 0x81001 then 'entry' else 'exit' end as what,
        -- The first word, of which the lower two bytes are in use; bytes are in the order of x86.
        case when octet_length(raw) >= 4 then ('0x' || substr(to_hex(raw), 7, 2) || substr(to_hex(raw), 5, 2) ||
          substr(to_hex(raw), 3, 2) || substr(to_hex(raw), 1, 2))::ubigint end as reason
      from events
      where kind = 'lost' or kind = 'unknown' and arg0 & 0xfffffaff in (0x81001, 0x81002))
    window pcpu_order as (partition by trace, pcpu order by seq))
  where is_exit;

-- Exits by domain and reason: how many, and how long Xen took for them. Names are those of AMD and of Intel: the trace
-- does not say whose processor it was.
create view exit_reasons as
  select trace, domid, reason, svm_exit(reason) as amd, vmx_exit(reason) as intel, count(*) as exits,
    count(ticks) as timed, sum(ticks) as ticks, median(ticks) as median, max(ticks) as longest
  from vm_exits group by all order by trace, domid, ticks desc nulls last, exits desc, reason;

-- The name of an AMD processor's exit code (enum VMEXIT_EXITCODE of Xen); null for one that is not listed.
create macro svm_exit(code) as
  case when code between 0x00 and 0x0f then 'CR' || code || '_READ'
    when code between 0x10 and 0x1f then 'CR' || (code - 0x10) || '_WRITE'
    when code between 0x20 and 0x2f then 'DR' || (code - 0x20) || '_READ'
    when code between 0x30 and 0x3f then 'DR' || (code - 0x30) || '_WRITE'
    when code between 0x40 and 0x5f then 'EXCEPTION_' || (code - 0x40)
    else map {0x60: 'INTR', 0x61: 'NMI', 0x62: 'SMI', 0x63: 'INIT', 0x64: 'VINTR', 0x65: 'CR0_SEL_WRITE',
      0x66: 'IDTR_READ', 0x67: 'GDTR_READ', 0x68: 'LDTR_READ', 0x69: 'TR_READ', 0x6a: 'IDTR_WRITE', 0x6b: 'GDTR_WRITE',
      0x6c: 'LDTR_WRITE', 0x6d: 'TR_WRITE', 0x6e: 'RDTSC', 0x6f: 'RDPMC', 0x70: 'PUSHF', 0x71: 'POPF', 0x72: 'CPUID',
      0x73: 'RSM', 0x74: 'IRET', 0x75: 'SWINT', 0x76: 'INVD', 0x77: 'PAUSE', 0x78: 'HLT', 0x79: 'INVLPG',
      0x7a: 'INVLPGA', 0x7b: 'IOIO', 0x7c: 'MSR', 0x7d: 'TASK_SWITCH', 0x7e: 'FERR_FREEZE', 0x7f: 'SHUTDOWN',
      0x80: 'VMRUN', 0x81: 'VMMCALL', 0x82: 'VMLOAD', 0x83: 'VMSAVE', 0x84: 'STGI', 0x85: 'CLGI', 0x86: 'SKINIT',
      0x87: 'RDTSCP', 0x88: 'ICEBP', 0x89: 'WBINVD', 0x8a: 'MONITOR', 0x8b: 'MWAIT', 0x8c: 'MWAIT_CONDITIONAL',
      0x8d: 'XSETBV', 0x8e: 'RDPRU', 0x400: 'NPF'}[try_cast(code as integer)] end;

-- The name of an Intel processor's basic exit reason (EXIT_REASON_* of Xen); null for one that is not listed.
create macro vmx_exit(code) as
  map {0: 'EXCEPTION_NMI', 1: 'EXTERNAL_INTERRUPT', 2: 'TRIPLE_FAULT', 3: 'INIT', 4: 'SIPI', 5: 'IO_SMI', 6: 'OTHER_SMI',
    7: 'PENDING_VIRT_INTR', 8: 'PENDING_VIRT_NMI', 9: 'TASK_SWITCH', 10: 'CPUID', 11: 'GETSEC', 12: 'HLT', 13: 'INVD',
    14: 'INVLPG', 15: 'RDPMC', 16: 'RDTSC', 17: 'RSM', 18: 'VMCALL', 19: 'VMCLEAR', 20: 'VMLAUNCH', 21: 'VMPTRLD',
    22: 'VMPTRST', 23: 'VMREAD', 24: 'VMRESUME', 25: 'VMWRITE', 26: 'VMXOFF', 27: 'VMXON', 28: 'CR_ACCESS',
    29: 'DR_ACCESS', 30: 'IO_INSTRUCTION', 31: 'MSR_READ', 32: 'MSR_WRITE', 33: 'INVALID_GUEST_STATE', 34: 'MSR_LOADING',
    36: 'MWAIT_INSTRUCTION', 37: 'MONITOR_TRAP_FLAG', 39: 'MONITOR_INSTRUCTION', 40: 'PAUSE_INSTRUCTION',
    41: 'MCE_DURING_VMENTRY', 43: 'TPR_BELOW_THRESHOLD', 44: 'APIC_ACCESS', 45: 'EOI_INDUCED', 46: 'ACCESS_GDTR_OR_IDTR',
    47: 'ACCESS_LDTR_OR_TR', 48: 'EPT_VIOLATION', 49: 'EPT_MISCONFIG', 50: 'INVEPT', 51: 'RDTSCP',
    52: 'VMX_PREEMPTION_TIMER_EXPIRED', 53: 'INVVPID', 54: 'WBINVD', 55: 'XSETBV', 56: 'APIC_WRITE', 58: 'INVPCID',
    59: 'VMFUNC', 62: 'PML_FULL', 63: 'XSAVES', 64: 'XRSTORS', 74: 'BUS_LOCK', 75: 'NOTIFY'}[try_cast(code as integer)];
