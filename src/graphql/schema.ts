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
import './types/reconciliation.ts';
import './types/synchronization-cycle.ts';
import './types/synchronization-session.ts';
import './types/transaction.ts';
import './types/transaction-change.ts';
import './types/transaction-search.ts';
import './types/user.ts';
import './types/webhook-delivery.ts';
import './types/webhook-endpoint.ts';
import './types/webhook-mutations.ts';
import './types/webhook-preview.ts';

/** The whole API as one executable schema. The imports above define it: each noun's file adds its types and fields. */
export function createSchema(): GraphQLSchema {
  const schema = auditMutations(guardRootFields(builder.toSchema({ sortSchema: true })));
  schema.description = rulesOfChange;
  return schema;
}

const rulesOfChange = `
The API of Tidewater. It has no versions; this is what may change, and what a client must be ready for.

At any time: new types, fields, optional arguments, values of enums and members of unions, new types of events among them;
other words in messages and descriptions. So ask \`events\` for the \`types\` that you handle, leave out what you do not know, and
compare codes, never messages.

With notice: what is \`@deprecated\` says what to use instead and the day before which it is not removed, half a year ahead at least.

Never: another meaning of a code, a value or a field; an id or a cursor that ceases to be good while what it names is kept.
`.trim();

/** The API as `schema/schema.graphql` shows it: sorted, so that a change of it reads as what it is. */
export function printApi(schema: GraphQLSchema): string {
  return `# Written by \`npm run schema\` from src/graphql; do not edit.\n\n${printSchema(schema)}\n`;
}
