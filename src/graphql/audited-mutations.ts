import { GraphQLError, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import type { AuditAction } from '../audit/audit-entry.ts';
import type { Settled, Subject } from '../audit/audit-log.ts';
import { AppError } from '../domain/errors.ts';
import { idKindOf } from '../domain/ids.ts';
import type { Context } from './context.ts';
import { actorOf } from './refused-access.ts';

/** What each mutation is called in the audit log. A mutation that is missing here fails the start. */
export const mutationActions: Readonly<Record<string, AuditAction>> = {
  cancelSynchronizationSession: 'session.cancelled',
  createApiKey: 'key.created',
  createClient: 'client.created',
  createConnectSession: 'session.created',
  createManagementSession: 'session.created',
  createSynchronizationSession: 'session.created',
  createUser: 'user.created',
  createWebhookEndpoint: 'endpoint.created',
  deleteBankLogin: 'bank_login.erased',
  deleteUser: 'user.erased',
  deleteWebhookEndpoint: 'endpoint.deleted',
  recoverDeliveries: 'deliveries.recovered',
  redeliver: 'delivery.repeated',
  renameClient: 'client.renamed',
  revokeApiKey: 'key.revoked',
  rotateApiKey: 'key.rotated',
  rotateWebhookSecret: 'endpoint.secret_rotated',
  runSynchronizationCycle: 'cycle.run',
  sendTestEvent: 'endpoint.tested',
  updateClient: 'client.updated',
  updateUser: 'user.updated',
  updateWebhookEndpoint: 'endpoint.updated',
};

type Resolver = GraphQLFieldResolver<unknown, Context>;

/**
 * Has every mutation recorded once: in the transaction of what it changes, or, where it changes nothing, with why. Throws for a
 * mutation that has no action.
 */
export function auditMutations(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const action = mutationActions[field.name];
    if (!action || !field.resolve) throw new Error(`The mutation ${field.name} has no action in the audit log.`);
    field.resolve = audited(field.resolve as Resolver, action, field.name);
  }
  return schema;
}

function audited(resolve: Resolver, action: AuditAction, mutation: string): Resolver {
  return (root, args, context, info) => {
    const entry = { ...actorOf(context), action, subjectId: findId(args), details: { mutation } };
    return context.services.audit.perform({ entry, toSubject: subjectOf, toOutcome }, async () =>
      resolve(root, args, context, info),
    );
  };
}

function toOutcome(settled: Settled<unknown>): Readonly<Record<string, string>> {
  if ('error' in settled) return outcomeOf(settled.error);
  const code = refusalCode(settled.result);
  return code === null ? { state: 'UNCHANGED' } : { state: 'REFUSED', code };
}

/** The first id among the arguments and their inputs. What is no id of ours is never stored: it may be anything. */
function findId(args: unknown): string | null {
  if (typeof args === 'string') return idKindOf(args) !== null && /^[a-z]+_[a-z0-9]{1,40}$/.test(args) ? args : null;
  if (typeof args !== 'object' || args === null) return null;
  for (const value of Object.values(args)) {
    const found = Array.isArray(value) ? null : findId(value);
    if (found !== null) return found;
  }
  return null;
}

/** What a transaction made or changed, and whose it is: `{ id, clientId }`, `[{ id }]`, `{ cycle: { id } }`. */
function subjectOf(changed: unknown): Subject {
  if (typeof changed !== 'object') return {};
  const subject = [changed, ...Object.values(changed ?? {})].find(hasId);
  if (!subject) return {};
  const { id, clientId } = subject;
  if (idKindOf(id) === 'client') return { subjectId: id, clientId: id };
  return { subjectId: id, ...(typeof clientId === 'string' && { clientId }) };
}

function hasId(value: unknown): value is { id: string; clientId?: unknown } {
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string';
}

function refusalCode(result: unknown): string | null {
  if (typeof result !== 'object' || result === null || !('typeName' in result) || !('error' in result)) return null;
  return result.error instanceof AppError ? result.error.code : 'UNKNOWN';
}

function outcomeOf(error: unknown): { state: string; code: string } {
  if (error instanceof AppError) return { state: 'REFUSED', code: error.code };
  const code = error instanceof GraphQLError ? error.extensions.code : undefined;
  return typeof code === 'string' ? { state: 'REFUSED', code } : { state: 'FAILED', code: 'INTERNAL_SERVER_ERROR' };
}
