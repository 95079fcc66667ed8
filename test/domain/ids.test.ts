import { describe, expect, it } from 'vitest';
import { idKindOf, idPrefixes, newId } from '../../src/domain/ids.ts';

describe('ids', () => {
  it('tell what they name', () => {
    for (const kind of Object.keys(idPrefixes) as Array<keyof typeof idPrefixes>) {
      expect(idKindOf(newId(kind, new Date()))).toBe(kind);
    }
    expect(idKindOf('nothing')).toBeNull();
    expect(idKindOf('xyz_01')).toBeNull();
  });

  it('sort by the time of their making', () => {
    const times = ['2020-01-01', '2026-03-10T10:00:00.000Z', '2026-03-10T10:00:00.001Z', '2100-01-01'];
    const ids = times.map((time) => newId('event', new Date(time)));
    expect([...ids].sort()).toEqual(ids);
  });

  it('do not repeat within a moment', () => {
    const now = new Date();
    expect(new Set(Array.from({ length: 10_000 }, () => newId('user', now))).size).toBe(10_000);
  });
});
