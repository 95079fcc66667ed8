import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import pg from 'pg';
import { pino } from 'pino';
import { toStoredKey } from '../../src/clients/api-key-secret.ts';
import type { ClientStore } from '../../src/clients/client-store.ts';
import { createKeyAuthentication } from '../../src/clients/key-authentication.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { type ContextSource, createContext, type Viewer } from '../../src/graphql/context.ts';
import { createSchema, printApi } from '../../src/graphql/schema.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { createStatementCancellation } from '../../src/storage/statement-cancellation.ts';

export const queryServers = [
  'tidewater',
  'stock yoga',
  '@apollo/server',
  'mercurius with jit',
  'bare node:http',
] as const;
export type QueryServer = (typeof queryServers)[number];

export const apiKey = 'tdw_key_of_the_bench_0123456789';

/** Three fields and a list of ten objects. */
export const question = {
  query: `query Small($first: Int) {
    viewer { id name } users(first: $first) { nodes { id externalId type recurring } } }`,
  variables: { first: 10 },
};

const createdAt = new Date('2026-03-10T10:00:00Z');
const client = { id: 'cli_bench', name: 'Bench', returnOrigins: [], createdAt };
const users = Array.from({ length: 10 }, (_, i) => ({
  id: `usr_${i}`,
  clientId: client.id,
  externalId: `customer-${i}`,
  type: 'PERSON',
  recurring: true,
  createdAt,
}));

/** Starts a server that answers the question from memory, for whoever has the key; gives its URL. */
export async function openQueryServer(kind: QueryServer): Promise<string> {
  const { authenticate } = createAuthentication();
  const viewerOf = async (authorization: string | null | undefined): Promise<Viewer> => {
    const viewer = await authenticate((authorization ?? '').replace('Bearer ', ''));
    if (!viewer) throw new Error('This needs a key.');
    return viewer;
  };
  if (kind === 'tidewater') return await openProduct(authenticate);
  if (kind === 'stock yoga') return await openYoga(viewerOf);
  if (kind === '@apollo/server') return await openApollo(viewerOf);
  if (kind === 'mercurius with jit') return await openMercurius(viewerOf);
  return await listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      JSON.parse(Buffer.concat(chunks).toString());
      await viewerOf(request.headers.authorization);
      const nodes = users.map(({ id, externalId, type, recurring }) => ({ id, externalId, type, recurring }));
      const data = { viewer: { id: client.id, name: client.name }, users: { nodes } };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ data }));
    });
  });
}

type ViewerOf = (authorization: string | null | undefined) => Promise<Viewer>;

const source = {
  prisma: { $connect: async () => {} },
  services: {
    clients: { find: async () => client },
    users: { list: async () => users },
    audit: { noteRead: () => {} },
  },
} as unknown as ContextSource;

// The product's own, over a store in memory: every contestant checks the key with it.
function createAuthentication() {
  const { hash, prefix } = toStoredKey(apiKey);
  const facts = { id: 'key_bench', clientId: client.id, name: 'Bench', scopes: ['CLIENT'], createdAt };
  const stored = { ...facts, hash, prefix, expiresAt: null, revokedAt: null, lastUsedAt: new Date() };
  const store = {
    findKeyByHash: async (given: string) => (given === hash ? stored : null),
    touchKey: async () => {},
  } as unknown as Pick<ClientStore, 'findKeyByHash' | 'touchKey'>;
  return createKeyAuthentication({ clock: systemClock, store });
}

async function openProduct(authenticate: (key: string) => Promise<Viewer | null>): Promise<string> {
  const server = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    source,
    authenticate,
    pages: async () => false,
    readiness: {},
    metrics: createMetrics(),
    // Counted as in production; the number itself would end the bench.
    limits: { requestsPerMinute: 1_000_000_000 },
    // As on PostgreSQL; nothing connects, since nothing is asked.
    runCancellable: createStatementCancellation(new pg.Pool(), ''),
    logger: pino({ level: 'warn' }),
  });
  return `${(await server.listen()).url}/graphql`;
}

// The same schema and resolvers.
async function openYoga(viewerOf: ViewerOf): Promise<string> {
  const yoga = createYoga({
    schema: createSchema(),
    logging: false,
    context: async ({ request }) =>
      createContext(source, { viewer: await viewerOf(request.headers.get('authorization')), requestId: 'req_bench' }),
  });
  return await listen(yoga as unknown as RequestListener);
}

// The peers bring their own graphql, which takes no schema of another: theirs is the printed one, and its plain resolvers do
// less than the product's.
function createPlainSchema() {
  const schema = buildSchema(printApi(createSchema()));
  const fields = schema.getQueryType()?.getFields() ?? {};
  Object.assign(fields.viewer ?? {}, { resolve: async () => client });
  Object.assign(fields.users ?? {}, { resolve: async () => ({ nodes: users }) });
  return schema;
}

interface Request {
  headers: { authorization?: string };
}

async function openApollo(viewerOf: ViewerOf): Promise<string> {
  const { ApolloServer } = (await import('@apollo/server' as string)) as {
    ApolloServer: new (options: object) => object;
  };
  const { startStandaloneServer } = (await import('@apollo/server/standalone' as string)) as {
    startStandaloneServer(server: object, options: object): Promise<{ url: string }>;
  };
  const { url } = await startStandaloneServer(new ApolloServer({ schema: createPlainSchema() }), {
    listen: { port: 0, host: '127.0.0.1' },
    context: async ({ req }: { req: Request }) => ({ viewer: await viewerOf(req.headers.authorization) }),
  });
  return url;
}

async function openMercurius(viewerOf: ViewerOf): Promise<string> {
  const { default: fastify } = (await import('fastify' as string)) as { default: () => Fastify };
  const { default: mercurius } = (await import('mercurius' as string)) as { default: unknown };
  const app = fastify();
  app.register(mercurius, {
    schema: createPlainSchema(),
    jit: 1,
    context: async (request: Request) => ({ viewer: await viewerOf(request.headers.authorization) }),
  });
  return `${await app.listen({ port: 0, host: '127.0.0.1' })}/graphql`;
}

interface Fastify {
  register(plugin: unknown, options: object): void;
  listen(options: object): Promise<string>;
}

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}
