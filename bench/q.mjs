import { openTraceSession } from '@p2mtrace/analyzers';
import { TraceReader } from '@p2mtrace/trace-format';
const r=TraceReader.open(process.argv[2]); const s=await openTraceSession(r);
const {columns,rows}=await s.runAll(process.argv[3]); console.log(columns.map(c=>c.name).join('\t')); for(const x of rows) console.log(x.map(v=>typeof v==='bigint'?v.toString():String(v)).join('\t')); await s.close();
