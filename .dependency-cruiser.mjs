// depcruise packages/*/{src,test} cli/{src,test}; what may import what is in layers.json.
import { readFileSync } from 'node:fs';
import { CRUISE_OPTIONS, dependencyRules } from './scripts/dependency-rules.mjs';

const layers = JSON.parse(readFileSync(new URL('layers.json', import.meta.url), 'utf8'));

export default { forbidden: dependencyRules(layers), options: CRUISE_OPTIONS };
