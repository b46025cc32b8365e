import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const remapLost: Rule = {
  id: 'altp2m-sharing.remap-lost',
  title: 'propagation overwrote a remap',
  severity: 'error',
  belief: {
    basis: 'customary',
    source: 'who remaps a gfn counts on it, though propagation writes over it (docs/xen.md#propagate-change)',
  },
  confidence: 'proven',
  needs: ['remap', 'set_entry'],
  doc: `The host's entry of a remapped gfn changed, the view's entry was overwritten with the host's frame, and nobody
remapped it by the end of the trace. Whoever set the remap relies on a frame that the guest no longer sees
(docs/xen.md#propagate-change).`,
  fires: `remap of a gfn in a view, a change of the host's entry, and a set_entry in the view with the host's mfn; no
remap afterwards.`,
  nearMiss: 'The gfn is remapped again.',
  mechanism: `p2m_altp2m_propagate_change overwrites the entry of every view that has the gfn, with the host's mfn,
type and access (xen/arch/x86/mm/altp2m.c).`,
  confirm: `select seq, kind, pcpu, view, hex(gfn) as gfn, hex(mfn) as mfn, event_site(symbol, caller, pcpu, seq) as
site from events where seq in ($remap, $host_changed, $overwritten)`,
  fix: 'Remap again after changes of the host, or keep remaps out of the propagation.',
  limits: 'A remap after the end of the trace is not seen. Superpages written over a remap are not judged.',
  sql: breachSql('altp2m-sharing.remap-lost', {
    subject: ['domid', 'view', 'gfn', 'mfn'],
    signature: ['view', 'p2m_type', 'site'],
  }),
};
