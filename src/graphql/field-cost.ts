import {
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLField,
  getArgumentValues,
  getNullableType,
  isListType,
  Kind,
  valueFromAST,
} from 'graphql';
import type { PageSizes } from './connections.ts';
import { assumedListLength, defaultPageSize, maximumPageSize } from './limits.ts';

export type Variables = Record<string, unknown>;
/** What variables decide is left to them. */
export type Cost = number | ((variables: Variables) => number);

export const costWith = (cost: Cost, variables: Variables): number =>
  typeof cost === 'number' ? cost : cost(variables);

/** A number still, where all of them are. */
export function combine(costs: readonly Cost[], toOne: (numbers: readonly number[]) => number): Cost {
  if (costs.every((cost) => typeof cost === 'number')) return toOne(costs);
  return (variables) => toOne(costs.map((cost) => costWith(cost, variables)));
}

/** Worked out once for the same variables, however often it is asked for. */
export function costOnce(cost: Cost): Cost {
  if (typeof cost === 'number') return cost;
  const known = new WeakMap<Variables, number>();
  return (variables) => {
    const value = known.get(variables) ?? cost(variables);
    known.set(variables, value);
    return value;
  };
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** How many objects it answers with. */
export function countOf(field: GraphQLField<unknown, unknown>, node: FieldNode, parent: GraphQLCompositeType): Cost {
  const assumed = listLengthOf(field);
  // Of events nobody knows before they are read how many rows they have: there are fewer than may be asked for.
  if (assumed !== null && field.args.some(({ name }) => name === 'first')) {
    return costByArgument({ field, node, name: 'first' }, (first) =>
      Math.max(1, Math.min((first as number | null | undefined) ?? assumed, assumed)),
    );
  }
  if (field.args.some(({ name }) => name === 'first')) {
    const { defaultFirst = defaultPageSize, maximumFirst = maximumPageSize } = field.extensions as Partial<PageSizes>;
    // Below zero: not given.
    const counts = ['last', 'first'].map((name) =>
      costByArgument({ field, node, name }, (count) => Math.min(Number(count ?? -1), maximumFirst)),
    );
    return combine(counts, ([last = -1, first = -1]) =>
      Math.max(1, [last, first].find((count) => count >= 0) ?? defaultFirst),
    );
  }
  const { lengthOf } = field.extensions;
  if (typeof lengthOf === 'string') {
    return costByArgument({ field, node, name: lengthOf }, (list) => (Array.isArray(list) ? list.length : 1));
  }
  // The rows of a page have been counted by the field that the page came with.
  if (!isListType(getNullableType(field.type)) || parent.name.endsWith('Connection')) return 1;
  return listLengthOf(field) ?? assumedListLength;
}

/** Of a field that reads more than it answers with when it is given a text to search for. */
export function searchCostOf(field: GraphQLField<unknown, unknown>, node: FieldNode): Cost {
  const { searchCost } = field.extensions;
  if (typeof searchCost !== 'number') return 0;
  return costByArgument({ field, node, name: 'search' }, (search) => (search == null ? 0 : searchCost));
}

/** Of a field that tells from its arguments what it reads beside what it answers with. */
export function argumentsCostOf(field: GraphQLField<unknown, unknown>, node: FieldNode): Cost {
  const { argumentsCost } = field.extensions;
  if (typeof argumentsCost !== 'function') return 0;
  return (variables) => {
    try {
      return Number(argumentsCost(getArgumentValues(field, node, variables)));
    } catch {
      // The field itself tells what is wrong with its arguments.
      return 0;
    }
  };
}

interface Argument {
  field: GraphQLField<unknown, unknown>;
  node: FieldNode;
  name: string;
}

function costByArgument({ field, node, name }: Argument, costOf: (value: unknown) => number): Cost {
  const argument = field.args.find((each) => each.name === name);
  const given = node.arguments?.find((each) => each.name.value === name)?.value;
  if (!argument || !given) return costOf(argument?.defaultValue);
  const cost = (variables: Variables): number => {
    const value = valueFromAST(given, argument.type, variables);
    return costOf(value === undefined ? argument.defaultValue : value);
  };
  return given.kind === Kind.VARIABLE ? cost : cost({});
}

/** Of a field that says how long its list is taken to be. */
export function listLengthOf(field: GraphQLField<unknown, unknown> | undefined): number | null {
  const length = field?.extensions.listLength;
  return typeof length === 'number' ? length : null;
}
