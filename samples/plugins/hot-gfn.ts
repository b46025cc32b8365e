import { defineAnalyzer, z } from '@p2mtrace/analyzers';
import { FLAG, getU64, isValid, KIND } from '@p2mtrace/trace-format';

/** Entries that are written again and again: PoD that reclaims what the guest wants back at once, paging that thrashes. */
export default defineAnalyzer({
  id: 'acme/hot-gfn',
  needs: ['set_entry'],
  options: z.object({
    writes: z.int().min(2).default(20).describe('a gfn is hot when its entry has had so many values'),
    failures: z.number().min(0).max(1).default(0.5).describe('the share of failed attempts that is too much'),
  }),
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
      // $writes is the option.
      sql: `
        select domid as subject_domid, gfn as subject_gfn, count(*) as subject_writes,
          min(from_seq) as at_first, max(from_seq) as at_last,
          string_agg(distinct p2m_type::varchar, '+' order by p2m_type::varchar) as sig_types
        from mapping_spans
        where from_seq is not null
        group by domid, view, gfn
        having count(*) >= $writes
        order by count(*) desc, gfn`,
    },
    {
      id: 'acme/hot-gfn.attempts',
      title: 'writes of an entry fail too often',
      severity: 'note',
      confidence: 'proven',
      doc: 'Too many attempts to write the entry were refused.',
      // Code: here it reads the columns of each batch of events itself; `query` would ask SQL.
      run: ({ reader, options }) => {
        const gfns = new Map<string, { domid: number; gfn: bigint; tried: number; failed: number; last: number }>();
        for (const batch of reader.batches) {
          const { rows, firstSeq, columns, validity } = reader.read(batch, ['kind', 'domid', 'gfn', 'flags']);
          for (let row = 0; row < rows; row++) {
            if (columns.kind[row] !== KIND.set_entry) continue;
            // Any set_entry has a domain and a gfn; flags are null where there are none.
            const flags = isValid(validity.flags, row) ? (columns.flags[row] ?? 0) : 0;
            const [domid, gfn] = [columns.domid[row] ?? 0, getU64(columns.gfn, row)];
            const one = gfns.get(`${domid} ${gfn}`) ?? { domid, gfn, tried: 0, failed: 0, last: 0 };
            one.tried++;
            if ((flags & FLAG.failed) !== 0) one.failed++;
            one.last = firstSeq + row;
            gfns.set(`${domid} ${gfn}`, one);
          }
        }
        return [...gfns.values()]
          .filter(({ failed, tried }) => failed > tried * options.failures)
          .map(({ domid, gfn, failed, last }) => ({
            subject_domid: domid,
            subject_gfn: gfn,
            subject_failed: failed,
            at_last: last,
          }));
      },
    },
  ],
});
