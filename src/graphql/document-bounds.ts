import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
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
  for (const one of definitions) {
    if (one.kind === Kind.OPERATION_DEFINITION) size.operations++;
    if (!('selectionSet' in one) || !one.selectionSet) continue;
    const spread = new Set(one.kind === Kind.FRAGMENT_DEFINITION ? [one.name.value] : []);
    measure([{ selectionSet: one.selectionSet, spread }], { fragments, size });
  }
  return size;
}

/** The refusal of a document that would cost too much to validate; or null. */
export function refuseDocument(document: DocumentNode, http: object = { status: 400 }): GraphQLError | null {
  const size = measureDocument(document);
  for (const name of ['operations', 'fragments', 'fields', 'pairs'] as const) {
    if (size[name] <= documentLimits[name]) continue;
    return new GraphQLError(`The document has more than ${documentLimits[name]} ${words[name]}.`, {
      extensions: { code: 'DOCUMENT_TOO_COMPLEX', http },
    });
  }
  return null;
}

const words = {
  operations: 'operations',
  fragments: 'fragments',
  fields: 'fields, each use of a fragment counted',
  pairs: 'pairs of fields with one name, or of fragments, at one place',
} as const;

/** A selection set, and the fragments that it lies in: one that spreads itself is a fault, and validation's to tell. */
interface Selections {
  selectionSet: SelectionSetNode;
  spread: ReadonlySet<string>;
}

interface Measuring {
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  size: DocumentSize;
}

/** Of selection sets whose fields are merged into one object of the answer. */
function measure(merged: readonly Selections[], measuring: Measuring): void {
  const { size } = measuring;
  const fields = new Map<string, { count: number; inner: Selections[] }>();
  const seen = new Set<string>();
  for (const each of merged) collect(each, { ...measuring, fields, seen });
  size.pairs += pairsOf(seen.size);
  for (const { count, inner } of fields.values()) {
    size.pairs += pairsOf(count);
    if (size.fields > documentLimits.fields || size.pairs > documentLimits.pairs) return;
    if (inner.length > 0) measure(inner, measuring);
  }
}

const pairsOf = (count: number): number => (count * (count - 1)) / 2;

interface Collecting extends Measuring {
  /** By the name in the answer. */
  fields: Map<string, { count: number; inner: Selections[] }>;
  /** Spread at this place already: what is in it is there once. */
  seen: Set<string>;
}

function collect({ selectionSet, spread }: Selections, collecting: Collecting): void {
  const { fragments, size, seen } = collecting;
  for (const selection of selectionSet.selections) {
    if (size.fields > documentLimits.fields) return;
    if (selection.kind === Kind.FIELD) {
      size.fields++;
      addField(selection, spread, collecting);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      collect({ selectionSet: selection.selectionSet, spread }, collecting);
    } else {
      const name = selection.name.value;
      const fragment = fragments.get(name);
      if (!fragment || seen.has(name) || spread.has(name)) continue;
      seen.add(name);
      collect({ selectionSet: fragment.selectionSet, spread: new Set(spread).add(name) }, collecting);
    }
  }
}

function addField(
  { alias, name, selectionSet }: FieldNode,
  spread: Selections['spread'],
  { fields }: Collecting,
): void {
  const key = (alias ?? name).value;
  const field = fields.get(key) ?? { count: 0, inner: [] };
  fields.set(key, field);
  field.count++;
  if (selectionSet) field.inner.push({ selectionSet, spread });
}
