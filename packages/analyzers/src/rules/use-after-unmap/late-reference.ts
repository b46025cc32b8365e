import { KIND } from '@p2mtrace/trace-format';
import type { Rule } from '../../define-analyzer.js';
import { staleUse } from './stale-translation.js';

export const lateReference: Rule = {
  id: 'use-after-unmap.late-reference',
  title: 'a reference was taken after the entry that led to it had changed',
  severity: 'error',
  confidence: 'proven',
  needs: ['lookup', 'set_entry|page_free', 'get_page'],
  doc: `get_page came after the lock of the lookup was dropped and the entry had changed: "get p2m_entry, then get_page"
(mail 2). The safe idiom takes the reference before it drops the lock (p2m_get_page_from_gfn, X§3.3); Arm got it wrong
in XSA-473.`,
  sql: staleUse(KIND.get_page),
};
