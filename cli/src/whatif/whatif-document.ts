import { type BlamedPair, type DeadlockMember, MAPPING, type WhatIf, type WhatIfRow } from '@p2mtrace/replayer';

/** Chosen by the command line, as it is printed. */
export interface WhatIfChoice {
  readonly foreign: string;
  readonly fairness: string;
  readonly pcpus: number;
  readonly seed: number;
  readonly overlay: string;
  readonly domain: number | null;
}

/** What `whatif --format json` prints; times are ticks, those in `seconds` null where the frequency is not known. */
export function whatIfDocument(
  trace: string,
  identity: string | undefined,
  hz: number | undefined,
  choice: WhatIfChoice,
  result: WhatIf,
) {
  const { counts, recordedWaits, recordedPcpus, shifts, notChecked, hasClock } = result;
  const clock: 'tsc' | 'events' = hasClock ? 'tsc' : 'events';
  return {
    trace,
    /** Of the trace's contents, whatever it is called; null if it has no checksums. */
    identity: identity ?? null,
    hz: hz ?? null,
    options: choice,
    clock,
    recorded: { pcpus: recordedPcpus, waits: recordedWaits, ...counts },
    shifts,
    rows: result.rows.map(row => rowOf(row, hz, result)),
    notChecked,
  };
}
export type WhatIfDocument = ReturnType<typeof whatIfDocument>;
export type WhatIfDocumentRow = WhatIfDocument['rows'][number];

function rowOf(row: WhatIfRow, hz: number | undefined, result: WhatIf) {
  const { discipline, granularity, upgrade, fairness, pcpus, sections, waited, wait, otherWait, makespan, ratio } = row;
  const seconds = (ticks: number | null) => (hz === undefined || ticks === null ? null : ticks / hz);
  const { refused, memory } = row;
  const bytes = (granules: number) => granules * memory.lockBytes;
  return {
    discipline,
    granularity,
    upgrade,
    fairness,
    pcpus,
    sections,
    waited,
    wait,
    seconds: {
      wait: {
        total: seconds(wait.total),
        median: seconds(wait.median),
        p99: seconds(wait.p99),
        max: seconds(wait.max),
      },
      makespan: seconds(makespan),
    },
    otherWait,
    makespan,
    ratio,
    parallelism: row.parallelism,
    upgrades: row.upgrades,
    refused: refused?.refused ?? null,
    refusals:
      refused === null
        ? null
        : {
            changes: refused.changes,
            refused: refused.refused,
            logDirty: refused.logDirty,
            unknown: refused.unknown,
            byCaller: sorted(refused.bySite).map(([site, times]) => ({ caller: result.siteName(site) ?? null, times })),
            byChange: sorted(refused.byChange).map(([change, times]) => ({ change, times })),
          },
    deadlockCount: row.deadlocks,
    forced: row.forced,
    deadlocks: row.told.map(({ time, members }) => ({
      time,
      members: members.map(member => memberOf(member, result)),
    })),
    foreign: row.foreign,
    memory: {
      ...memory,
      peakBytes: bytes(memory.peak),
      everBytes: bytes(memory.ever),
      preallocatedBytes: bytes(memory.preallocated),
    },
    blame: row.blame.map(pair => blameOf(pair, result)),
  };
}

const sorted = <K>(counts: ReadonlyMap<K, number>) => [...counts].sort((a, b) => b[1] - a[1]);

function memberOf({ pcpu, section, seq, site, resource, wanted, held }: DeadlockMember, result: WhatIf) {
  const range = (gfns: readonly [number, number] | null) => (gfns === null ? null : gfns.map(hex));
  return {
    pcpu,
    section: Number.isNaN(section) ? null : section,
    seq,
    caller: result.siteName(site) ?? null,
    lock: result.resourceName(resource),
    wanted: range(wanted),
    held: held.map(range),
  };
}

function blameOf({ holder, waiter, waits, ticks }: BlamedPair, result: WhatIf) {
  const holderName = holder === MAPPING ? 'a mapping' : (result.siteName(holder) ?? null);
  return { holder: holderName, waiter: result.siteName(waiter) ?? null, waits, ticks };
}

const hex = (gfn: number): string => `0x${gfn.toString(16)}`;
