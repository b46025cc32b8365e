import { replayTrace } from '@p2mtrace/replayer';
import { TraceReader } from '@p2mtrace/trace-format';
const reader = TraceReader.open(process.argv[2]);
const all=['mapping_spans','page_spans','ref_spans','lock_spans','lock_edges','lookups','uses','domains','divergences','losses'];
const sinks={none:undefined, facts:{wanted:all,take(){}} , checks:{wanted:[...all,'breaches'],take(c){ if(c.table==='breaches') n+=c.rows}}};
let n=0;
for(let i=0;i<4;i++) for (const [k,s] of Object.entries(sinks)){ n=0; const t=performance.now(); const c=process.cpuUsage(); replayTrace(reader,{facts:s}); const u=process.cpuUsage(c); console.log(k,(performance.now()-t).toFixed(0),'ms cpu',((u.user+u.system)/1000).toFixed(0),n);}
