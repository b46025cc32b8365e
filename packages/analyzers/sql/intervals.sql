-- Half-open intervals [start, stop): a null start is before the trace, a null stop after its end.

-- Two intervals have an event in common.
create macro overlap(a_start, a_stop, b_start, b_stop) as
  coalesce(a_start < b_stop, true) and coalesce(b_start < a_stop, true);

-- Where the common part of two intervals begins.
create macro common_start(a_start, b_start) as greatest(a_start, b_start);

-- Where it ends.
create macro common_stop(a_stop, b_stop) as least(a_stop, b_stop);

-- Lock spans of other pcpus while a lock was held: who worked beside a holder (span is lock_spans.id).
create macro locks_beside(span) as table
  select b.*, common_start(a.from_seq, b.from_seq) as common_from, common_stop(a.to_seq, b.to_seq) as common_to
  from lock_spans a
  join lock_spans b
    on b.trace = a.trace and b.pcpu <> a.pcpu and overlap(a.from_seq, a.to_seq, b.from_seq, b.to_seq)
  where a.id = span;
