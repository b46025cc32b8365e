/** What `api/map` answered of tiles of 1,024 cells, as docs/ui.md describes it; NaN for unknown. */
export function mapCells(body: Buffer, tiles: number): { readonly value: Float64Array; readonly ago: Float64Array } {
  const cells = tiles * 1024;
  const width = body.length / cells - 4;
  if (width !== 2 && width !== 8) throw new Error(`${body.length} bytes are no answer of ${cells} cells`);
  const [value, ago] = [new Float64Array(cells), new Float64Array(cells)];
  for (let i = 0; i < cells; i++) {
    const small = width === 2 ? body.readInt16LE(4 * cells + 2 * i) : 0;
    value[i] = width === 8 ? body.readDoubleLE(4 * cells + 8 * i) : small === -0x8000 ? Number.NaN : small;
    const last = body.readUInt32LE(4 * i);
    ago[i] = last === 0xffff_ffff ? Number.NaN : last;
  }
  return { value, ago };
}
