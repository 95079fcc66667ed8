import type { EncryptedColumn } from './encryption.ts';

/** A column of the database with encrypted texts, and the column whose value its texts are bound to. */
export interface StoredColumn {
  table: string;
  /** The primary key. @default 'id' */
  key?: string;
  column: string;
  rowId: string;
  boundAs: EncryptedColumn;
}

/** Everything that a rotation of keys goes through. The names are constants, never input: they are put into statements as they are. */
export const storedColumns: readonly StoredColumn[] = [
  { table: 'consents', column: 'credentials', rowId: 'id', boundAs: 'consents.credentials' },
  // Copied by a statement when a consent ends, so it stays bound to its consent.
  {
    table: 'consent_terminations',
    column: 'credentials',
    rowId: 'consent_id',
    boundAs: 'consents.credentials',
  },
  { table: 'sessions', column: 'authorisation', rowId: 'id', boundAs: 'sessions.authorisation' },
  { table: 'sessions', column: 'link_secret', rowId: 'id', boundAs: 'sessions.link_secret' },
  {
    table: 'return_codes',
    key: 'session_id',
    column: 'secret',
    rowId: 'session_id',
    boundAs: 'return_codes.secret',
  },
  { table: 'signing_keys', column: 'private_key', rowId: 'id', boundAs: 'signing_keys.private_key' },
  { table: 'idempotency_records', column: 'secret', rowId: 'id', boundAs: 'idempotency_records.secret' },
  { table: 'webhook_endpoints', column: 'headers', rowId: 'id', boundAs: 'webhook_endpoints.headers' },
  { table: 'webhook_endpoints', column: 'secrets', rowId: 'id', boundAs: 'webhook_endpoints.secrets' },
];
