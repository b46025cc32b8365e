/* A p2m is identified by domain and view, a vcpu by domain and number. Each pair is one number, to be a map key. */

/** Domids have 16 bits, and so do view indices and vcpu numbers. */
const RANGE = 0x1_0000;
/** Number of entries of a table by domid. */
export const DOMIDS = RANGE;

/** The p2m of a domain's view. */
export const p2mKey = (domid: number, view: number): number => domid * RANGE + view;
/** A domain's vcpu. */
export const vcpuKey = (domid: number, vcpu: number): number => domid * RANGE + vcpu;

/** The domain of either key. */
export const domidOfKey = (key: number): number => Math.floor(key / RANGE);
/** The view of a p2m's key. */
export const viewOfKey = (key: number): number => key % RANGE;
/** The number of a vcpu's key. */
export const vcpuOfKey = (key: number): number => key % RANGE;

/** Grants between two domains: the one that maps, which may be unknown (-1), and the one that owns the pages. */
export const grantKey = (mapper: number, owner: number): number => (mapper + 1) * RANGE + owner;
export const mapperOfKey = (key: number): number => Math.floor(key / RANGE) - 1;
