import { defineAnalyzer } from '../define-analyzer.js';
import { countDivergence } from './count-divergence.js';
import { doubleAllocDrop } from './double-alloc-drop.js';
import { freedWithReferences } from './freed-with-references.js';
import { freedWithType } from './freed-with-type.js';
import { getOnFree } from './get-on-free.js';
import { leak } from './leak.js';
import { orphaned } from './orphaned.js';
import { overflow } from './overflow.js';
import { partialReference } from './partial-reference.js';
import { putTooMany } from './put-too-many.js';
import { typeBeforeFlush } from './type-before-flush.js';
import { typeDivergence } from './type-divergence.js';
import { typeLeak } from './type-leak.js';
import { typeWithoutGeneral } from './type-without-general.js';
import { underflow } from './underflow.js';

export const refcount = defineAnalyzer({
  id: 'refcount',
  rules: [
    leak,
    underflow,
    getOnFree,
    countDivergence,
    doubleAllocDrop,
    overflow,
    typeWithoutGeneral,
    partialReference,
    freedWithReferences,
    freedWithType,
    typeDivergence,
    typeLeak,
    putTooMany,
    orphaned,
    typeBeforeFlush,
  ],
});
