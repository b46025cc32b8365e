import { defineAnalyzer } from '../../define-analyzer.js';
import { misalignedOrder } from './misaligned-order.js';

export const consistency = defineAnalyzer({ id: 'consistency', rules: [misalignedOrder] });
