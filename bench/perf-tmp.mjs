import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { analyzeTrace } from '@p2mtrace/analyzers';
import { importXentraceFile, SymbolTable, TraceReader } from '@p2mtrace/trace-format';

const dir = '../../shared/captures';
const map = dir + '/instrumented.symbols';
for (const f of readdirSync(dir).filter(f => f.endsWith('.bin'))) {
  const t = '/tmp/cap-' + f + '.arrow';
  if (!existsSync(t))
    await importXentraceFile(dir + '/' + f, t, { symbols: SymbolTable.parse(readFileSync(map, 'utf8'), map) });
  const r = TraceReader.open(t);
  const t0 = performance.now();
  const rep = await analyzeTrace(r);
  console.log(
    f,
    r.rows,
    (performance.now() - t0).toFixed(0) + ' ms',
    rep.findings.map(
      x => `${x.rule} ${x.confidence} ${x.severity} x${x.count} ${x.signature} ${JSON.stringify(x.occurrences[0])}`,
    ),
    rep.notChecked.length,
  );
  r.close();
}
