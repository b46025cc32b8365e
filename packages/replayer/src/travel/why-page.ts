import { layoutProfile } from '@p2mtrace/trace-format';
import { allOf } from '../events/combine-filters.js';
import { firstMatch, matchingEvents } from '../events/event-filter.js';
import type { TraceEvent } from '../events/event-reader.js';
import { ofKinds } from '../events/of-kinds.js';
import { subjectText } from '../events/subject.js';
import { touching } from '../events/touching.js';
import { forwardToChange } from './changes.js';
import type { Reasons } from './reasons.js';
import { References } from './references.js';
import { found } from './search.js';
import { gfnEntry } from './subject-state.js';

/** Most events of a page looked at on the way back, and most reasons of one role listed. */
const LOOKED_AT = 10_000;
const LISTED = 20;

/** What the count consists of: references taken since a known base and not dropped; then who maps the page. */
export function whyPage(reasons: Reasons, mfn: number, at: number): void {
  addReferences(reasons, mfn, at);
  addMappings(reasons, mfn, at);
}

function addReferences(reasons: Reasons, mfn: number, at: number): void {
  const { reader } = reasons.replay;
  const touched = touching(reader.names, { about: 'mfn', mfn });
  const base = firstMatch(
    reader,
    allOf([ofKinds('page_alloc', 'page_free', 'snapshot', 'lost'), touched]),
    { to: at + 1 },
    'backward',
  );
  const counted = allOf([
    ofKinds('get_page', 'put_page', 'alloc_ref_drop', 'get_type', 'put_type', 'owner_set'),
    touched,
  ]);
  const seqs: number[] = [];
  for (const seq of matchingEvents(reader, counted, { from: (base ?? -1) + 1, to: at + 1 }, 'backward')) {
    if (seqs.push(seq) === LOOKED_AT) break;
  }
  const events = seqs.reverse().map(seq => reasons.events.at(seq) as TraceEvent);
  const pairs = new References(layoutProfile(reader.metadata.layout));
  if (seqs.length === LOOKED_AT) reasons.notes.push(`only the last ${LOOKED_AT} references were looked at`);
  else if (base !== undefined) pairs.base(reasons.events.at(base) as TraceEvent);
  for (const event of events) pairs.apply(event);
  if (base !== undefined) reasons.add(base, BASES[(reasons.events.at(base) as TraceEvent).kind]);
  for (const [role, all] of pairs.left()) {
    for (const seq of all.slice(-LISTED)) reasons.add(seq, role);
    if (all.length > LISTED) reasons.notes.push(`${all.length - LISTED} more events ${role}`);
  }
  if (pairs.matched > 0) reasons.notes.push(`${pairs.matched} references were taken and dropped again since`);
}

const BASES: Readonly<Record<string, string>> = {
  page_alloc: 'allocated the page',
  page_free: 'freed the page',
  snapshot: 'showed the page',
  lost: 'lost records made all counts unknown',
};

/** Who maps the page; or who did last, and what ended that. */
function addMappings(reasons: Reasons, mfn: number, at: number): void {
  const { replay } = reasons;
  const { reader } = replay;
  const state = replay.at(at);
  const mappings = state.mappings(mfn);
  for (const { domid, view, gfn } of mappings) {
    const entry = state.entry(domid, view, gfn);
    if (entry.known === 'entry')
      reasons.add(entry.set_seq, `maps it at ${subjectText({ about: 'gfn', domid, gfn, view })}`);
  }
  const touched = touching(reader.names, { about: 'mfn', mfn });
  reasons.add(
    firstMatch(reader, allOf([ofKinds('m2p_set'), touched]), { to: at + 1 }, 'backward'),
    'set the M2P of the mfn',
  );
  if (mappings.length > 0) return;
  const mapped = firstMatch(reader, allOf([ofKinds('set_entry'), touched]), { to: at + 1 }, 'backward');
  if (mapped === undefined) return;
  const last = replay.at(mapped).mappings(mfn).at(-1);
  if (last === undefined) return;
  const { domid, view, gfn } = last;
  reasons.add(mapped, `mapped it last, at ${subjectText({ about: 'gfn', ...last })}`);
  for (let seq: number | undefined = mapped; seq !== undefined && seq <= at; ) {
    if (gfnEntry(replay.at(seq), domid, view, gfn).mfn !== mfn) {
      reasons.add(seq, 'ended that mapping');
      return;
    }
    seq = found(forwardToChange(replay, { about: 'gfn', domid, gfn, view }, seq));
  }
}
