import { defineAnalyzer } from '../define-analyzer.js';
import { classCycle } from './class-cycle.js';
import { heldAtEnd } from './held-at-end.js';
import { instanceCycle } from './instance-cycle.js';
import { level } from './level.js';
import { longHold } from './long-hold.js';
import { notRecursive } from './not-recursive.js';
import { outOfOrderRelease } from './out-of-order-release.js';
import { predictedDeadlock } from './predicted-deadlock.js';
import { readInversion } from './read-inversion.js';
import { releaseElsewhere } from './release-elsewhere.js';
import { releaseNotHeld } from './release-not-held.js';
import { upgrade } from './upgrade.js';

export const lockOrder = defineAnalyzer({
  id: 'lock-order',
  rules: [
    level,
    readInversion,
    predictedDeadlock,
    classCycle,
    instanceCycle,
    upgrade,
    heldAtEnd,
    releaseNotHeld,
    releaseElsewhere,
    outOfOrderRelease,
    notRecursive,
    longHold,
  ],
});
