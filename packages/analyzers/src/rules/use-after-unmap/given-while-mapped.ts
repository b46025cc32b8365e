import { witnessColumn } from '@p2mtrace/replayer';
import { NAMED_BREACHES } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

const RULE = 'use-after-unmap.given-while-mapped';
const MAPPED = `b.${witnessColumn(RULE, 'mapped')}`;
const GIVEN = `b.${witnessColumn(RULE, 'given')}`;

export const givenWhileMapped: Rule = {
  id: RULE,
  title: 'a page went to another domain while its former owner still mapped it',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'XSA-217, XSA-222, XSA-247 (docs/xen.md#no-entry-reference)',
  },
  confidence: 'proven',
  needs: ['set_entry|lookup', 'owner_set|page_alloc'],
  refutedBy: ['set_entry'],
  doc: `A frame got another owner, or was allocated for another domain, while an entry in its former owner's p2m still
mapped it as RAM, and that p2m was used again afterwards. Two domains then share memory without knowing: frames are
reused by "mapping them at a different gfn, or giving them to a different domain"
(docs/xen.md#thread-p2m-lookup-locking; XSA-217). Sharing, where the page goes to dom_cow, does not count.`,
  fires: `owner_set to another domain, or page_alloc for one, while an entry of the former owner maps the frame with a
RAM type; that p2m is used again later.`,
  nearMiss: 'The entry is removed before the page changes hands; or the page goes to dom_cow, to be shared.',
  mechanism: `steal_page() and assign_pages() look at counts and lists, not at the p2m, and an entry holds no
reference (docs/xen.md#no-entry-reference).`,
  confirm: `select * from mapping_spans where domid = $domid and view = (select id from views where name = $view)
and gfn <= $gfn and $gfn < gfn + (1::ubigint << "order"::ubigint) and (to_seq is null or to_seq > $given)`,
  fix: 'Remove the entry, check that it was there, flush, and only then give the page away.',
  limits: `A teardown also gives away what its p2m still maps. It is told apart by nobody using that p2m again, so the
end of the recording can hide a defect.`,
  sql: `
  select
    b.mfn as subject_mfn, b.domid as subject_domid, b.view_name as subject_view, b.gfn as subject_gfn,
    b.owner as subject_owner,
    ${MAPPED} as at_mapped, ${GIVEN} as at_given, d.last_p2m_seq as at_p2m_used_later,
    b.view_name::varchar as sig_view, b.p2m_type::varchar as sig_p2m_type, coalesce(b.site::varchar, '?') as sig_site,
    b.confidence::varchar as confidence, if(b.confidence = 'proven', null, 'warning') as severity,
    b.mechanism::varchar as mechanism, b.caller as caller
  from ${NAMED_BREACHES} b
  join domains d on d.domid = b.domid
  where b.breach = '${RULE}'
    and ${GIVEN} < d.last_p2m_seq and (d.destroyed_seq is null or ${GIVEN} < d.destroyed_seq)
  order by ${GIVEN}`,
};
