import type { DeliveryLog } from './delivery-log.ts';
import type { DocumentRunner } from './document-runner.ts';
import type { EndpointStore } from './endpoint-store.ts';

export interface DocumentCheckDeps {
  store: Pick<EndpointStore, 'listDocuments' | 'setDocumentError'>;
  documents: DocumentRunner;
  log: DeliveryLog;
}

/** Marks and reports the endpoints whose document no longer fits the schema; returns how many there are. */
export async function checkDocuments({ store, documents, log }: DocumentCheckDeps): Promise<number> {
  let brokenCount = 0;
  for (const { id, clientId, document, documentError } of await store.listDocuments()) {
    const faults = documents.validate(document).map(({ message }) => message);
    const error = faults.length === 0 ? null : faults.join('; ');
    if (error !== documentError) await store.setDocumentError(id, document, error);
    if (error === null) continue;
    brokenCount++;
    log.warn({ endpointId: id, clientId, faults }, 'the document of a webhook endpoint no longer fits the schema');
  }
  return brokenCount;
}
