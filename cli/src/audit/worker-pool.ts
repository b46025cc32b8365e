import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AuditSettings, AuditTask, FromWorker } from './audit-task.js';

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));

/** Called when a task ends; `crash` says how its worker ended, if it did before the task was done. */
export type OnDone = (task: AuditTask, crash: string | undefined) => void;

/**
 * Audits tasks in parallel, in separate processes that each have one task at a time. If a worker ends, only its task is
 * lost: another worker takes its place.
 */
export async function runTasks(
  tasks: readonly AuditTask[],
  settings: AuditSettings,
  workers: number,
  onDone: OnDone,
): Promise<void> {
  const waiting = [...tasks];
  const lanes = Array.from({ length: Math.min(workers, tasks.length) }, () => runLane(waiting, settings, onDone));
  await Promise.all(lanes);
}

/** Starts one worker after the other until no task is waiting. */
async function runLane(waiting: AuditTask[], settings: AuditSettings, onDone: OnDone): Promise<void> {
  let worker: ChildProcess | undefined;
  for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
    worker ??= start(settings);
    const crash = await runTask(worker, task);
    if (crash !== undefined) worker = undefined;
    onDone(task, crash);
  }
  worker?.disconnect();
}

function start(settings: AuditSettings): ChildProcess {
  const worker = fork(WORKER, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
  worker.send({ settings });
  return worker;
}

/** How the worker ended, if it did before the task was done. */
function runTask(worker: ChildProcess, task: AuditTask): Promise<string | undefined> {
  return new Promise(resolve => {
    let said = '';
    const onText = (text: Buffer) => {
      said = `${said}${text}`.slice(-2000);
    };
    const end = (crash: string | undefined) => {
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      worker.off('error', onError);
      worker.stderr?.off('data', onText);
      resolve(crash);
    };
    const onMessage = ({ done }: FromWorker) => done === task.key && end(undefined);
    const onExit = (code: number | null, signal: string | null) => {
      const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
      end(`its worker ended ${how}${said === '' ? '' : `: ${said.trim()}`}`);
    };
    const onError = (error: Error) => end(`its worker can't be reached: ${error.message}`);
    worker.stderr?.on('data', onText);
    worker.on('message', onMessage).once('exit', onExit).once('error', onError);
    worker.send({ task });
  });
}
