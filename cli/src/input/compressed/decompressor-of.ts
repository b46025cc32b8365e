import type { CompressionName } from './compressions.js';
import type { Decompress } from './decompress.js';

/** The decompressor of a form; loaded when it is needed. */
export async function decompressorOf(name: CompressionName): Promise<Decompress> {
  if (name === 'gzip') return (await import('./gunzip.js')).gunzip;
  return name === 'zstd' ? (await import('./unzstd.js')).unzstd : (await import('./unxz.js')).unxz;
}
