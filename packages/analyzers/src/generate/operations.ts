import { access, balloonOut, critical, peek, populate } from './guest-memory.js';
import { podDemand, podFill, podMark, podZeroCheck } from './pod-operations.js';
import { shadowPool } from './shadow-pool.js';
import { share, unshare } from './sharing-operations.js';
import { pagerLooks, shortLife } from './short-life.js';

/** Every operation, and how often each scenario does it. */
export const OPERATIONS = {
  populate,
  access,
  critical,
  peek,
  balloonOut,
  podFill,
  podMark,
  podDemand,
  podZeroCheck,
  share,
  unshare,
  shadowPool,
  shortLife,
  pagerLooks,
};
export type OperationName = keyof typeof OPERATIONS;

const MEMORY = { populate: 4, access: 6, critical: 3, peek: 2, balloonOut: 3 };
const POD = { podFill: 1, podMark: 1, podDemand: 2, podZeroCheck: 0.3 };

export const SCENARIOS: Readonly<Record<string, Readonly<Partial<Record<OperationName, number>>>>> = {
  mixed: { ...MEMORY, ...POD, share: 1, unshare: 1, shadowPool: 1, shortLife: 0.05, pagerLooks: 0.5 },
  balloon: { populate: 5, access: 2, critical: 1, peek: 1, balloonOut: 5 },
  pod: { populate: 1, access: 2, critical: 1, balloonOut: 3, podFill: 3, podMark: 3, podDemand: 5, podZeroCheck: 1 },
  lookups: { populate: 2, access: 10, critical: 6, peek: 6, balloonOut: 1 },
  sharing: { ...MEMORY, share: 5, unshare: 4 },
  shadow: { ...MEMORY, shadowPool: 8 },
  paging: { ...MEMORY, shortLife: 0.5, pagerLooks: 4 },
};
