import { hex } from '@p2mtrace/trace-format';
import type { RuleRow } from '../rules/define-analyzer.js';
import type { SqlValue } from '../sql/query-result.js';
import type { Occurrence } from './finding.js';

/** Subjects that are frames, and so written in hex. */
const FRAMES = new Set(['gfn', 'mfn', 'mapped_gfn', 'table']);

/** A rule's row as an occurrence: `subject_X` and `at_ROLE` columns, the witnesses in order of seq. */
export function toOccurrence(row: RuleRow): Occurrence {
  const subject: Occurrence['subject'] = {};
  const witness: Occurrence['witness'] = [];
  for (const [name, value] of Object.entries(row)) {
    if (name.startsWith('subject_')) {
      const key = name.slice('subject_'.length);
      subject[key] = subjectValue(key, value);
    } else if (name.startsWith('at_') && value !== null) {
      witness.push({ seq: seqOf(name, value), role: name.slice('at_'.length) });
    }
  }
  witness.sort((a, b) => a.seq - b.seq);
  return { subject, witness };
}

function seqOf(name: string, value: SqlValue): number {
  const seq = Number(value);
  if (Number.isSafeInteger(seq) && seq >= 0) return seq;
  throw new Error(`${name} is ${String(value)}, which is no seq`);
}

function subjectValue(key: string, value: SqlValue): string | number | null {
  if (value === null) return null;
  if (FRAMES.has(key)) return hex(BigInt(value as bigint));
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  return typeof value === 'number' ? value : String(value);
}
