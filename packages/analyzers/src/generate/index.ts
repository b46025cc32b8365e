/** Makes a trace. */
export { generateTrace } from './generate.js';
/** What a workload can do. */
export { SCENARIOS } from './operations.js';
/** Rules whose faults can be planted. */
export { faultRules } from './templates.js';
/** What a workload is made of. */
export type { Planted, WorkloadOptions } from './workload.js';
