import type { BatchBlock, ImportHealth, StreamLoss, TraceMetadata } from '@p2mtrace/trace-format';
import { FACT_COLUMNS } from '../batch/replay-batch.js';
import type { FactSelection } from '../facts/fact-sink.js';
import { FactStore } from '../facts/fact-store.js';
import { finishFacts } from '../finish-facts.js';
import { Certainty } from '../order/certainty.js';
import { LOOKUP_COLUMNS } from '../order/lookup-order.js';
import { ORDER_COLUMNS } from '../order/order-rows.js';
import { RowReader } from '../order/row-reader.js';
import { suspects } from '../predict/suspects.js';
import type { CheckOptions } from '../replay-options.js';
import { Replayer } from '../replayer.js';
import { clockSlack } from '../state/clock-slack.js';
import { DECIDING_KINDS } from './deciding-kinds.js';
import { LiveLosses } from './live-losses.js';
import type { LivePage } from './live-page.js';
import { LiveRows } from './live-rows.js';
import { copyState, snapshotBlock } from './live-snapshot.js';

/** Rows that wait for later ones while more come in a stream: as far as the search for an order looks ahead. */
const AHEAD = 2 ** 16;

/** xentrace polls ten times a second; what comes faster is of the past. */
const ROUND_MS = 90;
/** So many events, or so long, a replay waits before it begins; longer where events come fast, and show soon what there is. */
const WARM_ROWS = 2 ** 18;
const WARM_MS = { few: 180, many: 900 };
const FEW_ROWS = 2 ** 15;

export interface LiveReplayOptions {
  readonly wanted: FactSelection;
  readonly checks: CheckOptions;
  /** Called with events once they have been replayed. */
  readonly onReplayed?: ((page: LivePage, from: number, to: number) => void) | undefined;
  /** What is known of the whole recording, where it is one that has ended: then no replay begins anew. */
  readonly known?: TraceMetadata | undefined;
  /** Facts so far are void: the replay begins anew, at its beginning or with the state that it has. */
  readonly onRestart?: ((isFromStart: boolean) => void) | undefined;
}

/** As an import has it: approximate, some records have no TSC; contradictory, clocks are apart. */
export type LiveOrder = 'exact' | 'approximate' | 'contradictory';

/** How often a mechanism of a rule could have fired at a call site, -1 for an unknown one. */
export interface LiveOpportunity {
  readonly rule: string;
  readonly mechanism: string;
  readonly caller: number;
  readonly times: number;
}

/**
 * Replays a stream while it comes. Memory is that of the live state and of the last events. What a recording has is not
 * known before its end: when a kind of event comes for the first time that decides what the checks may conclude, the
 * replay begins anew, from the start if all events are still there, else with the state that it has.
 */
export class LiveReplay {
  readonly rows: LiveRows;
  readonly losses = new LiveLosses();
  /** Facts since they were last taken. */
  readonly store: FactStore;
  replayer: Replayer;
  private readonly options: LiveReplayOptions;
  /** What the replayer was told of the recording. */
  private told = '';
  /** How far the order of events of different pcpus can be relied on. */
  private order: LiveOrder = 'exact';
  /** seq from which on the replay knows. */
  private since = 0;
  /** seq before which everything was handed on. */
  private passed = 0;
  private roundEnd = 0;
  private roundAt = 0;
  /** When the first events came. */
  private begunAt = 0;
  private isBegun = false;
  private scratch: BatchBlock | undefined;
  private readonly earlier: LiveOpportunity[] = [];

  constructor(metadata: TraceMetadata, options: LiveReplayOptions) {
    this.rows = new LiveRows(metadata);
    this.options = options;
    this.store = new FactStore(options.wanted);
    this.rows.onFull = () => {
      if (this.isWarm()) this.advance(this.rows.end - AHEAD);
    };
    this.replayer = this.start();
  }

  /** What the recording is known to have. */
  get metadata(): TraceMetadata {
    return this.options.known ?? this.rows.counted();
  }

  /** Witnesses before this event are of the state with which the replay began, not of events. */
  get begin(): number {
    return this.since;
  }

  /** Records that will be missing. */
  losing(loss: StreamLoss): void {
    this.losses.add(loss);
  }

  /** Replays what a polling round has made certain. `metadata`: with the layout that fits so far. */
  round(metadata: TraceMetadata, order: LiveOrder = 'exact'): void {
    const now = Date.now();
    if (this.rows.end === 0) return;
    if (this.begunAt === 0) this.begunAt = now;
    this.rows.metadata = { ...this.rows.metadata, layout: metadata.layout, assumed: metadata.assumed };
    this.order = order;
    if (!this.isWarm(now)) return;
    const isOver = now - this.roundAt >= ROUND_MS;
    // A round in which nothing has come yet shows nothing before it is over.
    if (isOver) this.advance(Math.max(this.rows.settled(this.replayer.seq), this.roundEnd));
    else if (this.rows.isAtWork) this.advance(this.rows.settled(this.replayer.seq));
    if (!isOver && this.replayer.seq < this.roundEnd) return;
    // What is there now waits for one more round: a pcpu that has no row by then has nothing to say.
    this.roundAt = now;
    this.roundEnd = this.rows.end;
    this.rows.beginRound();
  }

  /** Events wait for what shows that they are in order. */
  get isBehind(): boolean {
    return this.replayer.seq < this.rows.end;
  }

  /** The stream has ended. */
  finish(): void {
    this.advance(this.rows.end);
    this.flush();
    finishFacts(this.replayer, undefined);
  }

  /** Hands what was found since the last time to the store; not to be called once the stream has ended. */
  flush(): void {
    const { replayer } = this;
    for (const table of [replayer.health.divergences, replayer.health.losses]) {
      for (const at of table.openOffsets()) table.close(at);
    }
    replayer.factWriter.flush();
  }

  /** The first events show which kinds are recorded: to begin anew with each of them would cost time. */
  private isWarm(now = this.begunAt): boolean {
    if (this.isBegun) return true;
    const { end } = this.rows;
    const patience = end < FEW_ROWS ? WARM_MS.few : WARM_MS.many;
    this.isBegun = this.options.known !== undefined || end >= WARM_ROWS || now - this.begunAt >= patience;
    return this.isBegun;
  }

  /** Locks were taken in a circle: whether that can be a deadlock, only a second reading of the trace shows. */
  get hasSuspects(): boolean {
    return suspects(this.replayer.facts?.locks.edgeList() ?? []).length > 0;
  }

  /** How often rules could have fired so far. */
  opportunities(): LiveOpportunity[] {
    const found = [...this.earlier];
    this.replayer.checks?.forEachOpportunity((rule, mechanism, caller, times) =>
      found.push({ rule, mechanism, caller, times }),
    );
    return found;
  }

  /** Hands over what is known of domains so far: also where the p2m of each was last used. */
  tellDomains(): void {
    const { health, lastP2mSeq } = this.replayer;
    for (let domid = 0; domid < lastP2mSeq.length; domid++) {
      if (!Number.isNaN(lastP2mSeq[domid])) health.finish(domid, lastP2mSeq[domid]);
    }
    health.domains.finish();
  }

  private advance(to: number): void {
    if (to <= this.replayer.seq) return;
    this.restartIfDecided();
    this.replay(to);
    if (this.rows.start > this.since) this.losses.forget();
  }

  private replay(to: number): void {
    const { replayer, losses, options } = this;
    while (replayer.seq < to) {
      const page = this.rows.pageOf(replayer.seq);
      const from = replayer.seq - page.firstSeq;
      const end = Math.min(to - page.firstSeq, page.rows);
      let at = from;
      for (const { row, pcpu } of losses.in(page, from, end)) {
        if (row > at) replayer.apply(page.view, at, row);
        replayer.beginLoss(pcpu);
        at = row;
      }
      replayer.apply(page.view, at, end);
      const first = Math.max(from, this.passed - page.firstSeq);
      if (first < end) options.onReplayed?.(page, first, end);
      this.passed = Math.max(this.passed, page.firstSeq + end);
    }
  }

  /** Begins anew if more is known of the recording than the replayer was told. */
  private restartIfDecided(): void {
    if (this.options.known !== undefined) return;
    const { layout } = this.rows.metadata;
    const { counts, hasResults } = this.rows;
    const told = `${layout} ${hasResults} ${this.order} ${DECIDING_KINDS.filter(kind => counts[kind] > 0).join()}`;
    if (told === this.told) return;
    this.told = told;
    const { replayer } = this;
    const isFromStart = this.since === 0 && this.rows.start === 0;
    if (isFromStart) this.store.takeAll();
    else this.keep();
    this.replayer = this.start();
    if (isFromStart) {
      this.losses.restart();
    } else {
      for (const pcpu of replayer.losing) this.replayer.beginLoss(pcpu);
      this.scratch ??= snapshotBlock(this.rows);
      copyState(this.rows, replayer, this.replayer, this.scratch);
      this.since = replayer.seq;
    }
    this.options.onRestart?.(isFromStart);
    if (isFromStart) this.replay(replayer.seq);
  }

  /** Of the replayer that goes: what it has found, and counted. */
  private keep(): void {
    this.earlier.splice(0, Number.POSITIVE_INFINITY, ...this.opportunities());
    this.flush();
  }

  /** What a replay is told of the order is the health of an import. */
  private headMetadata(): TraceMetadata {
    const { metadata } = this;
    if (this.options.known !== undefined || this.order === 'exact') return metadata;
    return { ...metadata, health: { ...NO_HEALTH, order: { confidence: this.order, late: 0 } } };
  }

  private start(): Replayer {
    const { rows, store, options } = this;
    const metadata = this.headMetadata();
    const replayer = new Replayer({ metadata, names: rows.names }, { facts: store, checks: options.checks });
    const order = this.order === 'contradictory' ? allPairs() : metadata.health?.order;
    replayer.follow({
      rows: new RowReader(rows, FACT_COLUMNS),
      lookups: new RowReader(rows, LOOKUP_COLUMNS),
      certainty: new Certainty(new RowReader(rows, ORDER_COLUMNS), clockSlack(order), order),
    });
    return replayer;
  }
}

const NO_HEALTH: ImportHealth = {
  bytes: 0,
  skippedBytes: 0,
  records: 0,
  byId: {},
  unknownById: {},
  misfits: 0,
  lost: [],
  withoutTsc: 0,
  pcpus: [],
  order: { confidence: 'exact', late: 0 },
  problems: [],
};

/** An order in which no pcpu's clock is to be compared with another's. */
function allPairs() {
  const contradictory = Array.from({ length: 4096 }, (_, pcpu): [number, number] => [pcpu, pcpu]);
  return { confidence: 'contradictory' as const, late: 0, contradictory };
}
