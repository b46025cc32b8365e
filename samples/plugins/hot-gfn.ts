import { defineAnalyzer } from '@p2mtrace/analyzers';

/** Entries that are written again and again: PoD that reclaims what the guest wants back at once, paging that thrashes. */
export default defineAnalyzer({
  id: 'acme/hot-gfn',
  needs: ['set_entry'],
  rules: [
    {
      id: 'acme/hot-gfn.rewritten',
      title: 'an entry is written again and again',
      severity: 'note',
      confidence: 'proven',
      doc: 'The entry of one gfn has had many values, one after the other: whoever writes it does not leave it alone.',
      confirm:
        'select from_seq, to_seq, hex(mfn) as mfn, p2m_type from mapping_spans where domid = $domid and gfn = $gfn',
      fix: 'Find the two that disagree: p2mtrace history TRACE gfn DOMID:GFN.',
      limits: 'An entry inside a superpage counts with the superpage.',
      sql: `
        select domid as subject_domid, gfn as subject_gfn, count(*) as subject_writes,
          min(from_seq) as at_first, max(from_seq) as at_last,
          string_agg(distinct p2m_type::varchar, '+' order by p2m_type::varchar) as sig_types
        from mapping_spans
        where from_seq is not null
        group by domid, view, gfn
        having count(*) >= 20
        order by count(*) desc, gfn`,
    },
    {
      id: 'acme/hot-gfn.attempts',
      title: 'a write failed more often than it succeeded',
      severity: 'note',
      confidence: 'proven',
      doc: 'Most attempts to write the entry were refused.',
      run: async ({ query }) => {
        const rows = await query(`
          select domid, gfn, count(*) filter (where flags & 16 <> 0) as failed, count(*) as tried, max(seq) as seq
          from events where kind = 'set_entry' group by domid, gfn`);
        return rows
          .filter(({ failed, tried }) => Number(failed) * 2 > Number(tried))
          .map(({ domid, gfn, failed, seq }) => ({
            subject_domid: domid,
            subject_gfn: gfn,
            subject_failed: failed,
            at_last: seq,
          }));
      },
    },
  ],
});
