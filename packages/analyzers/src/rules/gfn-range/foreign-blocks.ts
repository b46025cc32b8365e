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
  doc: `While a foreign or grant mapping of a frame was open, an operation on an entry of that frame was refused:
set_entry, page_nominate, page_evict or share_nominate. "foreign mappings can block p2m actions for arbitrarily long"
(docs/xen.md#thread-xenpaging-locks). The finding shows the first refusal, and the unmapping that cleared the way.`,
  fires: `set_entry, page_nominate, page_evict or share_nominate fails on a frame while a foreign_map or grant_map of
it is open.`,
  nearMiss: 'The frame is unmapped first.',
  mechanism: `A mapping holds a page reference. The pager and page sharing refuse pages that have more references than
their own (-EBUSY, docs/xen.md#paging; -E2BIG, docs/xen.md#sharing-nominate).`,
  confirm: `select seq, kind, domid, hex(gfn) as gfn, hex(mfn) as mfn, rc,
event_site(symbol, caller, pcpu, seq) as site from events where seq in ($mapped, $refused)`,
  fix: 'Unmap early in the device model; let the pager try again later.',
  limits: `That the mapping was the reason is a guess, hence likely. Failures for lack of memory (-ENOMEM) are left
out, and so are grant mappings without a handle.`,
  sql: breachSql('gfn-range.foreign-blocks', {
    subject: ['domid', 'gfn', 'mfn'],
    signature: ['view', 'site'],
    severity: 'null',
  }),
};
