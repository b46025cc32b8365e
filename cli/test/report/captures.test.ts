import { openTraceSession } from '@p2mtrace/analyzers';
import { TraceReader } from '@p2mtrace/trace-format';
import { expect, it } from 'vitest';
import { occupancyOf } from '../../src/report/chart-data.js';
import { capture, fine, HAS_CAPTURES, needsBuild, tempDir } from '../support/cli.js';

needsBuild();
const temp = tempDir();

// What the captures' README has of instrumented-pvh.bin, from an independent rebuild: domain 1 ends with 40,978 frames,
// of which 16,944 populate_on_demand and 24,034 ram_rw.
it.skipIf(!HAS_CAPTURES)('the occupancy chart ends where an independent rebuild does', async () => {
  fine(['import', capture('instrumented-pvh.bin'), '-o', temp('pvh.arrow'), '-q', '--progress', 'never']);
  const reader = TraceReader.open(temp('pvh.arrow'));
  const session = await openTraceSession(reader);
  const points = await occupancyOf(session, reader.rows);
  await session.close();
  const last = points.filter(({ seq }) => seq === reader.rows - 1).map(({ type, frames }) => [type, frames]);
  reader.close();
  expect(last).toEqual(
    expect.arrayContaining([
      ['populate_on_demand', 16_944],
      ['ram_rw', 24_034],
    ]),
  );
});
