import { type GraphQLSchema, printSchema } from 'graphql';
import { auditMutations } from './audited-mutations.ts';
import { builder } from './builder.ts';
import { guardRootFields } from './root-access.ts';
import './scalars.ts';
import './types/account.ts';
import './types/api-key.ts';
import './types/audit-entry.ts';
import './types/bank.ts';
import './types/bank-login.ts';
import './types/client.ts';
import './types/connect-session.ts';
import './types/consent.ts';
import './types/errors.ts';
import './types/event.ts';
import './types/event-log.ts';
import './types/event-type.ts';
import './types/login-events.ts';
import './types/login-synchronization-status.ts';
import './types/management-session.ts';
import './types/node.ts';
import './types/other-events.ts';
import './types/synchronization-cycle.ts';
import './types/synchronization-session.ts';
import './types/transaction.ts';
import './types/transaction-change.ts';
import './types/user.ts';
import './types/webhook-delivery.ts';
import './types/webhook-endpoint.ts';
import './types/webhook-mutations.ts';
import './types/webhook-preview.ts';

/** The whole API as one executable schema. The imports above define it: each noun's file adds its types and fields. */
export function createSchema(): GraphQLSchema {
  return auditMutations(guardRootFields(builder.toSchema({ sortSchema: true })));
}

/** The API as `schema/schema.graphql` shows it: sorted, so that a change of it reads as what it is. */
export function printApi(schema: GraphQLSchema): string {
  return `# Written by \`npm run schema\` from src/graphql; do not edit.\n\n${printSchema(schema)}\n`;
}
