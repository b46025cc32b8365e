import { defineAnalyzer } from '../define-analyzer.js';
import { foreignBlocks } from './foreign-blocks.js';
import { getWithoutPut } from './get-without-put.js';
import { overlap } from './overlap.js';
import { putWithoutGet } from './put-without-get.js';
import { splitCriticalSection } from './split-critical-section.js';
import { unaligned } from './unaligned.js';

export const gfnRange = defineAnalyzer({
  id: 'gfn-range',
  rules: [overlap, putWithoutGet, getWithoutPut, unaligned, splitCriticalSection, foreignBlocks],
});
