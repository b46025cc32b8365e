import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { feedTrace, LiveReplay } from '@p2mtrace/replayer';
import { exportNdjson, importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { tempDir } from '../../../trace-format/test/support/temp-dir.js';
import { type AnalysisReport, analyzeTrace, faultRules, generateTrace, LiveAnalysis } from '../../src/index.js';

const path = tempDir();
const CORPUS = fileURLToPath(new URL('../../../../samples/corpus/rules/', import.meta.url));

afterEach(() => vi.useRealTimers());

/** Rules that need a second reading of a trace: of a stream with a circle of locks they are not checked. */
const OF_CIRCLES = ['predicted-deadlock', 'class-cycle', 'instance-cycle'].map(name => `lock-order.${name}`);
const isLive = ({ rule }: { readonly rule: string }) => !OF_CIRCLES.includes(rule);

/** What only a second reading tells: a stream leaves it open. */
const BY_PUTS = ['others_put_at', 'last_put_at'];
const withoutPuts = (key: string, value: unknown) => (BY_PUTS.includes(key) ? null : value);

/** What does not depend on how many occurrences are kept, in one order; of an analysis, what a stream can tell. */
function shown({ findings, customs, divergences, notChecked }: AnalysisReport, replacer?: typeof withoutPuts): unknown {
  const all = findings
    .filter(isLive)
    .map(({ signature, severity, confidence, mechanism, count, of, incident, occurrences }) => {
      return [signature, severity, confidence, mechanism, count, of, incident, occurrences];
    });
  return [all, customs, divergences, notChecked.filter(isLive)].map(list =>
    list.map(one => JSON.stringify(one, replacer)).sort(),
  );
}

/** Judges NDJSON that comes in pieces, one after the other; tells after which piece each finding was told. */
async function watched(text: string, length: number, ms = 100) {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
  const analysis = new LiveAnalysis();
  const told = new Map<string, number>();
  let replay: LiveReplay | undefined;
  let pieces = 0;
  let [roundEnd, isWarm] = [0, false];
  const take = (findings: readonly { readonly signature: string }[]) => {
    for (const { signature } of findings) told.set(signature, pieces);
  };
  async function* bytes() {
    for (let at = 0; at < text.length; at += length) {
      pieces++;
      vi.setSystemTime(Date.now() + ms);
      yield Buffer.from(text.slice(at, at + length));
    }
  }
  await importNdjson(bytes(), 'stream', {
    open(metadata) {
      const { wanted, checks } = analysis;
      replay = new LiveReplay(metadata, { wanted, checks, onRestart: isFromStart => analysis.restart(isFromStart) });
      return replay.rows;
    },
    async afterEvents(metadata) {
      replay?.round(metadata);
      if (replay === undefined) return;
      // Nothing waits for more than a round.
      if (isWarm && ms >= 100) expect(replay.replayer.seq).toBeGreaterThanOrEqual(roundEnd);
      isWarm ||= Date.now() > 1_000_000 + 300;
      roundEnd = replay.rows.end;
      take(await analysis.judge(replay));
    },
  });
  if (replay === undefined) throw new Error('there was no event');
  const { findings, report } = await analysis.finish(replay);
  take(findings);
  return { report, told, pieces };
}

async function faulty(seed: number) {
  const trace = path(`faulty-${seed}.arrow`);
  await generateTrace(trace, { scenario: 'mixed', events: 6000, seed, faults: faultRules(), skew: 0 });
  return trace;
}

async function ndjsonOf(reader: TraceReader): Promise<string> {
  let text = '';
  await exportNdjson(reader, more => {
    text += more;
  });
  return text;
}

describe('a stream is judged like a trace', () => {
  it('fed from a file, whatever faults it has', async () => {
    for (const seed of [1]) {
      const reader = TraceReader.open(await faulty(seed));
      const analysis = new LiveAnalysis();
      const { wanted, checks } = analysis;
      const replay = new LiveReplay(reader.metadata, { wanted, checks, known: reader.metadata });
      for (const _ of feedTrace(reader, replay.rows)) {
        replay.round(reader.metadata);
        await analysis.judge(replay);
      }
      const { report } = await analysis.finish(replay);
      expect(shown(report)).toEqual(shown(await analyzeTrace(reader), withoutPuts));
      expect(report.findings.length).toBeGreaterThan(40);
      expect(report.notChecked.map(({ rule }) => rule)).toEqual(expect.arrayContaining(OF_CIRCLES));
      reader.close();
    }
  }, 60_000);

  it('in bits that come fast, whatever faults it has', async () => {
    const reader = TraceReader.open(await faulty(3));
    const { report, told, pieces } = await watched(await ndjsonOf(reader), 60_000, 50);
    expect(shown(report)).toEqual(shown(await analyzeTrace(reader), withoutPuts));
    // Most are told long before the end: what only the end shows is a part of the rules.
    expect([...told.values()].filter(piece => piece < pieces).length).toBeGreaterThan(told.size / 2);
    reader.close();
  }, 60_000);

  it('in bits, each case of the corpus', async () => {
    const cases = readdirSync(CORPUS).filter((_, i) => i % 12 === 0);
    for (const name of cases) {
      const file = join(CORPUS, name, 'trace.ndjson');
      const trace = path(`${name}.arrow`);
      await importNdjson(file, file, trace);
      const reader = TraceReader.open(trace);
      const { report } = await watched(readFileSync(file, 'utf8'), 300);
      const [mine, theirs] = [report, await analyzeTrace(reader)].map(({ findings }) =>
        findings
          .filter(isLive)
          .map(({ signature, severity, confidence, count }) => [signature, severity, confidence, count])
          .sort(),
      );
      expect(mine, name).toEqual(theirs);
      reader.close();
    }
  }, 60_000);
});
