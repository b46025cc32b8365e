import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { connect, disconnect } from '../queue/connect.js';
import { queueAddress } from '../queue/queue-address.js';
import { onQueue } from '../queue/queue-error.js';
import { type QueueState, queueState } from '../queue/queue-state.js';
import { jsonDocument } from '../render/json.js';
import { writeRows } from '../render/rows.js';
import type { Terminal } from '../terminal.js';

interface Options {
  readonly format: 'table' | 'json';
}

export const run: Run<readonly [string | undefined], Options> = async ([url], { format }, { out, err }) => {
  const address = queueAddress(url);
  const redis = await connect(address, text => err.say(`p2mtrace: ${text}\n`));
  try {
    const state = await onQueue(address.name, () => queueState(redis));
    if (format === 'json') await out.write(jsonDocument(state, 1));
    else await writeTables(state, out);
  } finally {
    disconnect(redis);
  }
  return EXIT.fine;
};

async function writeTables({ traces, audits, workers, failures }: QueueState, out: Terminal): Promise<void> {
  if (traces.length + audits.length + workers.length === 0) {
    await out.write('nothing waits, and nobody is there\n');
    return;
  }
  const table = async (names: readonly string[], rows: readonly (readonly unknown[])[], text: readonly string[]) => {
    if (rows.length === 0) return;
    const columns = names.map(name => ({ name, right: !text.includes(name) }));
    await writeRows(out, 'table', columns, rows);
    await out.write('\n');
  };
  await table(
    ['settings', 'version', 'workers', 'waiting', 'again', 'running', 'failed', 'traces/min', 'events/s', 'left'],
    traces.map(one => [
      one.settings,
      one.version,
      one.workers,
      one.waiting,
      one.delayed,
      one.running,
      one.failed,
      one.tracesPerMinute,
      one.eventsPerSecond,
      one.secondsLeft === null ? '' : `${one.secondsLeft} s`,
    ]),
    ['settings', 'version'],
  );
  await table(
    ['audit', 'pid', 'settings', 'traces', 'done', 'since'],
    audits.map(one => [one.host, one.pid, one.settings, one.traces, one.done, one.since]),
    ['audit', 'settings', 'since'],
  );
  await table(
    ['worker', 'pid', 'settings', 'version', 'jobs', 'running', 'judged', 'kept', 'failed', 'traces/min', 'events/s'],
    workers.map(one => [
      one.host,
      one.pid,
      one.settings,
      one.parts.version,
      one.jobs,
      one.running,
      one.judged,
      one.kept,
      one.failed,
      one.tracesPerMinute,
      one.eventsPerSecond,
    ]),
    ['worker', 'settings', 'version'],
  );
  await table(
    ['failed', 'code', 'why', 'tries', 'at'],
    failures.map(one => [one.path, one.code, one.message, one.tries, one.at]),
    ['failed', 'code', 'why', 'at'],
  );
}
