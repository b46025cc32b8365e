import { array, boolean, enum as enumOf, int, literal, number, object, string, union } from 'zod';

/**
 * What a plugin declares its options with, so that it need not install zod: the part of it that the command line has
 * loaded anyway. A zod of one's own does as well.
 */
export const z = { array, boolean, enum: enumOf, int, literal, number, object, string, union };
