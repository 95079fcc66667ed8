import {
  BreakingChangeType,
  buildSchema,
  findBreakingChanges,
  findDangerousChanges,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from 'graphql';

/**
 * What of a released API a new one breaks for a client that was written for it. What the release had marked as deprecated may
 * be gone from the day on that it names; `today` is YYYY-MM-DD.
 */
export function findBroken(released: string, present: string, today: string): string[] {
  const due = listDeprecations(released).filter(({ until }) => until !== null && until <= today);
  const deprecated = new Set(due.map(({ path }) => path));
  const removals: string[] = [
    BreakingChangeType.FIELD_REMOVED,
    BreakingChangeType.VALUE_REMOVED_FROM_ENUM,
    BreakingChangeType.ARG_REMOVED,
  ];
  return findBreakingChanges(buildSchema(released), buildSchema(present))
    .filter(({ type, description }) => !removals.includes(type) || !deprecated.has(pathOf(description)))
    .map(({ description }) => description);
}

/** What breaks no document, and yet may surprise a client: a new value of an enum, another default. */
export function findSurprising(released: string, present: string): string[] {
  return findDangerousChanges(buildSchema(released), buildSchema(present)).map(({ description }) => description);
}

export interface Deprecation {
  path: string;
  reason: string;
  /** The day before which it is not removed, as `not before 2027-06-30` in the reason says; null: it names none. */
  until: string | null;
}

export function listDeprecations(sdl: string): Deprecation[] {
  return listMembers(buildSchema(sdl)).flatMap(({ path, deprecationReason }) =>
    typeof deprecationReason === 'string'
      ? [
          {
            path,
            reason: deprecationReason,
            until: /not before (\d{4}-\d{2}-\d{2})/.exec(deprecationReason)?.[1] ?? null,
          },
        ]
      : [],
  );
}

interface Member {
  name: string;
  deprecationReason?: string | null | undefined;
}

function listMembers(schema: GraphQLSchema): (Member & { path: string })[] {
  return Object.values(schema.getTypeMap()).flatMap((type) => {
    if (isEnumType(type)) {
      return type.getValues().map((value) => ({ ...value, path: `${type.name}.${value.name}` }));
    }
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) return [];
    return Object.values<Member & { args?: readonly Member[] }>(type.getFields()).flatMap(({ args = [], ...field }) => {
      const path = `${type.name}.${field.name}`;
      return [{ ...field, path }, ...args.map((argument) => ({ ...argument, path: `${path}.${argument.name}` }))];
    });
  });
}

// 'User.name was removed.', 'B was removed from enum type Kind.', 'Query.user arg size was removed.'
function pathOf(description: string): string {
  const [, value, type] = /^(\w+) was removed from enum type (\w+)\.$/.exec(description) ?? [];
  if (value && type) return `${type}.${value}`;
  return description.replace(/ was removed\.$/, '').replace(' arg ', '.');
}
