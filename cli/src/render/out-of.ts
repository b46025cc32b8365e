import type { Custom, DivergenceKind, Finding } from '@p2mtrace/analyzers';
import { count, counted } from './cell.js';

/** `37 of 20,030 references taken there`; `3 times` if opportunities were not counted. */
export function timesText({ count: times, of }: Pick<Finding, 'count' | 'of'>): string {
  if (of === null) return counted(times, 'time');
  return `${count(times)} of ${count(of.times)} ${of.what}${of.at === 'site' ? ' there' : ''}`;
}

/** Where the model does not fit this hypervisor: unknown customs, and values that differ from the model's. */
export function misfitLines(customs: readonly Custom[], divergences: readonly DivergenceKind[]): string[] {
  return [
    ...customs.map(({ rule, basis, count: times, of, what }) => {
      return `${rule} (${basis}): ${count(times)} of ${count(of)} ${what} contradict it; what it finds is one note`;
    }),
    ...divergences.flatMap(({ about, count: times, explains, text, check }) => [
      `${about}: ${counted(times, 'value')} other than the model's; ${count(explains)} of them because ${text}`,
      `  to check it: ${check}`,
    ]),
  ];
}
