import { defineAnalyzer } from '../define-analyzer.js';
import { changedWhileReferenced } from './changed-while-referenced.js';
import { freedBeforeFlush } from './freed-before-flush.js';
import { freedWhileMapped } from './freed-while-mapped.js';
import { givenWhileMapped } from './given-while-mapped.js';
import { lateReference } from './late-reference.js';
import { refusedReference } from './refused-reference.js';
import { staleTranslation } from './stale-translation.js';
import { unmappedUse } from './unmapped-use.js';
import { unprotectedWindow } from './unprotected-window.js';
import { useAfterFree } from './use-after-free.js';

export const useAfterUnmap = defineAnalyzer({
  id: 'use-after-unmap',
  rules: [
    staleTranslation,
    lateReference,
    refusedReference,
    useAfterFree,
    unmappedUse,
    freedWhileMapped,
    givenWhileMapped,
    freedBeforeFlush,
    unprotectedWindow,
    changedWhileReferenced,
  ],
});
