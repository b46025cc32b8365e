import { defineAnalyzer } from '../../define-analyzer.js';
import { freedWhileMapped } from './freed-while-mapped.js';
import { lateReference } from './late-reference.js';
import { staleTranslation } from './stale-translation.js';

export const useAfterUnmap = defineAnalyzer({
  id: 'use-after-unmap',
  rules: [staleTranslation, lateReference, freedWhileMapped],
});
