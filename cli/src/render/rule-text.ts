import type { Belief, BoundRule } from '@p2mtrace/analyzers';
import type { Terminal } from '../terminal.js';
import { wrapped } from './wrap.js';

/** `get_page, put_page or alloc_ref_drop`: the events without which a rule can't be decided. */
export const needsText = ({ needs, refutedBy = [] }: Pick<BoundRule, 'needs' | 'refutedBy'>): string =>
  (needs.map(need => need.replaceAll('|', ' or ')).join(', ') || 'no events in particular') +
  (refutedBy.length === 0 ? '' : `; where there are many, also ${refutedBy.join(', ')}`);

/** `documented (up to 4.21): XSA-480`. */
export const beliefText = ({ basis, source, versions }: Belief): string =>
  `${basis}${versions === undefined ? '' : ` (${versions})`}: ${source}`;

/** The description of a rule. */
export function* ruleText(rule: BoundRule, out: Terminal): Generator<string> {
  const { id, title, severity, belief, confidence, policy, doc, fires, nearMiss, mechanism, confirm, page } = rule;
  yield `${out.style('bold', id)}: ${title}`;
  yield `at worst ${severity}, ${confidence}; needs ${needsText(rule)}`;
  if (policy === true) yield 'a policy: runs only if it is named';
  yield* section('What it means', doc, out);
  yield* section('When it fires', fires, out);
  yield* section('When it does not (near miss)', nearMiss, out);
  yield* section('What it rests on', belief && beliefText(belief), out);
  yield* section('How it comes about', mechanism, out);
  if (confirm !== undefined) {
    yield* heading('How to confirm it, in SQL ($NAME: subject or witness NAME of a finding)', out);
    yield* sqlLines(confirm);
  }
  yield* adviceText(rule, out);
  if (page !== undefined) yield* ['', page];
}

/** How to fix it, and when to doubt the finding. */
export function* adviceText({ fix, limits }: BoundRule, out: Terminal): Generator<string> {
  yield* section('How it is usually fixed', fix, out);
  yield* section('What the rule can get wrong', limits, out);
}

/** A query as written, with a common indent removed. */
export function sqlLines(sql: string): string[] {
  const [first, ...rest] = sql.trim().split('\n');
  const margin = Math.min(...rest.map(line => line.search(/\S|$/)));
  return [first, ...rest.map(line => line.slice(margin))].map(line => `  ${line}`);
}

export function* section(title: string, text: string | undefined, out: Terminal): Generator<string> {
  if (text === undefined) return;
  yield* heading(title, out);
  yield* wrapped(text, '  ');
}

export function* heading(title: string, out: Terminal): Generator<string> {
  yield* ['', out.style('bold', title)];
}
