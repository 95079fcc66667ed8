import SchemaBuilder from '@pothos/core';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import { GraphQLError } from 'graphql';
import type PrismaTypes from '../generated/pothos.ts';
import { getDatamodel } from '../generated/pothos.ts';
import type { Context } from './context.ts';
import { defaultPageSize, maximumPageSize } from './limits.ts';
import { recordRefusedAccess } from './refused-access.ts';
import { typeNameOf } from './type-names.ts';

interface SchemaTypes {
  PrismaTypes: PrismaTypes;
  Context: Context;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
  AuthScopes: { operator: boolean };
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    Date: { Input: string; Output: Date | string };
    Decimal: { Input: string; Output: string };
    URL: { Input: string; Output: string };
    JSON: { Input: unknown; Output: unknown };
  };
}

export const builder = new SchemaBuilder<SchemaTypes>({
  plugins: [ScopeAuthPlugin, RelayPlugin, PrismaPlugin],
  defaultFieldNullability: false,
  prisma: {
    client: (context) => context.prisma,
    dmmf: getDatamodel(),
    defaultConnectionSize: defaultPageSize,
    maxConnectionSize: maximumPageSize,
  },
  scopeAuth: {
    authorizeOnSubscribe: true,
    authScopes: ({ viewer }) => ({ operator: viewer.scopes.includes('OPERATOR') }),
    unauthorizedError: (_parent, context, info) => {
      // Of mutations the refusal is recorded with their outcome.
      if (info.parentType.name !== 'Mutation')
        recordRefusedAccess(context, `${info.parentType.name}.${info.fieldName}`);
      return new GraphQLError('This needs a key with the OPERATOR scope.', {
        extensions: { code: 'FORBIDDEN', http: { status: 403 } },
      });
    },
  },
  relay: {
    cursorType: 'String',
    idFieldOptions: { description: 'Begins with the prefix of its kind.' },
    nodesOnConnection: { description: 'The same rows as in `edges`, without their cursors.' },
    edgesFieldOptions: { nullable: false, description: 'The rows of this page, each with its cursor.' },
    nodeFieldOptions: { nullable: false, description: 'The row itself.' },
    cursorFieldOptions: { description: 'Give this as `after` to go on behind this row.' },
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    nodeTypeOptions: {
      description: 'Anything with an id of its own. The prefix of an id names its kind.',
      resolveType: (row) => typeNameOf(row as { id: string }),
    },
    pageInfoTypeOptions: { description: 'Where this page lies in the whole list.' },
    pageInfoFieldOptions: { description: 'Where this page lies in the whole list.' },
    hasNextPageFieldOptions: { description: 'Whether more rows follow: ask again with `after: endCursor`.' },
    hasPreviousPageFieldOptions: { description: 'Whether this page was asked for with `after`.' },
    startCursorFieldOptions: { description: 'The cursor of the first row of this page; null when it is empty.' },
    endCursorFieldOptions: { description: 'The cursor of the last row of this page; null when it is empty.' },
  },
});

builder.queryType({ description: 'Reads what is stored. No query ever calls a bank.' });
builder.mutationType({
  description:
    'Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors.',
});
builder.subscriptionType({ description: 'Live over WebSocket (graphql-transport-ws) or server-sent events.' });
