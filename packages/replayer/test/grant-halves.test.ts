import { expect, test } from 'vitest';
import { replayTrace } from '../src/index.js';
import { traceMaker } from './support/trace-of.js';

const makeTrace = traceMaker();
const grant = (kind: string, handle: number, ...flags: string[]) => ({
  kind,
  domid: 2,
  owner: 1,
  mfn: 0x100,
  handle,
  flags,
});

/** How many mappings are open after these events. */
async function open(...events: object[]): Promise<number> {
  return replayTrace(await makeTrace(events)).grants.all().length;
}

// GNTTABOP_unmap_grant_ref ends the half whose address it gives (docs/xen.md#xsa-224, XSA-224).
test('a mapping for device and host ends with the second half', async () => {
  const both = grant('grant_map', 7, 'device_map', 'host_map');
  const device = grant('grant_unmap', 7, 'device_map');
  const host = grant('grant_unmap', 7, 'host_map');
  expect(await open(both, device)).toBe(1);
  expect(await open(both, device, device)).toBe(1);
  expect(await open(both, device, host)).toBe(0);
  expect(await open(both, grant('grant_unmap', 7, 'device_map', 'host_map'))).toBe(0);
  expect(await open(both, grant('grant_unmap', 7))).toBe(0);
});

test('a mapping of one half ends with an unmap of it', async () => {
  const host = grant('grant_map', 7, 'host_map', 'readonly');
  expect(await open(host, grant('grant_unmap', 7, 'host_map'))).toBe(0);
  expect(await open(host, grant('grant_unmap', 8, 'host_map'))).toBe(1);
  // Nothing is known of what it maps.
  expect(await open(grant('grant_map', 7), grant('grant_unmap', 7, 'device_map'))).toBe(0);
});
