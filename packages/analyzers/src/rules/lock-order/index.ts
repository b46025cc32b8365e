import { defineAnalyzer } from '../../define-analyzer.js';
import { classCycle } from './class-cycle.js';
import { instanceCycle } from './instance-cycle.js';
import { level } from './level.js';

export const lockOrder = defineAnalyzer({ id: 'lock-order', rules: [level, classCycle, instanceCycle] });
