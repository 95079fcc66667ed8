import type { Config } from '../config/config.ts';
import type { TrustedDocuments } from '../config/trusted-documents-file.ts';

/** The operator's; what is left out is not limited, or as the settings have it by default. */
export interface RequestLimits {
  /** Operations per client, over HTTP and sockets together. Null: no limit. @default null */
  requestsPerMinute?: number | null;
  /** Of a process's time that one client may take, from 0 to 1. Null: no limit. @default null */
  processorShare?: number | null;
  /** What a statement takes of this process, in milliseconds: more where the database runs in it. @default 0.3 */
  statementMs?: number;
  /** Requests without a valid key, per address. Null: no limit. @default null */
  anonymousPerMinute?: number | null;
  /** Null: no limit. @default null */
  connectionsPerAddress?: number | null;
  /** @default 30_000 */
  operationTimeoutMs?: number;
  /** Origins of pages that may call the API. @default none */
  corsOrigins?: readonly string[];
  /** What clients may name rather than send; `only`: nothing else is run. @default none */
  trustedDocuments?: { documents: TrustedDocuments; only: boolean };
}

export function toRequestLimits(config: Config): Required<RequestLimits> {
  return {
    requestsPerMinute: config.requestsPerMinute,
    processorShare: config.clientProcessorPercent === null ? null : config.clientProcessorPercent / 100,
    statementMs: config.databaseUrl === null ? 1 : 0.3,
    anonymousPerMinute: config.anonymousRequestsPerMinute,
    connectionsPerAddress: config.connectionsPerAddress,
    operationTimeoutMs: config.operationTimeoutSeconds * 1000,
    corsOrigins: config.corsOrigins,
    trustedDocuments: config.trustedDocuments,
  };
}
