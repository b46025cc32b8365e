import { benchAnalyze } from './analyze.mjs';
import { benchAudit } from './audit.mjs';
import { benchCompress } from './compress.mjs';
import { benchDataset } from './dataset.mjs';
import { benchImport } from './import.mjs';
import { benchJump } from './jump.mjs';
import { benchMemory } from './memory.mjs';
import { benchPredict } from './predict.mjs';
import { benchQueue } from './queue.mjs';
import { benchReplay } from './replay.mjs';
import { benchRules } from './rules.mjs';
import { benchSql } from './sql.mjs';
import { benchUi } from './ui.mjs';
import { benchWatch } from './watch.mjs';
import { benchWhatIf } from './whatif.mjs';
import { benchWide } from './wide.mjs';

// `pnpm bench` runs all of them, `pnpm bench import sql` some.
const benches = {
  import: benchImport,
  compress: benchCompress,
  replay: benchReplay,
  memory: benchMemory,
  analyze: benchAnalyze,
  jump: benchJump,
  sql: benchSql,
  rules: benchRules,
  predict: benchPredict,
  audit: benchAudit,
  dataset: benchDataset,
  queue: benchQueue,
  watch: benchWatch,
  whatif: benchWhatIf,
  ui: benchUi,
  wide: benchWide,
};
const chosen = process.argv.slice(2);
for (const [name, run] of Object.entries(benches)) {
  if (chosen.length === 0 || chosen.includes(name)) await run();
}
