import { defineAnalyzer } from '../define-analyzer.js';
import { nominateReferences } from './nominate-references.js';
import { remapLost } from './remap-lost.js';
import { staleView } from './stale-view.js';
import { unlistedView } from './unlisted-view.js';
import { unshareNotShared } from './unshare-not-shared.js';

export const altp2mSharing = defineAnalyzer({
  id: 'altp2m-sharing',
  rules: [unlistedView, staleView, unshareNotShared, nominateReferences, remapLost],
});
