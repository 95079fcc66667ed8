import type { FieldFault } from '../domain/errors.ts';
import type { EventRecord } from '../events/event-record.ts';

/** Shapes a webhook's `data` by the endpoint's own GraphQL document: the port that the GraphQL door implements. */
export interface DocumentRunner {
  /** What keeps the document from being one subscription on `events` that fits the schema; empty when nothing does. */
  validate(document: string): FieldFault[];
  /** Runs the document for one event, with the client's own rights. Never rejects. */
  run(
    document: string,
    context: {
      clientId: string;
      event: EventRecord;
      /** Of each list in the event: no more than that, whatever the document asks for. @default what it asks for */
      rowsPerList?: number | undefined;
    },
  ): Promise<{ data: unknown } | { errors: string[] }>;
}
