import { defineAnalyzer } from '../define-analyzer.js';
import { foreignCleared } from './foreign-cleared.js';
import { foreignLeft } from './foreign-left.js';
import { frontendLookup } from './frontend-lookup.js';
import { nested } from './nested.js';
import { wrongRestore } from './wrong-restore.js';

export const m2pOverride = defineAnalyzer({
  id: 'm2p-override',
  rules: [foreignLeft, foreignCleared, nested, frontendLookup, wrongRestore],
});
