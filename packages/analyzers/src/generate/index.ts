export { generateTrace } from './generate.js';
export { SCENARIOS } from './operations.js';
export { faultRules } from './templates.js';
export type { Planted, WorkloadOptions } from './workload.js';
