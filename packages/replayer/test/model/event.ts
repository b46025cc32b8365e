import {
  type ColumnName,
  FLAG,
  type FlagName,
  flagNames,
  KINDS,
  type KindName,
  P2M_TYPES,
} from '@p2mtrace/trace-format';
import type { Row } from '../../../trace-format/test/support/rows.js';

/** An event as a line of NDJSON has it (docs/format.md): one object, what is absent is missing. */
export interface TraceEvent extends Partial<Record<BigName, bigint>>, Partial<Record<NumberName, number>> {
  readonly kind: KindName;
  readonly view?: string;
  readonly p2m_type?: string;
  readonly access?: string;
  readonly lock_class?: string;
  readonly mode?: string;
  readonly symbol?: string;
  readonly old_type?: string;
  readonly flags?: readonly FlagName[];
}

type BigName =
  | ('tsc' | 'gfn' | 'mfn' | 'count_info' | 'type_info' | 'lock' | 'caller')
  // arg0 and arg1 under the kinds' own names
  | ('end' | 'requested' | 'old_owner' | 'count' | 'entry_count' | 'rmap_count' | 'new_gfn' | 'ref' | 'handle')
  | ('generation' | 'evicted' | 'old_mfn' | 'vcpu' | 'runstate' | 'first_tsc' | 'outer_caller');
type NumberName = 'pcpu' | 'cur_domid' | 'cur_vcpu' | 'domid' | 'order' | 'owner' | 'level' | 'depth' | 'rc';

/** What a snapshot is about, by its columns. */
export function snapshotOf({ lock, domid, gfn, p2m_type, mfn }: TraceEvent): 'lock' | 'entry' | 'page' | 'nothing' {
  if (lock !== undefined) return 'lock';
  if (domid !== undefined && gfn !== undefined && p2m_type !== undefined) return 'entry';
  return mfn === undefined ? 'nothing' : 'page';
}

/** What a name of the event is called in the row, and whether it stands for a type. */
function argumentsOf(kind: KindName): { name: string; column: 'arg0' | 'arg1'; isType: boolean }[] {
  const args = KINDS.find(spec => spec.name === kind)?.args ?? [];
  return args.map((arg, index) => {
    const [name, type] = arg.split(':');
    return { name, column: index === 0 ? 'arg0' : 'arg1', isType: type === 'p2m_type' };
  });
}

/** The row that a trace has for an event. */
export function rowOf(event: TraceEvent): Row {
  const row: Record<string, unknown> = { ...event };
  if (event.flags !== undefined) row.flags = event.flags.reduce((bits, flag) => bits | FLAG[flag], 0);
  for (const { name, column, isType } of argumentsOf(event.kind)) {
    if (!(name in row)) continue;
    row[column] = isType ? BigInt(P2M_TYPES.indexOf(row[name] as never)) : row[name];
    delete row[name];
  }
  return row as Row;
}

/** The event of a row. */
export function eventOf(row: Partial<Record<ColumnName, unknown>> & { kind: KindName }): TraceEvent {
  const event = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as Record<
    string,
    unknown
  >;
  if (event.flags !== undefined) event.flags = flagNames(event.flags as number);
  for (const { name, column, isType } of argumentsOf(row.kind)) {
    if (column in event) event[name] = isType ? P2M_TYPES[Number(event[column])] : event[column];
    delete event[column];
  }
  return event as unknown as TraceEvent;
}

/** The line of NDJSON for an event. */
export function lineOf(event: TraceEvent): string {
  return JSON.stringify(event, (_, value) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value));
}
