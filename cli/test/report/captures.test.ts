import { openTraceSession } from '@p2mtrace/analyzers';
import { TraceReader } from '@p2mtrace/trace-format';
import { expect, it } from 'vitest';
import { occupancyOf } from '../../src/report/chart-data.js';
import { capture, fine, HAS_CAPTURES, needsBuild, tempDir } from '../support/cli.js';

needsBuild();
const temp = tempDir();

// What the captures' README has of instrumented-pvh.bin, from an independent rebuild: domain 1 ends with 40,978 frames,
// of which 16,944 populate_on_demand and 24,034 ram_rw.
it.skipIf(!HAS_CAPTURES)(
  'the occupancy chart ends where an independent rebuild does, and where the domain is torn down',
  async () => {
    fine(['import', capture('instrumented-pvh.bin'), '-o', temp('pvh.arrow'), '-q', '--progress', 'never']);
    const reader = TraceReader.open(temp('pvh.arrow'));
    const session = await openTraceSession(reader);
    const endOf = async (events: number) => {
      const points = await occupancyOf(session, events);
      const last = Math.max(...points.map(({ seq }) => seq));
      return points.filter(({ seq }) => seq === last).map(({ type, frames }) => [type, frames]);
    };
    const [[used]] = (await session.runAll('select last_p2m_seq from domains where domid = 1')).rows;
    const lastUse = await endOf(Number(used) + 1);
    const end = await endOf(reader.rows);
    await session.close();
    reader.close();
    expect(lastUse).toEqual(
      expect.arrayContaining([
        ['populate_on_demand', 16_944],
        ['ram_rw', 24_034],
      ]),
    );
    // Its last page is freed by the last event but one or two: 40,978 of them, as many as were mapped.
    expect(end.every(([, frames]) => frames === 0)).toBe(true);
  },
);
