/** Makes a trace. */
export { generateTrace } from './generate.js';
/** What a workload can do. */
export { SCENARIOS } from './operations.js';
/** What a workload is made of. */
export type { Planted } from './planted.js';
/** Rules whose faults can be planted. */
export { faultRules } from './templates.js';
export type { WorkloadOptions } from './workload.js';
