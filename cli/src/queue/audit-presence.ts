import type { Redis } from 'ioredis';
import { refusal } from './refusal.js';
import { Registry, SAY_EVERY } from './registry.js';
import { type AuditState, auditSchema, self, type WorkerState, workerSchema } from './who.js';

/** An audit among those that use the queue: says that it is there, and looks which workers are. */
export class AuditPresence {
  private readonly me = self();
  private readonly audits: Registry<AuditState>;
  private readonly workers: Registry<WorkerState>;
  private readonly about: Pick<AuditState, 'settings' | 'parts' | 'flow' | 'traces'>;
  private saidAt = 0;
  private lookedAt = 0;

  constructor(redis: Redis, about: Pick<AuditState, 'settings' | 'parts' | 'flow' | 'traces'>) {
    this.audits = new Registry(redis, 'audits', auditSchema);
    this.workers = new Registry(redis, 'workers', workerSchema);
    this.about = about;
  }

  async say(done: number): Promise<void> {
    const { id, ...me } = this.me;
    this.saidAt = Date.now();
    await this.audits.say(id, { ...me, ...this.about, done });
  }

  /** Says it if it is time to. */
  async sayInTime(done: number): Promise<void> {
    if (Date.now() - this.saidAt >= SAY_EVERY * 1000) await this.say(done);
  }

  /** How many workers take the traces, and why the others do not; undefined if it was looked a moment ago. */
  async workersInTime(): Promise<{ fits: number; refusals: string[] } | undefined> {
    if (Date.now() - this.lookedAt < (SAY_EVERY * 1000) / 2) return undefined;
    this.lookedAt = Date.now();
    const all = [...(await this.workers.list()).values()];
    const refusals = all.flatMap(({ host, pid, parts }) => {
      const why = refusal(parts, this.about.parts);
      return why === undefined ? [] : [`Worker ${pid} on ${host} refuses: ${why}`];
    });
    return { fits: all.length - refusals.length, refusals };
  }

  /** Whether another audit waits for the same flow. */
  async isShared(flow: string): Promise<boolean> {
    return [...(await this.audits.list()).values()].some(one => one.flow === flow);
  }

  leave(): Promise<void> {
    return this.audits.leave(this.me.id);
  }
}
