import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { refusal } from './refusal.js';
import { Registry, SAY_EVERY } from './registry.js';
import { type AuditState, auditSchema, self, type WorkerState, workerSchema } from './who.js';
import type { WorkerCounts } from './worker-counts.js';

/** How long it may take to take leave where Redis does not answer. */
const LEAVE_MS = 1000;

/** A worker among those that use the queue: says that it is there, and which audits it does not work for. */
export class WorkerPresence {
  private readonly me = self();
  private readonly workers: Registry<WorkerState>;
  private readonly audits: Registry<AuditState>;
  private readonly about: Pick<WorkerState, 'settings' | 'parts' | 'jobs'>;
  private readonly counts: WorkerCounts;
  private readonly tell: (text: string) => void;
  /** Audits of which it told that it refuses them. */
  private readonly refused = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    redis: Redis,
    about: Pick<WorkerState, 'settings' | 'parts' | 'jobs'>,
    counts: WorkerCounts,
    tell: (text: string) => void,
  ) {
    this.workers = new Registry(redis, 'workers', workerSchema);
    this.audits = new Registry(redis, 'audits', auditSchema);
    this.about = about;
    this.counts = counts;
    this.tell = tell;
  }

  async start(): Promise<void> {
    await this.say();
    this.timer = setInterval(() => void this.say().catch(() => undefined), SAY_EVERY * 1000);
  }

  async leave(): Promise<void> {
    clearInterval(this.timer);
    const left = this.workers.leave(this.me.id).catch(() => undefined);
    await Promise.race([left, pause(LEAVE_MS, undefined, { ref: false })]);
  }

  private async say(): Promise<void> {
    const { id, ...me } = this.me;
    const { running, speed, numbers } = this.counts;
    const { judged, kept, failed, events } = numbers;
    await this.workers.say(id, { ...me, ...this.about, ...speed, running, judged, kept, failed, events });
    for (const [audit, { parts, host, pid }] of await this.audits.list()) {
      const why = refusal(this.about.parts, parts);
      if (why === undefined || this.refused.has(audit)) continue;
      this.refused.add(audit);
      this.tell(`refuses the traces of audit ${pid} on ${host}: ${why}`);
    }
  }
}
