/** Recorded counts that differ from the model's, of one sort. */
export const divergenceSql = (about: 'count_info' | 'type_info'): string => `
  select
    d.mfn as subject_mfn, d.expected as subject_expected, d.seen as subject_seen,
    d.last_seq as at_last_change, d.seq as at_seen,
    case when d.seen > d.expected then 'more' else 'fewer' end as sig_direction
  from divergences d
  where d.about = '${about}'
  order by d.seq`;
