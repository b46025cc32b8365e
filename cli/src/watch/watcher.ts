import { type AnalysisReport, type Finding, LiveAnalysis, type LiveAnalysisOptions } from '@p2mtrace/analyzers';
import { feedTrace, type LiveOrder, LiveReplay } from '@p2mtrace/replayer';
import type {
  BatchSink,
  Compression,
  EventReceiver,
  ImportHealth,
  TraceMetadata,
  TraceReader,
} from '@p2mtrace/trace-format';
import type { StreamLoss, StreamReceiver, StreamState } from '@p2mtrace/trace-format/xentrace';
import { isP2mError } from '../exit.js';
import { DEFAULT_KEEP, type Keep } from './keep.js';
import type { KnownFindings } from './known.js';
import { noNumbers, type WatchNumbers } from './numbers.js';
import { PieceFolder } from './piece-folder.js';
import { type Saved, saveFinding } from './save-finding.js';
import type { Teller } from './teller.js';

/** Of the time that judging takes, so many times as long passes before the next: a stream full of breaches goes on. */
const REST = 4;
const MOST_REST_MS = 1000;
/** A piece is ended early for a finding, if the last time is so long ago. */
const EARLY_MS = 5000;
/** A finding waits for a polling round of xentrace, and then for no more than this. */
const TICK_MS = 25;

export interface WatchSettings extends LiveAnalysisOptions {
  readonly keep?: Keep | undefined;
  readonly pieces?: string | undefined;
  readonly onFinding?: string | undefined;
  readonly compression?: Compression | undefined;
}

/** Takes a stream, keeps its last part, judges it, and has told what is found. */
export class Watcher implements StreamReceiver, EventReceiver {
  readonly numbers: WatchNumbers = noNumbers();
  /** Of the whole stream, once it has ended. */
  report: AnalysisReport | undefined;
  private readonly analysis: LiveAnalysis;
  private readonly settings: WatchSettings;
  private readonly known: KnownFindings;
  private readonly teller: Teller;
  private readonly pieces: PieceFolder | undefined;
  private replay: LiveReplay | undefined;
  private health: () => ImportHealth | undefined = () => undefined;
  private readonly losses: StreamLoss[] = [];
  private order: LiveOrder = 'exact';
  private endedEarlyAt = 0;
  /** Told, and to be saved when the piece of the moment has ended. */
  private readonly unsaved: Finding[] = [];
  private restUntil = 0;
  private timer: NodeJS.Timeout | undefined;
  private isBusy = false;
  private metadata: TraceMetadata | undefined;
  private judging: Promise<void> = Promise.resolve();

  /** @throws P2mError P2M_RULE, P2M_WRITE (usage) */
  constructor(settings: WatchSettings, known: KnownFindings, teller: Teller) {
    this.settings = settings;
    this.known = known;
    this.teller = teller;
    this.analysis = new LiveAnalysis(settings);
    if (settings.pieces === undefined) return;
    this.pieces = new PieceFolder(settings.pieces, settings.keep ?? DEFAULT_KEEP, settings.compression, error =>
      teller.trouble(`${error.code}: a piece can't be kept: ${error.message}; the stream is judged all the same`),
    );
  }

  open(metadata: TraceMetadata, known?: TraceMetadata): BatchSink {
    const replay = new LiveReplay(metadata, {
      wanted: this.analysis.wanted,
      checks: this.analysis.checks,
      known,
      onReplayed: (page, from, to) => this.pieces?.add(page, from, to),
      onRestart: isFromStart => this.analysis.restart(isFromStart),
    });
    replay.rows.onNames = names => this.pieces?.addNames(names);
    this.replay = replay;
    this.pieces?.turn(replay, this.health);
    if (known === undefined) {
      void this.alone(() => this.analysis.prepare(replay));
      this.timer = setInterval(() => this.tick(), TICK_MS);
    }
    return replay.rows;
  }

  losing(loss: StreamLoss): void {
    this.losses.push(loss);
    this.numbers.losses++;
    this.numbers.lostRecords += loss.count;
    this.replay?.losing(loss);
  }

  async afterRound(state: StreamState): Promise<void> {
    const { numbers } = this;
    numbers.bytes = state.bytes;
    numbers.heldBytes = state.heldBytes;
    numbers.late = state.late;
    this.health = () => state.health();
    if (state.overlaps > 0 && this.order !== 'contradictory') {
      this.teller.trouble(
        'two pcpus held one lock at once: their clocks are apart, and no order of two pcpus is certain from now on',
      );
    }
    this.order = state.overlaps > 0 ? 'contradictory' : state.isApproximate ? 'approximate' : 'exact';
    await this.alone(() => this.round(state.metadata()));
  }

  afterEvents(metadata: TraceMetadata): Promise<void> {
    return this.alone(() => this.round(metadata));
  }

  /** The events of a trace, of which everything is known before. @throws P2mError P2M_DAMAGED */
  async feed(reader: TraceReader, onEvents: (events: number) => void): Promise<void> {
    const { metadata } = reader;
    this.open(metadata, metadata);
    for (const { pcpu, count, firstTsc } of metadata.health?.lost ?? []) {
      this.losing({ pcpu, count, firstTsc: BigInt(firstTsc) });
    }
    this.health = () => metadata.health;
    for (const events of feedTrace(reader, (this.replay as LiveReplay).rows)) {
      await this.round(metadata);
      onEvents(events);
    }
  }

  /** Nothing is being judged at the moment: more events may come. */
  async idle(): Promise<void> {
    await this.judging;
  }

  /** Gives up, or gives back what was needed. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.judging.catch(() => undefined);
    await this.analysis.close();
  }

  /** The stream has ended: what was found in all of it. */
  async finish(): Promise<void> {
    clearInterval(this.timer);
    await this.judging;
    const { replay } = this;
    if (replay === undefined) return;
    await this.tellLosses();
    const { findings, report } = await this.analysis.finish(replay);
    this.count();
    this.pieces?.end(this.health());
    await this.tell(findings, true);
    await this.saveWaiting(true);
    this.report = report;
  }

  private async round(metadata: TraceMetadata): Promise<void> {
    const { replay } = this;
    if (replay === undefined) return;
    this.metadata = metadata;
    const before = this.numbers.events;
    replay.round(metadata, this.order);
    this.pieces?.turn(replay, this.health);
    this.count();
    if (this.numbers.events > before) this.numbers.lastEventAt = Date.now();
    await this.tellLosses();
    await this.saveWaiting();
    if (Date.now() >= this.restUntil) await this.judge();
  }

  private async judge(): Promise<void> {
    const { replay } = this;
    if (replay === undefined) return;
    const begun = Date.now();
    const found = await this.analysis.judge(replay);
    const now = Date.now();
    this.restUntil = now + Math.min(MOST_REST_MS, REST * (now - begun));
    await this.tell(found);
  }

  /** Does work while no more events come; the first error is kept for whoever brings the next ones. */
  private alone(work: () => Promise<void>): Promise<void> {
    this.isBusy = true;
    const done = this.judging.then(work).finally(() => {
      this.isBusy = false;
    });
    this.judging = done;
    // Told by `idle`, or by who waits for it here.
    done.catch(() => undefined);
    return done;
  }

  /** A stream may pause: what waits for a round, or for its turn to be judged, does not wait for its next bytes. */
  private tick(): void {
    const { replay, metadata } = this;
    if (this.isBusy || replay === undefined || metadata === undefined) return;
    if (replay.isBehind || Date.now() >= this.restUntil) void this.alone(() => this.round(metadata));
  }

  private count(): void {
    this.numbers.events = this.replay?.rows.end ?? 0;
    this.numbers.pieces = this.pieces?.count ?? 0;
    this.numbers.pieceBytes = this.pieces?.bytes ?? 0;
  }

  private async tellLosses(): Promise<void> {
    for (const loss of this.losses.splice(0)) await this.teller.loss(loss);
  }

  private async tell(findings: readonly Finding[], isEnd = false): Promise<void> {
    const { numbers } = this;
    const fresh = findings.filter(finding => !this.known.has(finding));
    numbers.known += findings.length - fresh.length;
    if (fresh.length === 0) return;
    const isSaved = this.endPiece(isEnd);
    for (const finding of fresh) {
      numbers.told[finding.severity]++;
      await this.teller.finding(finding, isSaved ? this.save(finding) : undefined);
      if (!isSaved && this.settings.onFinding !== undefined) this.unsaved.push(finding);
    }
  }

  /** Saves what was told while the piece with its events was too young to be ended. */
  private async saveWaiting(isEnd = false): Promise<void> {
    if (this.unsaved.length === 0 || !this.endPiece(isEnd)) return;
    for (const finding of this.unsaved.splice(0)) {
      const saved = this.save(finding);
      if (saved !== undefined) await this.teller.saved(finding, saved);
    }
  }

  /** Ends the piece of the moment, so that what it has can be saved; false if that is not to be, or was done just now. */
  private endPiece(isEnd: boolean): boolean {
    const { pieces, replay, settings } = this;
    if (pieces === undefined || replay === undefined || settings.onFinding === undefined) return false;
    if (isEnd) return true;
    if (Date.now() - this.endedEarlyAt < EARLY_MS) return false;
    this.endedEarlyAt = Date.now();
    pieces.end(this.health());
    pieces.turn(replay, this.health);
    return true;
  }

  private save(finding: Finding): Saved | undefined {
    const { pieces, settings, numbers } = this;
    if (pieces === undefined || settings.onFinding === undefined) return undefined;
    try {
      const saved = saveFinding(settings.onFinding, finding, pieces);
      if (saved !== undefined) numbers.saved++;
      return saved;
    } catch (error) {
      if (!isP2mError(error)) throw error;
      numbers.notSaved++;
      this.teller.trouble(`${error.code}: ${finding.id} can't be saved: ${error.message}`);
      return undefined;
    }
  }
}
