import { type FieldNode, type GraphQLField, getArgumentValues, Kind, valueFromAST } from 'graphql';

export type Variables = Record<string, unknown>;
export type Cost = number | ((variables: Variables) => number);

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

/** What an argument's value costs: told by the document, or by the variables that it leaves it to. */
export function costByArgument({ field, node, name }: Argument, costOf: (value: unknown) => number): Cost {
  const argument = field.args.find((each) => each.name === name);
  const given = node.arguments?.find((each) => each.name.value === name)?.value;
  if (!argument || !given) return costOf(argument?.defaultValue);
  const cost = (variables: Variables): number => {
    const value = valueFromAST(given, argument.type, variables);
    return costOf(value === undefined ? argument.defaultValue : value);
  };
  return given.kind === Kind.VARIABLE ? cost : cost({});
}
