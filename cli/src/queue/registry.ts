import type { Redis } from 'ioredis';
import type * as z from 'zod';
import { keyOf } from './names.js';
import { checked } from './queue-error.js';

/** How often who is there says so, and after how long a silence it is gone, in seconds. */
export const SAY_EVERY = 5;
const GONE_AFTER = 20;

/** Who is there: workers, or audits. Each says so from time to time; the clock is that of Redis. */
export class Registry<T> {
  private readonly redis: Redis;
  private readonly kind: 'workers' | 'audits';
  private readonly schema: z.ZodType<T>;

  constructor(redis: Redis, kind: 'workers' | 'audits', schema: z.ZodType<T>) {
    this.redis = redis;
    this.kind = kind;
    this.schema = schema;
  }

  async say(id: string, value: T): Promise<void> {
    const both = this.redis
      .multi()
      .hset(keyOf(this.kind), id, JSON.stringify(value))
      .set(keyOf(this.kind, id), '1', 'EX', GONE_AFTER);
    checked(await both.exec());
  }

  async leave(id: string): Promise<void> {
    await this.redis.multi().hdel(keyOf(this.kind), id).del(keyOf(this.kind, id)).exec();
  }

  /** Who is there, by id. What another version has written in another form is left out. */
  async list(): Promise<Map<string, T>> {
    const all = Object.entries(await this.redis.hgetall(keyOf(this.kind)));
    const found = new Map<string, T>();
    if (all.length === 0) return found;
    const alive = await this.redis.mget(all.map(([id]) => keyOf(this.kind, id)));
    for (const [i, [id, text]] of all.entries()) {
      if (alive[i] === null) await this.redis.hdel(keyOf(this.kind), id);
      else {
        const { data } = this.schema.safeParse(parsed(text));
        if (data !== undefined) found.set(id, data);
      }
    }
    return found;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
