import type { NewAuditEntry } from '../audit/audit-entry.ts';
import type { Context } from './context.ts';

/** Who asks, as an audit entry says it. */
export function actorOf({
  viewer,
  requestId,
  ipAddress,
}: Context): Pick<NewAuditEntry, 'clientId' | 'actorId' | 'requestId' | 'ipAddress'> {
  return { clientId: viewer.clientId, actorId: viewer.keyId, requestId, ipAddress };
}

/** A field that the key's scopes do not reach; beside the answer, which does not wait for it. */
export function recordRefusedAccess(context: Context, field: string): void {
  const details = { state: 'REFUSED', code: 'FORBIDDEN', field };
  void context.services.audit.recordRefusal({
    ...actorOf(context),
    action: 'access.refused',
    subjectId: null,
    details,
  });
}
