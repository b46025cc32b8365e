/**
 * Records by id of each capture, as the table "Counts by id, from an independent decoder" of the captures' README
 * has them; what it counts as `other` is all the rest.
 */
const IDS = [
  '0x0001f001',
  '0x0001f002',
  '0x0001f003',
  '0x0010f001',
  '0x0010f002',
  '0x0010f004',
  '0x0010f005',
  '0x0010f010',
  '0x0010f011',
  '0x0010f012',
  '0x0010f801',
  '0x0010f802',
  '0x0010f803',
  '0x0010f804',
  '0x0010f805',
  '0x0010f806',
  '0x0010f807',
  '0x0010f808',
  '0x0010f809',
  '0x0010f80a',
  '0x0010f80b',
] as const;

const TABLE: Readonly<
  Record<string, { readonly ids: readonly number[]; readonly other: number; readonly all: number }>
> = {
  'stock-mem-pv-blk': {
    ids: [0, 0, 12, 104, 104, 0, 7168, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    other: 0,
    all: 7388,
  },
  'stock-mem-pvh-migrate': {
    ids: [0, 0, 80, 104, 142, 61031, 15361, 4692, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    other: 0,
    all: 81411,
  },
  'stock-mem-pvh': {
    ids: [0, 1, 216, 4, 4, 72416, 34816, 11951, 14323, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    other: 0,
    all: 133731,
  },
  'stock-all-pvh': {
    ids: [0, 3, 705, 71, 0, 50005, 24576, 10937, 13430, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    other: 954310,
    all: 1054037,
  },
  'instrumented-pvh': {
    ids: [
      0, 0, 151, 38, 38, 48836, 21504, 9286, 11834, 0, 39257, 48836, 76918, 123017, 3, 3, 211323, 211323, 5729, 46587,
      14562,
    ],
    other: 0,
    all: 869245,
  },
  'instrumented-pvh-lost': {
    ids: [
      1, 5, 160, 71, 67, 49332, 21504, 9452, 12158, 0, 39620, 49332, 66649, 102447, 3, 2, 214057, 214057, 5729, 36287,
      14726,
    ],
    other: 0,
    all: 835659,
  },
  'instrumented-pv-blk': {
    ids: [0, 0, 106, 236, 236, 0, 0, 0, 0, 0, 0, 0, 198357, 231127, 91272, 91289, 2, 2, 88, 32776, 0],
    other: 0,
    all: 645491,
  },
  'planted-1': {
    ids: [
      0, 2, 415, 340, 340, 94275, 40448, 15080, 19173, 0, 81512, 94275, 149091, 236132, 6, 6, 411810, 411810, 18506,
      87883, 35350,
    ],
    other: 0,
    all: 1696454,
  },
};

export const COUNTED_CAPTURES = Object.keys(TABLE);

/** What the README says of a capture: records by id (those that occur), the others, and all. */
export function readmeCounts(name: string) {
  const { ids, other, all } = TABLE[name];
  const byId = Object.fromEntries(IDS.map((id, i) => [id, ids[i]]).filter(([, count]) => count !== 0));
  return { byId: byId as Record<string, number>, other, all };
}
