import type { Page } from '../domain/page.ts';

/** A page of a list in the order of its ids, as arguments of `findMany`. */
export function pageById({ after, before = null, backward = false, limit }: Page, order: 'asc' | 'desc') {
  const [behind, ahead] = order === 'asc' ? [after, before] : [before, after];
  const isAscending = (order === 'asc') !== backward;
  return {
    where: { id: { ...(behind !== null && { gt: behind }), ...(ahead !== null && { lt: ahead }) } },
    orderBy: { id: isAscending ? ('asc' as const) : ('desc' as const) },
    take: limit,
  };
}
