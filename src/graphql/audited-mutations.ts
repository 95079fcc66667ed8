import { GraphQLError, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import type { AuditAction } from '../audit/audit-entry.ts';
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
 * Has every mutation recorded twice: before anything is done, so that nothing changes without a trace, whatever breaks in between;
 * and with what came of it. Throws for a mutation that has no action.
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
  return async (root, args, context, info) => {
    const { audit } = context.services;
    const entry = { ...actorOf(context), action, subjectId: findId(args) };
    await audit.record({ ...entry, details: { mutation, state: 'REQUESTED' } });
    try {
      const result: unknown = await resolve(root, args, context, info);
      const code = refusalCode(result);
      const { subjectId = entry.subjectId, clientId = entry.clientId } = code === null ? subjectOf(result) : {};
      const details = { mutation, ...(code === null ? { state: 'DONE' } : { state: 'REFUSED', code }) };
      await audit.recordOutcome({ ...entry, subjectId, clientId, details });
      return result;
    } catch (error) {
      await audit.recordOutcome({ ...entry, details: { mutation, ...outcomeOf(error) } });
      throw error;
    }
  };
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

/** What the mutation made or changed, and whose it is: `{ apiKey: { id, clientId } }`, `{ id }`. */
function subjectOf(payload: unknown): { subjectId?: string; clientId?: string } {
  const subject = [payload, ...Object.values(payload ?? {})].find(hasId);
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
