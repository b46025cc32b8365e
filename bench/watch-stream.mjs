import { writeSync } from 'node:fs';
import { repeated } from './yardstick.mjs';

// Writes the yardstick's capture so many times to stdout, each time later than before.
for (const bytes of repeated(Number(process.argv[2]))) {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}
