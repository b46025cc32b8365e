import type { Custom, Finding } from '@p2mtrace/analyzers';
import { jsonText } from '../render/json.js';
import type { Row } from './write-rows.js';

/** What is said of a trace besides its facts. */
export interface Judgement {
  readonly path: string;
  readonly events: number;
  readonly lost: number;
  readonly notices: readonly string[];
  readonly doubts: readonly string[];
  readonly findings: readonly Finding[];
  readonly customs: readonly Custom[];
  readonly notChecked: readonly { readonly rule: string; readonly reason: string }[];
  readonly metrics: Readonly<Record<string, number | null>>;
}

/** What metrics mean, by name. */
export type MetricKinds = readonly { readonly name: string; readonly unit: string; readonly better: string }[];

/** Of the file that was judged. */
export interface Judged {
  readonly judgement: Judgement;
  readonly content: string;
  /** When the file was written, ms since 1970. */
  readonly written: number;
  readonly tool: string;
  readonly buildId: string | undefined;
}

/** Rows of the tables that a judgement adds, by table. */
export function judgementRows(
  { judgement, content, written, tool, buildId }: Judged,
  kinds: MetricKinds,
): Record<string, Row[]> {
  const { path, events, lost, notices, doubts, findings, customs, notChecked, metrics } = judgement;
  const values: Readonly<Record<string, number | null>> = { events, lost, ...metrics };
  return {
    traces: [
      {
        path,
        content,
        written: new Date(written).toISOString(),
        tool,
        build_id: buildId ?? null,
        events,
        lost,
        notices: lines(notices),
        doubts: lines(doubts),
      },
    ],
    findings: findings.map(findingRow),
    occurrences: findings.flatMap(occurrenceRows),
    metrics: kinds.map(({ name, unit, better }) => ({ name, unit, better, value: values[name] ?? null })),
    customs: customs.map(({ rule, mechanism, basis, count, of, what }) => ({
      rule,
      mechanism,
      basis,
      count,
      of_times: of,
      of_what: what,
    })),
    not_checked: notChecked.map(({ rule, reason }) => ({ rule, reason })),
  };
}

const lines = (texts: readonly string[]) => (texts.length === 0 ? null : texts.join('\n'));

function findingRow({ occurrences, of, ...finding }: Finding): Row {
  return { ...finding, of_times: of?.times ?? null, of_what: of?.what ?? null, of_at: of?.at ?? null };
}

function occurrenceRows({ id, rule, occurrences }: Finding): Row[] {
  return occurrences.map(({ subject, witness }, i) => ({
    finding: id,
    rule,
    number: i + 1,
    domid: whole(subject.domid),
    gfn: frame(subject.gfn),
    mfn: frame(subject.mfn),
    first_seq: witness[0]?.seq ?? null,
    subject: jsonText(subject),
    witness: jsonText(witness),
  }));
}

/** A plugin may say anything. */
const whole = (value: unknown) =>
  Number.isInteger(value) && Math.abs(value as number) < 2 ** 31 ? (value as number) : null;

/** Hex text, which may be any u64, as digits. */
function frame(value: unknown): string | null {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{1,16}$/i.test(value)) return null;
  return BigInt(value).toString();
}
