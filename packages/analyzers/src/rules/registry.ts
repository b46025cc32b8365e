import { altp2mSharing } from './altp2m-sharing/index.js';
import { consistency } from './consistency/index.js';
import type { Analyzer } from './define-analyzer.js';
import { gfnRange } from './gfn-range/index.js';
import { lockOrder } from './lock-order/index.js';
import { m2pOverride } from './m2p-override/index.js';
import { refcount } from './refcount/index.js';
import { useAfterUnmap } from './use-after-unmap/index.js';

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
