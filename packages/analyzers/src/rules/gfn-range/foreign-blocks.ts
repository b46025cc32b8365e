import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const foreignBlocks: Rule = {
  id: 'gfn-range.foreign-blocks',
  title: 'a change was refused while another domain had the frame mapped',
  severity: 'warning',
  belief: {
    basis: 'customary',
    source: 'a risk that a thread of 2011 names (docs/xen.md#thread-xenpaging-locks)',
  },
  confidence: 'likely',
  needs: ['foreign_map|grant_map'],
  doc: `While a foreign or grant mapping of the frame was open, an operation on an entry of it was refused: set_entry,
page_nominate, page_evict or share_nominate (mail 2: "foreign mappings can block p2m actions for arbitrarily long. This
doesn't usually happen, but the risk is latent"). The first refusal is shown, and the unmapping that made way.`,
  mechanism: `A mapping holds a page reference; the pager and page sharing refuse pages with more than their own (-EBUSY,
X§5.2; -E2BIG, X§5.3).`,
  confirm: `select seq, kind, domid, hex(gfn) as gfn, hex(mfn) as mfn, rc, coalesce(symbol, hex(caller)) as site from events
where seq in ($mapped, $refused)`,
  fix: 'Unmap early in the device model; let the pager come back later.',
  limits: `That the mapping was the reason is a guess: likely. Refusals for want of memory (-ENOMEM) are left out, and so are
grant mappings without a handle.`,
  sql: breachSql('gfn-range.foreign-blocks', {
    subject: ['domid', 'gfn', 'mfn'],
    signature: ['view', 'site'],
    severity: 'null',
  }),
};
