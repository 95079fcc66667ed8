import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type FragmentSpreadNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { documentLimits } from './limits.ts';

export interface DocumentSize {
  operations: number;
  fragments: number;
  /** Each use of a fragment counted. */
  fields: number;
  /** Of fields with one name at one place of the answer, and of fragments there: validation compares each with each. */
  pairs: number;
}

/**
 * What validation of a document will cost, told from its text alone, in time that grows with `fields`. Counting ends where a
 * limit has been passed.
 */
export function measureDocument({ definitions }: DocumentNode): DocumentSize {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of definitions) if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
  const size: DocumentSize = { operations: 0, fragments: fragments.size, fields: 0, pairs: 0 };
  if (isTooLarge(size)) return size;
  const circles = findCircles(fragments);
  for (const one of definitions) {
    if (one.kind === Kind.OPERATION_DEFINITION) size.operations++;
    if (!('selectionSet' in one) || !one.selectionSet) continue;
    measure([one.selectionSet], { fragments, circles, size });
    if (isTooLarge(size)) return size;
  }
  return size;
}

/** The refusal of a document that would cost too much to validate; or null. */
export function refuseDocument(document: DocumentNode, http: object = { status: 400 }): GraphQLError | null {
  const passed = findPassed(measureDocument(document));
  if (!passed) return null;
  return new GraphQLError(`The document has more than ${documentLimits[passed]} ${words[passed]}.`, {
    extensions: { code: 'DOCUMENT_TOO_COMPLEX', http },
  });
}

const measures = ['operations', 'fragments', 'fields', 'pairs'] as const;
const findPassed = (size: DocumentSize) => measures.find((name) => size[name] > documentLimits[name]);
const isTooLarge = (size: DocumentSize): boolean => findPassed(size) !== undefined;

const words = {
  operations: 'operations',
  fragments: 'fragments',
  fields: 'fields, each use of a fragment counted',
  pairs: 'pairs of fields with one name, or of fragments, at one place',
} as const;

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** The spreads by which a fragment comes back to itself: a fault, and validation's to tell. Without them counting ends. */
function findCircles(fragments: Fragments): ReadonlySet<FragmentSpreadNode> {
  const circles = new Set<FragmentSpreadNode>();
  const states = new Map<string, 'open' | 'done'>();
  const visit = (name: string): void => {
    const fragment = fragments.get(name);
    if (!fragment || states.has(name)) return;
    states.set(name, 'open');
    for (const spread of listSpreads(fragment.selectionSet)) {
      if (states.get(spread.name.value) === 'open') circles.add(spread);
      else visit(spread.name.value);
    }
    states.set(name, 'done');
  };
  for (const name of fragments.keys()) visit(name);
  return circles;
}

function listSpreads({ selections }: SelectionSetNode): FragmentSpreadNode[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return [selection];
    return selection.selectionSet ? listSpreads(selection.selectionSet) : [];
  });
}

interface Measuring {
  fragments: Fragments;
  circles: ReadonlySet<FragmentSpreadNode>;
  size: DocumentSize;
}

/** Of selection sets whose fields are merged into one object of the answer. */
function measure(merged: readonly SelectionSetNode[], measuring: Measuring): void {
  const { size } = measuring;
  const fields: Collecting['fields'] = new Map();
  const seen = new Set<string>();
  for (const each of merged) collect(each, { ...measuring, fields, seen });
  size.pairs += pairsOf(seen.size);
  for (const { count, inner } of fields.values()) {
    size.pairs += pairsOf(count);
    if (isTooLarge(size)) return;
    if (inner.length > 0) measure(inner, measuring);
  }
}

const pairsOf = (count: number): number => (count * (count - 1)) / 2;

interface Collecting extends Measuring {
  /** By the name in the answer. */
  fields: Map<string, { count: number; inner: SelectionSetNode[] }>;
  /** Spread at this place already: what is in it is there once. */
  seen: Set<string>;
}

function collect({ selections }: SelectionSetNode, collecting: Collecting): void {
  const { fragments, circles, size, seen } = collecting;
  for (const selection of selections) {
    if (size.fields > documentLimits.fields) return;
    if (selection.kind === Kind.FIELD) {
      size.fields++;
      addField(selection, collecting);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      collect(selection.selectionSet, collecting);
    } else {
      const name = selection.name.value;
      const fragment = fragments.get(name);
      if (!fragment || seen.has(name) || circles.has(selection)) continue;
      seen.add(name);
      collect(fragment.selectionSet, collecting);
    }
  }
}

function addField({ alias, name, selectionSet }: FieldNode, { fields }: Collecting): void {
  const key = (alias ?? name).value;
  const field = fields.get(key) ?? { count: 0, inner: [] };
  fields.set(key, field);
  field.count++;
  if (selectionSet) field.inner.push(selectionSet);
}
