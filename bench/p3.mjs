import { FactStore, replayTrace, BREACHES, BREACH_DETAILS } from '@p2mtrace/replayer';
import { TraceReader } from '@p2mtrace/trace-format';
const r=TraceReader.open(process.argv[2]); const n=new Map(); const ex=new Map();
replayTrace(r,{facts:{wanted:['breaches'],take(c){ for(let i=0;i<c.rows;i++){const k=BREACHES[c.columns.breach[i]]+' '+BREACH_DETAILS[c.columns.detail[i]]; n.set(k,(n.get(k)??0)+1); if(!ex.has(k)) ex.set(k,[c.columns.seq[i],c.columns.domid[i],c.columns.gfn[i].toString(16),c.columns.mfn[i].toString(16),c.columns.at1[i],c.columns.at2[i],c.columns.at3[i],c.columns.at4[i]]);}}}});
console.log(n,ex);
