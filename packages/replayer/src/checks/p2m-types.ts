import { P2M_TYPES, type P2mType } from '@p2mtrace/trace-format';

/** A set of p2m types, to be asked by index; -1 is none of them. */
export function typeSet(...names: P2mType[]): (type: number) => boolean {
  const has = P2M_TYPES.map(name => names.includes(name));
  return type => has[type] === true;
}

/** p2m_is_ram (docs/xen.md#p2m-types), but for what has no frame of the domain's own there. */
export const isRam = typeSet(
  'ram_rw',
  'ram_logdirty',
  'ram_ro',
  'ram_paging_out',
  'ram_paging_in',
  'ram_shared',
  'ioreq_server',
);

/** Special types, which may not be replaced (docs/xen.md#special-types). */
export const isSpecial = typeSet('grant_map_rw', 'grant_map_ro', 'map_foreign', 'mmio_direct');

/** RAM that the guest may write, and RAM whose writes are dropped or trapped. */
export const isWritable = typeSet('ram_rw', 'ram_logdirty');
export const isReadOnly = typeSet('ram_ro', 'ioreq_server');

/** Nothing is there. */
export const isHoleType = typeSet('invalid', 'mmio_dm');

export const POPULATE_ON_DEMAND = P2M_TYPES.indexOf('populate_on_demand');
export const RAM_SHARED = P2M_TYPES.indexOf('ram_shared');
