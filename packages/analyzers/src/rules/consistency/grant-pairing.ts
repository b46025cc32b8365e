import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const grantPairing: Rule = {
  id: 'consistency.grant-pairing',
  title: 'a grant mapping is unmapped twice, given out twice, or outlives its page',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'XSA-218, XSA-224, XSA-394 (docs/xen.md#grant-mappings)',
    versions: 'since the fix of XSA-224',
  },
  confidence: 'proven',
  needs: ['grant_map|grant_unmap'],
  refutedBy: ['grant_map', 'grant_unmap'],
  doc: `One of three things (docs/xen.md#grant-mappings): a handle, or the half of it that the flags device_map and
host_map name, is unmapped a second time (XSA-218, XSA-394); a handle that is mapped is given out again; or a frame is
freed while a grant mapping of it is open, which means that the mapping held no reference (XSA-224).`,
  fires: `grant_unmap of a handle, or of a half of it, that is already unmapped; grant_map of a handle that is mapped;
page_free of a frame with an open grant mapping.`,
  nearMiss: "Each half is mapped and unmapped once; the mapping's reference keeps the page until it is unmapped.",
  mechanism: `A mapping takes a reference for each of its halves, and its maptrack entry says which are left
(xen/common/grant_table.c). Two unmaps at once, or one half counted twice, drop what was never taken.`,
  confirm: `select seq, kind, pcpu, domid, owner, hex(mfn) as mfn, arg0 as ref, arg1 as handle, flags,
event_site(symbol, caller, pcpu, seq) as site from events where kind in ('grant_map', 'grant_unmap') and arg1 =
$handle order by seq`,
  fix: "Decide under the grant's lock which halves this unmap ends, and drop only their references.",
  limits: `It needs handles, which stock Xen does not record. What a domain has mapped is taken to end when it is
destroyed.`,
  sql: breachSql('consistency.grant-pairing', {
    subject: ['domid', 'owner', 'handle', 'mfn'],
    signature: ['detail', 'site'],
  }),
};
