import { defineAnalyzer } from '../../define-analyzer.js';
import { countDivergence } from './count-divergence.js';
import { getOnFree } from './get-on-free.js';
import { leak } from './leak.js';
import { underflow } from './underflow.js';

export const refcount = defineAnalyzer({ id: 'refcount', rules: [leak, underflow, getOnFree, countDivergence] });
