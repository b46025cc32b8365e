import { RULES } from '@p2mtrace/analyzers';
import { addTraceTables, storeFacts } from '../packages/analyzers/dist/trace-tables.js';
import { wantedFacts } from '../packages/analyzers/dist/wanted-facts.js';
import { TraceSession } from '../packages/analyzers/dist/sql/session.js';
import { TraceReader } from '@p2mtrace/trace-format';
const reader=TraceReader.open(process.argv[2]);
const cpu=()=>{const u=process.cpuUsage(); return (u.user+u.system)/1000};
let c=cpu(), t=performance.now();
const wanted=wantedFacts(RULES.map(r=>r.sql)); console.log(wanted.join(' '));
const facts=storeFacts(reader,{wanted});
console.log('replay+store',(cpu()-c).toFixed(0),(performance.now()-t).toFixed(0), (process.memoryUsage().rss/1e6).toFixed(0)+'MB');
const session=await TraceSession.open(); addTraceTables(session,reader,()=>facts);
for(const r of RULES){ c=cpu(); t=performance.now(); const x=await session.runAll(r.sql); console.log(r.id, 'cpu',(cpu()-c).toFixed(0),'wall',(performance.now()-t).toFixed(0),x.rows.length); }
console.log((process.memoryUsage().rss/1e6).toFixed(0)+'MB'); await session.close();
