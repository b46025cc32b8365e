import { ANALYZERS, decidableRules, RULES, type Undecided } from '@p2mtrace/analyzers';
import type { ImportHealth, TraceMetadata } from '@p2mtrace/trace-format';
import { eventName } from '../event-names.js';
import { count, counted } from './cell.js';

/** A trace of everything has many ids that no table lists; this many are named. */
const UNKNOWN_SHOWN = 10;

/** What an import found, as text: what was read and lost, how the order is known, and what can be checked. */
export function healthLines(metadata: TraceMetadata): string[] {
  const { health, assumed, counts = {} } = metadata;
  return [
    ...(health === undefined ? [] : recordLines(health)),
    ...listed('assumed', assumed),
    ...listed('recorded', [
      Object.entries(counts)
        .map(([kind, number]) => `${kind} ${count(number)}`)
        .join(', ') || 'no event',
    ]),
    ...checkLines(metadata),
  ];
}

function recordLines(health: ImportHealth): string[] {
  const lost = health.lost.map(({ pcpu, count: number }) => `${count(number)} on pcpu ${pcpu}`);
  return [
    ...listed('records', byId(health)),
    ...listed('lost', lost.length === 0 ? ['none'] : lost),
    ...listed('unknown', unknownIds(health)),
    ...listed('misfits', [
      health.misfits === 0
        ? 'none'
        : `${counted(health.misfits, 'record')} with a known id but contents that fit no kind`,
    ]),
    ...listed('ignored', ignoredIds(health)),
    ...listed('skipped', [
      health.skippedBytes === 0 ? 'none' : `${counted(health.skippedBytes, 'byte')} of ${count(health.bytes)}`,
    ]),
    ...listed('TSC', tscRanges(health)),
    ...listed('order', [orderReason(health)]),
    ...listed('problems', health.problems),
  ];
}

function byId({ byId: counts, unknownById }: ImportHealth): string[] {
  return Object.entries(counts)
    .filter(([id]) => unknownById[id] === undefined)
    .map(([id, number]) => `${id}  ${count(number).padStart(11)}  ${eventName(id)}`);
}

function unknownIds({ unknownById }: ImportHealth): string[] {
  const ids = Object.entries(unknownById).sort((a, b) => b[1] - a[1]);
  if (ids.length === 0) return ['none'];
  const shown = ids.slice(0, UNKNOWN_SHOWN).map(([id, number]) => {
    return `${id}  ${count(number).padStart(11)}  ${eventName(id)}`.trimEnd();
  });
  const rest = ids.slice(UNKNOWN_SHOWN);
  if (rest.length === 0) return shown;
  const records = rest.reduce((sum, [, number]) => sum + number, 0);
  return [
    ...shown,
    `and ${counted(records, 'record')} of ${counted(rest.length, 'other id')} (see info --format json)`,
  ];
}

/** Records that have more than their row can hold; empty if there are none. */
function ignoredIds({ ignoredById = {} }: ImportHealth): string[] {
  const ids = Object.entries(ignoredById).map(
    ([id, number]) => `${id}  ${count(number).padStart(11)}  ${eventName(id)}`,
  );
  return ids.length === 0 ? [] : [...ids, 'flags or words of these that p2mtrace does not know; the rest was read'];
}

function tscRanges({ pcpus }: ImportHealth): string[] {
  return pcpus.map(({ pcpu, records, firstTsc, lastTsc }) => {
    const range =
      lastTsc === '0' ? 'no TSC' : `0x${BigInt(firstTsc).toString(16)} to 0x${BigInt(lastTsc).toString(16)}`;
    return `pcpu ${pcpu}: ${range}, ${counted(records, 'record')}`;
  });
}

function orderReason({ order, records, withoutTsc, pcpus }: ImportHealth): string {
  const reasons = clockReasons(order);
  if (order.late > 0) reasons.push(`${counted(order.late, 'record')} came too late to be sorted in`);
  if (order.confidence === 'approximate' && withoutTsc > 0) {
    reasons.push(
      `${count(withoutTsc)} of ${counted(records, 'record')} have no TSC, so the order between pcpus is only known ` +
        "from xentrace's polling rounds; the order on each pcpu is exact",
    );
  }
  if (order.confidence !== 'exact') return `${order.confidence}: ${reasons.join('; ')}`;
  if (pcpus.length <= 1) return 'exact: there is only one pcpu';
  return withoutTsc === 0
    ? 'exact: every record has a TSC'
    : `exact: ${count(records - withoutTsc)} of ${counted(records, 'record')} have a TSC, and the others follow them`;
}

/** What locks that two pcpus seem to have held at once say about the clocks of the pcpus. */
function clockReasons({ overlaps = 0, skew = [], contradictory = [] }: ImportHealth['order']): string[] {
  if (overlaps === 0) return [];
  const clocks = skew.map(({ pcpu, ticks, least, most }) => {
    const [low, high] = ticks > 0 ? [least, most] : [negative(most), negative(least)];
    const range = [
      low === undefined ? '' : `at least ${count(low)}`,
      high === undefined ? '' : `at most ${count(high)}`,
    ];
    const bounds = range.filter(text => text !== '').join(', ');
    return `the clock of pcpu ${pcpu} is ${count(Math.abs(ticks))} ticks ${ticks > 0 ? 'behind' : 'ahead'} (${bounds}), which its TSCs here are rid of`;
  });
  const wrong = contradictory.map(([a, b]) => `pcpu ${a} and pcpu ${b}`);
  return [
    `${counted(overlaps, 'lock')} would have been taken while another pcpu held ${overlaps === 1 ? 'it' : 'them'}`,
    ...clocks,
    ...(wrong.length === 0 ? [] : [`between ${wrong.join(', ')} no correction fits, and nothing is proven`]),
    ...(clocks.length + wrong.length === 0 ? ['clocks do not explain it: records are missing'] : []),
  ];
}

const negative = (ticks: number | undefined): number | undefined => (ticks === undefined ? undefined : -ticks);

/** How many rules of each analyzer can be decided in this trace, and what the others lack; `analyze` lists them. */
function checkLines(metadata: TraceMetadata): string[] {
  const rules = RULES.filter(({ policy }) => policy === undefined);
  const { decided, undecided } = decidableRules(rules, metadata);
  const can: string[] = [];
  const cannot: string[] = [];
  for (const { id } of ANALYZERS) {
    const own = decided.filter(({ analyzer }) => analyzer === id).length;
    const others = undecided.filter(({ rule }) => rule.analyzer === id);
    const all = own + others.length;
    if (own > 0) can.push(`${id}, ${others.length === 0 ? 'all' : own} of ${counted(all, 'rule')}`);
    if (others.length > 0) cannot.push(`${id}, ${others.length} of ${counted(all, 'rule')}: ${lacks(others)}`);
  }
  return [...listed('can check', can.length === 0 ? ['nothing'] : can), ...listed("can't check", cannot)];
}

/**
 * The kinds that a trace lacks for these rules, or has only in part. For some rules, one of several kinds is enough.
 */
function lacks(undecided: readonly Undecided[]): string {
  const missing = new Set(undecided.flatMap(one => one.missing).flatMap(need => need.split('|')));
  const cut = new Set(undecided.filter(one => one.missing.length === 0).map(({ reason }) => reason));
  return [...(missing.size === 0 ? [] : [`no ${[...missing].join(', ')} events`]), ...cut].join('; ');
}

/** `label  first`, and the others below it; empty if there are none. */
function listed(label: string, values: readonly string[]): string[] {
  return values.map((value, i) => `  ${(i === 0 ? label : '').padEnd(12)}${value}`);
}
