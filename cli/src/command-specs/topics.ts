/** Help text shared by several commands. */

export const TRACE = ['trace', 'a trace made by p2mtrace import'] as const;

export const POSITIONS = `Positions:
  end, start             after all events, before the first
  seq:120, #120          after event 120
  tsc:0x5f3e00           after the last event up to that TSC
  time:1.5s, +20ms       that long after the first TSC (s, ms, us, ns)`;

export const CONDITIONS = `Conditions compare columns of events (as in p2mtrace sql), joined with and, or, not and parentheses:
  kind == set_entry and gfn == 1:0x1234 and p2m_type != ram_rw
  flags has failed, mfn == null, touches mfn 0x9fe5e (orders count), touches gfn|lock|domain …`;
