/** Takes one of the places of `scope` for `key`, and gives how to leave it again; null: all are taken by other keys. */
export type ClaimPlace = (scope: string, key: string) => (() => void) | null;

/** In each scope there are so many places. Who has the same key shares one. */
export function createClaims(places: number): ClaimPlace {
  const scopes = new Map<string, Map<string, number>>();
  return (scope, key) => {
    const taken = scopes.get(scope) ?? new Map<string, number>();
    const sharing = taken.get(key) ?? 0;
    if (sharing === 0 && taken.size >= places) return null;
    scopes.set(scope, taken.set(key, sharing + 1));
    let isLeft = false;
    return () => {
      if (isLeft) return;
      isLeft = true;
      const left = (taken.get(key) ?? 1) - 1;
      if (left > 0) taken.set(key, left);
      else taken.delete(key);
      if (taken.size === 0) scopes.delete(scope);
    };
  };
}
