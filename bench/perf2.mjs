import { analyzeTrace } from '@p2mtrace/analyzers';
import { TraceReader } from '@p2mtrace/trace-format';
const r=TraceReader.open(process.argv[2]);
for(let i=0;i<4;i++){ const t0=performance.now(), c=process.cpuUsage(); let t1; 
const rep=await analyzeTrace(r,{onProgress:n=>{t1=performance.now()}}); const u=process.cpuUsage(c);
console.log('replay',(t1-t0).toFixed(0),'all',(performance.now()-t0).toFixed(0),'cpu',((u.user+u.system)/1000).toFixed(0), rep.findings.length, (process.memoryUsage().rss/1e6).toFixed(0)+'MB'); }
