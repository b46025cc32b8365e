import { openTraceSession } from '@p2mtrace/analyzers';
import { TraceReader } from '@p2mtrace/trace-format';
import { expect, it } from 'vitest';
import { occupancyOf } from '../../src/report/chart-data.js';
import { capture, fine, HAS_CAPTURES, needsBuild, tempDir } from '../support/cli.js';

needsBuild();
const temp = tempDir();

// What the captures' README has of instrumented-pvh.bin, from an independent rebuild that knows of no teardown: domain 1
// ends with 40,978 frames, of which 16,944 populate_on_demand and 24,034 ram_rw. It is torn down at the end.
it.skipIf(!HAS_CAPTURES)(
  'the occupancy chart has what an independent rebuild does, until the domain is torn down',
  async () => {
    fine(['import', capture('instrumented-pvh.bin'), '-o', temp('pvh.arrow'), '-q', '--progress', 'never']);
    const reader = TraceReader.open(temp('pvh.arrow'));
    const session = await openTraceSession(reader);
    const points = await occupancyOf(session, reader.rows);
    await session.close();
    reader.close();
    for (const [type, frames] of [
      ['populate_on_demand', 16_944],
      ['ram_rw', 24_034],
    ] as const) {
      const series = points.filter(point => point.type === type).map(point => point.frames);
      expect(series.at(-1), type).toBe(0);
      expect(
        series.findLast(value => value > 0),
        type,
      ).toBe(frames);
    }
  },
);
