import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const wrongRestore: Rule = {
  id: 'm2p-override.wrong-restore',
  title: 'an override gave back another frame than it had saved',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'Linux, m2p_remove_override() (docs/xen.md#m2p-override)',
  },
  confidence: 'proven',
  needs: ['m2p_override_remove', 'm2p_override_add'],
  doc: `m2p_remove_override restored another mfn than m2p_add_override had saved in page->index: the backend's page
maps a frame that belongs to somebody else (docs/xen.md#m2p-override; docs/xen.md#thread-m2p-override).`,
  fires: 'm2p_override_remove restores another mfn than the one that was saved.',
  nearMiss: 'It restores the one that was saved.',
  mechanism: 'page->index was overwritten, by another override of the page or by its user (arch/x86/xen/p2m.c).',
  confirm: `select seq, kind, pcpu, hex(gfn) as gfn, hex(mfn) as mfn, hex(arg0) as old_mfn, event_site(symbol, caller,
pcpu, seq) as site from events where seq in ($saved, $restored)`,
  fix: 'Keep the saved frame where nobody else writes.',
  limits: "Judged only if both events carry the old frame, or the page's entry was known.",
  sql: breachSql('m2p-override.wrong-restore', {
    subject: ['domid', 'gfn', 'mfn'],
    signature: ['site'],
  }),
};
