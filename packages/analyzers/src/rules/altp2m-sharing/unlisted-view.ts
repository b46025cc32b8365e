import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const unlistedView: Rule = {
  id: 'altp2m-sharing.unlisted-view',
  title: 'a view maps a shared frame that the reverse map does not list',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'what nominating asks of the views (docs/xen.md#altp2m-sharing)',
    versions: '4.8 and later',
  },
  confidence: 'proven',
  needs: ['share_nominate', 'set_entry|remap'],
  doc: `An entry of an altp2m view maps a shared frame at a gfn that the frame's reverse map does not have, and that is no copy
of the host's entry: unsharing and freeing pass it by (mail 1; X§5.4).`,
  mechanism: `A remap holds no reference, and nominate compares the same gfn of each view only (mem_sharing.c, p2m_change_altp2m_gfn
in altp2m.c).`,
  confirm: `select seq, kind, domid, view, hex(gfn) as gfn, hex(mfn) as mfn, p2m_type, symbol from events where seq in
($mapped, $shared)`,
  fix: `Unshare the target before it is remapped, and refuse to nominate a frame that a view maps elsewhere (653948018a).`,
  limits: `Only reverse maps that began in the trace are complete. Where the host's entry is unknown nothing is said.`,
  sql: breachSql('altp2m-sharing.unlisted-view', {
    subject: ['domid', 'view', 'gfn', 'mfn'],
    signature: ['view', 'p2m_type', 'site'],
  }),
};
