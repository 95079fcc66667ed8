import { z } from 'zod';

/** GraphQL documents that the operator has looked at, by the id that clients name them with. */
export type TrustedDocuments = ReadonlyMap<string, string>;

const text = z.string().min(1);
const file = z.union([
  // As Apollo Client's generate-persisted-query-manifest writes it.
  z.object({ operations: z.array(z.object({ id: text, body: text })) }),
  // As GraphQL Code Generator (persisted-documents.json) and Relay write it.
  z.record(text, text),
]);

/** Reads TRUSTED_DOCUMENTS_FILE: a JSON object of documents by id, or a manifest of Apollo's. */
export function parseTrustedDocuments(
  path: string,
  readFile: (path: string) => string,
): { documents: TrustedDocuments } | { faults: string[] } {
  let content: unknown;
  try {
    content = JSON.parse(readFile(path));
  } catch (error) {
    return { faults: [`TRUSTED_DOCUMENTS_FILE: ${path} cannot be read as JSON: ${(error as Error).message}`] };
  }
  const parsed = file.safeParse(content);
  if (!parsed.success) {
    const message = 'must be an object of documents by id, or a manifest of Apollo Client';
    return { faults: [`TRUSTED_DOCUMENTS_FILE: ${path} ${message}`] };
  }
  const entries = Array.isArray(parsed.data.operations)
    ? parsed.data.operations.map(({ id, body }): [string, string] => [id, body])
    : Object.entries(parsed.data as Record<string, string>);
  return { documents: new Map(entries) };
}
