import type { ImportHealth, TraceMetadata } from '@p2mtrace/trace-format';
import { checksOf } from '../checks.js';
import { eventName } from '../event-names.js';
import { count, counted } from './cell.js';

/** Ids that no table lists are many in a trace of everything; these many are named. */
const UNKNOWN_SHOWN = 10;

/** What an import found, for people: what was read and lost, how the order is known, and what can be checked. */
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
      health.misfits === 0 ? 'none' : `${counted(health.misfits, 'record')} of a known id whose contents fit no column`,
    ]),
    ...listed('skipped', [
      health.skippedBytes === 0 ? 'no byte' : `${counted(health.skippedBytes, 'byte')} of ${count(health.bytes)}`,
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

function tscRanges({ pcpus }: ImportHealth): string[] {
  return pcpus.map(({ pcpu, records, firstTsc, lastTsc }) => {
    const range =
      lastTsc === '0' ? 'no TSC' : `0x${BigInt(firstTsc).toString(16)} to 0x${BigInt(lastTsc).toString(16)}`;
    return `pcpu ${pcpu}: ${range}, ${counted(records, 'record')}`;
  });
}

function orderReason({ order, records, withoutTsc, pcpus }: ImportHealth): string {
  const reasons = clockReasons(order);
  if (order.late > 0) reasons.push(`${counted(order.late, 'record')} came too late to be put where they belong`);
  if (order.confidence === 'approximate' && withoutTsc > 0) {
    reasons.push(
      `${count(withoutTsc)} of ${counted(records, 'record')} have no TSC: how those of different pcpus lie to each ` +
        "other rests on xentrace's polling rounds; each pcpu's own order is right",
    );
  }
  if (order.confidence !== 'exact') return `${order.confidence}: ${reasons.join('; ')}`;
  if (pcpus.length <= 1) return 'exact: there is one pcpu only';
  return withoutTsc === 0
    ? 'exact: every record has a TSC'
    : `exact: ${count(records - withoutTsc)} of ${counted(records, 'record')} have a TSC, and the others follow theirs`;
}

/** What locks that two pcpus would have had at once say of the pcpus' clocks. */
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

function checkLines(metadata: TraceMetadata): string[] {
  const checks = checksOf(metadata).map(({ name, missing, partial }) => {
    if (missing.length > 0) return { name, why: `no ${missing.join(' and no ')} events in this trace` };
    return {
      name,
      why: partial.length > 0 ? `${partial.join(' and ')} events were left out of this piece` : undefined,
    };
  });
  const can = checks.filter(({ why }) => why === undefined).map(({ name }) => name);
  const cannot = checks.flatMap(({ name, why }) => (why === undefined ? [] : [`${name}: ${why}`]));
  return [...listed('can check', [can.join(', ') || 'nothing']), ...listed("can't check", cannot)];
}

/** `label  first`, and the others below it; nothing for none. */
function listed(label: string, values: readonly string[]): string[] {
  return values.map((value, i) => `  ${(i === 0 ? label : '').padEnd(12)}${value}`);
}
