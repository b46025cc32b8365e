import type { Analyzer } from './define-analyzer.js';
import { altp2mSharing } from './rules/altp2m-sharing/index.js';
import { consistency } from './rules/consistency/index.js';
import { gfnRange } from './rules/gfn-range/index.js';
import { lockOrder } from './rules/lock-order/index.js';
import { m2pOverride } from './rules/m2p-override/index.js';
import { refcount } from './rules/refcount/index.js';
import { useAfterUnmap } from './rules/use-after-unmap/index.js';

/** The built-in analyzers; a new one is a folder under rules/ and a line here. */
export const ANALYZERS: readonly Analyzer[] = [
  useAfterUnmap,
  refcount,
  lockOrder,
  gfnRange,
  consistency,
  altp2mSharing,
  m2pOverride,
];
